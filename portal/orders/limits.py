"""How many orders may be placed: counted in the database, so that every web process counts as one.

Behind one address there may be a whole village (CGNAT), so an address is given more than a phone.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import now
from portal.orders.models import ServiceOrder

PER_PHONE_DAY = 3
PER_TELEGRAM_DAY = 5
PER_ADDRESS_HOUR = 10
ALL_PER_HOUR = 200
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TooMany(Exception):
    """No further order for now."""


def one_at_a_time(phone: str, ip: str, telegram_id: int | None) -> None:
    """Orders that race are counted one after the other; SQLite's writers already are."""
    if not is_postgres():
        return
    names = (phone, ip, "" if telegram_id is None else str(telegram_id))
    for name in sorted(filter(None, names)):
        lock = func.pg_advisory_xact_lock(func.hashtext(f"service-order:{name}"))
        db.session.execute(select(lock))


def check(phone: str, ip: str, telegram_id: int | None) -> None:
    """Raises TooMany when this phone (E.164), address or Telegram user has had enough."""
    own = telegram_id is not None and ServiceOrder.telegram_id == telegram_id
    if (
        (phone and _count(DAY, ServiceOrder.phone == phone) >= PER_PHONE_DAY)
        or (ip and _count(HOUR, ServiceOrder.ip == ip) >= PER_ADDRESS_HOUR)
        or (telegram_id is not None and _count(DAY, own) >= PER_TELEGRAM_DAY)
        or _count(HOUR) >= ALL_PER_HOUR
    ):
        raise TooMany


def _count(within: timedelta, *where: Any) -> int:
    recent = ServiceOrder.placed_at > now() - within
    return db.session.scalar(select(func.count(ServiceOrder.id)).where(recent, *where)) or 0
