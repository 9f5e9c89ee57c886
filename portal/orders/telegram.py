"""Telegram users and the customers they are."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import is_postgres
from portal.infra.timekeeping import now


def find(telegram_id: int) -> TelegramUser | None:
    """What we know of a Telegram user."""
    return db.session.scalar(select(TelegramUser).where(TelegramUser.telegram_id == telegram_id))


def hold(telegram_id: int, username: str = "") -> TelegramUser:
    """The user's row, made when it is new, locked until the transaction ends."""
    insert = (postgresql if is_postgres() else sqlite).insert(TelegramUser)
    db.session.execute(
        insert.values(
            telegram_id=telegram_id, username=username[:80], created_at=now()
        ).on_conflict_do_nothing(index_elements=["telegram_id"])
    )
    user = db.session.scalars(
        select(TelegramUser)
        .where(TelegramUser.telegram_id == telegram_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if username:
        user.username = username[:80]
    return user


def link(user: TelegramUser, customer_id: int) -> None:
    """From now on this user is that customer. Audited."""
    if user.customer_id == customer_id:
        return
    audit.record(
        "telegram.link",
        f"customer:{customer_id}",
        before={"customer_id": user.customer_id},
        after={"telegram_id": user.telegram_id, "customer_id": customer_id},
    )
    user.customer_id, user.linked_at = customer_id, now()
    db.session.flush()
