"""What can be done to many customers at once: each action with its form, who is left out and why,
what it does to one customer, and how that is taken back."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.broadcasts import queries as broadcasts
from portal.broadcasts import timing, wording
from portal.broadcasts.audience import why_skipped
from portal.customers import service as customers
from portal.customers.models import Area, Customer
from portal.desk.models import BulkRun
from portal.extensions import db
from portal.infra import audit
from portal.messaging import service as messaging
from portal.messaging.service import NewMessage

CHUNK = 500


class Skip(ValueError):
    """Nothing is done to this customer; the message is a sentence."""


class WrongParams(ValueError):
    """The action's form is not filled in properly: `errors` by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(next(iter(errors.values())))
        self.errors = errors


Params = dict[str, Any]
Undo = Callable[[int, Params, dict[str, Any]], None]


@dataclass(frozen=True)
class Action:
    """`do` returns what undoing needs and raises ValueError for who is left out after all;
    `undo` is None for what cannot be taken back. `after` runs once `do` or `undo` is committed."""

    key: str
    label: Any
    about: Any
    icon: str
    permission: str
    fields: tuple[str, ...]
    read: Callable[[Mapping[str, str]], Params]
    say: Callable[[Params], str]
    left_out: Callable[[Sequence[int], Params], dict[int, str]]
    do: Callable[[BulkRun, int, Params], dict[str, Any]]
    taking_back: Any
    undo: Undo | None = None
    after: Callable[[dict[str, Any]], None] | None = None


# --- a message


def _read_message(form: Mapping[str, str]) -> Params:
    text = form.get("text", "").replace("\r\n", "\n").strip()
    errors = wording.errors("x", text)
    if errors:
        raise WrongParams({"text": errors.get("body", next(iter(errors.values())))})
    return {"text": text}


def _no_message(ids: Sequence[int], _params: Params) -> dict[int, str]:
    rows = db.session.execute(
        select(Customer.id, why_skipped()).where(Customer.id.in_(ids), why_skipped() != "")
    )
    return {row_id: str(broadcasts.REASONS.get(why, why)) for row_id, why in rows}


def _send(run: BulkRun, customer_id: int, params: Params) -> dict[str, Any]:
    if why := _no_message([customer_id], params).get(customer_id):
        raise Skip(why)
    person = db.session.get_one(Customer, customer_id)
    filled = wording.params(params["text"], person)
    # One copy for each number, unless the texts differ.
    same = hashlib.sha256(repr(sorted(filled.items())).encode()).hexdigest()[:16]
    queued = messaging.queue_many(
        [
            NewMessage(
                "broadcast",
                person.phone,
                f"bulk:{run.id}:{person.phone}:{same}",
                filled,
                customer_id=customer_id,
                batch=batch_of(run.id),
                language=person.language,
                expires_at=timing.fresh_until(),
            )
        ]
    )
    if not queued:
        raise Skip(_("Nomor yang sama sudah mendapat pesan ini."))
    return {"message": queued[0]}


def batch_of(run_id: int) -> str:
    """What the messages of a run have in common."""
    return f"bulk:{run_id}"


def _unsend(_customer_id: int, _params: Params, before: dict[str, Any]) -> None:
    if not messaging.cancel(before["message"], "Aksi massal dibatalkan."):
        raise Skip(_("Pesannya sudah berangkat."))


# --- an area


def _read_area(form: Mapping[str, str]) -> Params:
    name = form.get("to_area", "").strip()
    if not 1 <= len(name) <= 80:
        raise WrongParams({"to_area": _("Isi nama area, paling banyak 80 huruf.")})
    return {"area": name}


def _in_area(ids: Sequence[int], params: Params) -> dict[int, str]:
    rows = db.session.scalars(
        select(Customer.id)
        .join(Area, Area.id == Customer.area_id)
        .where(Customer.id.in_(ids), Area.name == params["area"])
    )
    return dict.fromkeys(rows, _("Sudah di area itu."))


def _move(_run: BulkRun, customer_id: int, params: Params) -> dict[str, Any]:
    return _set_area(customer_id, customers.area_id(params["area"]))


def _set_area(customer_id: int, area_id: int | None) -> dict[str, Any]:
    row = db.session.scalars(
        select(Customer).where(Customer.id == customer_id).with_for_update(of=Customer)
    ).one()
    before = row.area_id
    if before == area_id:
        raise Skip(_("Sudah di area itu."))
    row.area_id = area_id
    audit.record(
        "customer.change",
        f"customer:{customer_id}",
        before={"area_id": before},
        after={"area_id": area_id},
    )
    return {"area": before, "moved_to": area_id}


def _move_back(customer_id: int, _params: Params, before: dict[str, Any]) -> None:
    current = db.session.scalar(select(Customer.area_id).where(Customer.id == customer_id))
    if current != before["moved_to"]:
        raise Skip(_("Areanya sudah diubah lagi sesudah itu."))
    _set_area(customer_id, before["area"])


MESSAGE = Action(
    "message",
    _l("Kirim pesan"),
    _l("Satu teks lewat WhatsApp, seperti siaran; jam kirim dan penolakan tetap berlaku."),
    "send",
    "broadcast",
    ("text",),
    _read_message,
    lambda params: params["text"],
    _no_message,
    _send,
    _l("Pesan yang masih antre dapat dibatalkan; yang sudah berangkat tidak."),
    _unsend,
)
AREA = Action(
    "area",
    _l("Pindahkan ke area"),
    _l("Area menentukan penagih dan saringan."),
    "map-pin",
    "customers",
    ("to_area",),
    _read_area,
    lambda params: params["area"],
    _in_area,
    _move,
    _l("Dapat diurungkan: kembali ke area sebelumnya, kecuali yang diubah lagi sesudahnya."),
    _move_back,
)
