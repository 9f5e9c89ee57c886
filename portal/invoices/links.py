"""Pay links: `/t/<token>` opens one invoice for whoever holds it, without a login.

A token is the invoice's id and link version with a keyed hash (152 bits) over both, from a key
of its own derived from SECRET_KEY. So nothing secret is stored, a link can be worked out in
microseconds when a message leaves, a forged one is refused without asking the database, and
raising the version revokes every link sent before. Changing SECRET_KEY revokes all of them.
"""

import base64
import binascii
import hmac
import re
import struct
from datetime import date, timedelta
from functools import lru_cache

from flask import current_app
from sqlalchemy import update

from portal.config import Settings
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import today, zone
from portal.invoices.models import Invoice

LIVES = timedelta(days=30)
"""After the due date; after the payment for an invoice paid later than that."""
_HEAD = struct.Struct(">IH")
_MAC_BYTES = 19
# Small letters and digits only: nothing a phone would cut off a link or read as a mark.
LENGTH = (_HEAD.size + _MAC_BYTES) * 8 // 5
_FORM = re.compile(rf"[a-z2-7]{{{LENGTH}}}")


def _settings() -> Settings:
    found: Settings = current_app.extensions["loket.settings"]
    return found


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"loket pay link 1", "sha256")


def _mac(head: bytes) -> bytes:
    return hmac.digest(_key(_settings().secret_key), head, "sha256")[:_MAC_BYTES]


def token(invoice_id: int, version: int) -> str:
    """The token of an invoice's link of this version."""
    head = _HEAD.pack(invoice_id, version)
    return base64.b32encode(head + _mac(head)).decode().lower()


def address(of: str) -> str:
    """The public address of a token."""
    return f"{_settings().public_url}/t/{of}"


def url(invoice_id: int, version: int) -> str:
    """The whole link."""
    return address(token(invoice_id, version))


def token_in(link: str) -> str:
    """The token of one of our links."""
    return link.rpartition("/")[2]


def read(typed: str) -> tuple[int, int] | None:
    """(invoice id, version) of a token of ours, in force or not; None for any other."""
    if _FORM.fullmatch(typed) is None:
        return None
    try:
        raw = base64.b32decode(typed.upper())
    except binascii.Error:
        return None
    head, mac = raw[: _HEAD.size], raw[_HEAD.size :]
    if not hmac.compare_digest(mac, _mac(head)):
        return None
    invoice_id, version = _HEAD.unpack(head)
    return invoice_id, version


def find(typed: str) -> Invoice | None:
    """The invoice behind a link that still works; None for a wrong, revoked or expired one."""
    meant = read(typed)
    if meant is None:
        return None
    invoice = db.session.get(Invoice, meant[0])
    if invoice is None or invoice.link_version != meant[1]:
        return None
    return invoice if today() <= (ends_on(invoice) or date.min) else None


def ends_on(invoice: Invoice) -> date | None:
    """The last day of the invoice's link; None when it has none (void, written off)."""
    if invoice.state == "open":
        return invoice.due_on + LIVES
    if invoice.state != "paid":
        return None
    paid_on = invoice.paid_at.astimezone(zone()).date() if invoice.paid_at else invoice.due_on
    return max(invoice.due_on, paid_on) + LIVES


def payable(state: str, due_on: date, day: date) -> bool:
    """Whether a message that leaves on this day may carry the invoice's link."""
    return state == "open" and day <= due_on + LIVES


def renew(invoice_id: int) -> None:
    """Revoke every link of the invoice sent so far; messages that leave now carry a new one."""
    db.session.execute(
        update(Invoice)
        .where(Invoice.id == invoice_id)
        .values(link_version=Invoice.link_version + 1)
    )
    audit.record("invoice.link_renewed", f"invoice:{invoice_id}")
