"""What people, the dialog in the browser and Meta's callbacks say about an attempt.

All of it may come twice, late, in any order or for an attempt that has gone on: what no longer
matters changes nothing. Nothing here commits, nothing here calls Meta.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal.extensions import db
from portal.infra import audit, queue
from portal.infra.timekeeping import wall
from portal.messaging import channel_areas
from portal.signup import states, work
from portal.signup.models import Signup

LONGEST_CODE, LONGEST_EVENT = 2000, 4000


class Refused(ValueError):
    """What was asked for cannot be done now; the message is a sentence in Indonesian."""


def begin(staff_id: int, brand: str = "", areas: Sequence[int] = ()) -> Signup:
    """A new attempt of this person, with the PIN its number will be registered with. Audited.

    Raises Refused when the brand will not do.
    """
    if problem := channel_areas.brand_problem(brand):
        raise Refused(problem)
    current = wall()
    row = Signup(
        staff_id=staff_id,
        nonce=secrets.token_urlsafe(24),
        state=states.OPEN,
        secrets=json.dumps({"pin": f"{secrets.randbelow(1_000_000):06d}"}),
        brand=brand,
        area_ids=list(areas),
        created_at=current,
        updated_at=current,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("whatsapp.signup", f"signup:{row.id}", after={"step": row.state, "brand": brand})
    return row


def state_value(row: Signup) -> str:
    """What a post of the page must bring: of this attempt and of who began it."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    said = f"signup:{row.id}:{row.staff_id}:{row.nonce}".encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def authentic(row: Signup, staff_id: int, given: str) -> bool:
    """Whether a post is about this attempt, by the person who began it."""
    same = hmac.compare_digest(state_value(row).encode(), given.encode("utf-8", "replace"))
    return same and row.staff_id == staff_id


def locked(signup_id: int) -> Signup | None:
    """The row, ours until the transaction ends."""
    return db.session.scalars(
        select(Signup)
        .where(Signup.id == signup_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def take_code(row: Signup, code: str) -> bool:
    """Keep the dialog's code for its exchange, which must follow at once; False when the attempt
    has one already or is over. Raises Refused for what cannot be a code."""
    if not code or len(code) > LONGEST_CODE or not code.isascii() or not code.isprintable():
        raise Refused(_("Facebook tidak mengirim kode yang sah. Buka lagi jendelanya."))
    if row.state != states.OPEN:
        return False
    row.secrets = json.dumps({**json.loads(row.secrets), "code": code})
    row.code_at = row.updated_at = wall()
    row.state, row.need, row.problem, row.detail = states.EXCHANGE, states.NOTHING, "", ""
    row.next_at, row.attempts = None, 0
    queue.ring(queue.ADVANCE_SIGNUP, row.id)
    return True


def take_event(row: Signup, raw: str) -> bool:
    """What the dialog told the page; the ids in it are kept and not believed. False when it says
    nothing we know, or comes too late to matter."""
    said = _event(raw)
    name = str(said.get("event", "")).upper()
    data = said.get("data")
    if name not in states.EVENTS or not isinstance(data, dict):
        return False
    if name in states.FINISHES:
        return _finished(row, name, data)
    if row.state != states.OPEN or row.event in states.FINISHES:
        return False
    row.event, row.updated_at = name, wall()
    row.problem, row.detail = _why_stopped(data)
    return True


def _event(raw: str) -> dict[str, Any]:
    try:
        said = json.loads(raw) if len(raw) <= LONGEST_EVENT else None
    except (ValueError, RecursionError):
        said = None
    good = isinstance(said, dict) and said.get("type") == "WA_EMBEDDED_SIGNUP"
    return said if good and isinstance(said, dict) else {}


def _finished(row: Signup, name: str, data: dict[str, Any]) -> bool:
    """The ids count once: after the code, another account named later is not taken."""
    if not states.before(row.state, states.NUMBER) or (
        row.state != states.OPEN and row.event in states.FINISHES
    ):
        return False
    row.event, row.updated_at = name, wall()
    if states.before(row.state, states.ACCOUNT):
        row.told_waba_id = _digits(data.get("waba_id"))
    row.told_business_id = _digits(data.get("business_id"))
    row.told_phone_id = _digits(data.get("phone_number_id"))
    row.problem = row.detail = ""
    if row.state != states.OPEN:
        wake(row)
    return True


def _why_stopped(data: dict[str, Any]) -> tuple[str, str]:
    """Words for whoever closed the window, or whom Facebook stopped there."""
    message = str(data.get("error_message") or "")[:300]
    number = str(data.get("error_id") or data.get("error_code") or "")[:40]
    if message or number:
        session = str(data.get("session_id") or "")[:80]
        words = _("Facebook melaporkan kesalahan di jendela itu: %(said)s", said=message or number)
        marks = [f"error {number}" if number else "", f"session {session}" if session else ""]
        return f"{words} {states.AGAIN}"[:500], ", ".join(filter(None, marks))
    step = str(data.get("current_step") or "").upper()[:60]
    return f"{states.STOPPED_AT.get(step, states.STOPPED)} {states.AGAIN}"[:500], step


def _digits(value: Any) -> str:
    """An id of Meta's; empty for anything else."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 40 else ""


def closed_early(row: Signup) -> bool:
    """The dialog closed without a code. Where it said why, that stands already."""
    if row.state != states.OPEN or row.event in {states.CANCELLED, states.FAILED}:
        return False
    why = states.WITHOUT_CODE if row.event else states.STOPPED
    row.problem, row.updated_at = f"{why} {states.AGAIN}", wall()
    return True


# A person's turn ------------------------------------------------------------------------


def choose_number(row: Signup, phone_id: str) -> None:
    """One of the numbers Meta listed. Raises Refused."""
    listed = {one["id"] for one in row.found.get("numbers") or []}
    if row.state != states.NUMBER or phone_id not in listed:
        raise Refused(_("Pilih salah satu nomor dari daftar."))
    row.found = {**row.found, "chosen": phone_id}
    wake(row)


def give_pin(row: Signup, pin: str) -> None:
    """The PIN a number already has. Raises Refused."""
    pin = pin.strip()
    if row.state != states.REGISTER or row.need != states.PIN:
        raise Refused(_("Langkah ini tidak menunggu PIN."))
    if not (pin.isascii() and pin.isdigit() and len(pin) == 6):
        raise Refused(_("PIN terdiri dari 6 angka."))
    row.secrets = json.dumps({**json.loads(row.secrets), "typed": pin})
    wake(row)


def go_on(row: Signup) -> None:
    """Try the step again, at once. Raises Refused when there is nothing to try."""
    if row.state not in states.WORKING or row.need == states.PIN:
        raise Refused(_("Tidak ada langkah yang menunggu."))
    row.attempts = 0
    wake(row)


def give_up(row: Signup) -> None:
    """Leave it; what Meta has already stays there. Raises Refused when it is over."""
    if row.state in {states.DONE, states.ENDED}:
        raise Refused(_("Pendaftaran ini sudah selesai."))
    work.end(row, _("Dihentikan petugas. Yang sudah ada di Meta tetap ada di sana."))


def wake(row: Signup) -> None:
    """Nothing holds the next step any more. Whoever is at it finishes first."""
    row.need, row.next_at, row.problem, row.detail = states.NOTHING, None, "", ""
    row.updated_at = wall()
    queue.ring(queue.ADVANCE_SIGNUP, row.id)
