"""Reading what people type at the counter. Raises ValueError with a sentence in Indonesian."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.core.money import format_rupiah, parse_rupiah
from portal.counter.closings import PIECES
from portal.counter.drawer import MOST
from portal.counter.taking import Wish
from portal.web.parsing import parse_day
from portal.web.sentences import say
from portal.web.setup import row_id


def rupiah(text: str) -> int:
    """An amount at the counter: as everywhere, and no more than a drawer holds."""
    try:
        amount = parse_rupiah(text)
    except ValueError as error:
        raise ValueError(say(error)) from None
    if amount > MOST:
        raise ValueError(_("Jumlahnya terlalu besar. Periksa angka nolnya."))
    return amount


def chosen(typed: Sequence[str]) -> tuple[int, ...]:
    """The invoices somebody ticked; what is no id is left out."""
    found = []
    for one in typed:
        try:
            found.append(row_id(one))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def read_wish(
    form: Any, customer_id: int, owed: Mapping[int, int]
) -> tuple[Wish | None, dict[str, str]]:
    """What to record, or what is wrong by field. `owed`: open invoices, id -> rupiah.

    Without an amount it is what the chosen invoices demand.
    """
    errors: dict[str, str] = {}
    ids = chosen(form.getlist("invoice"))
    if gone := [one for one in ids if one not in owed]:
        errors["invoice"] = _("Ada tagihan yang sudah tidak terbuka. Pilih lagi.")
    sums = sum(owed[one] for one in ids if one not in gone)
    amount = _optional(form, "amount", errors)
    if amount is None and "amount" not in errors:
        amount = sums
    if not amount and not errors:
        errors["amount"] = _("Pilih tagihan atau isi jumlahnya.")
    transfer = form.get("method") == "transfer"
    received = None if transfer else _optional(form, "received", errors)
    if received is not None and amount and received < amount:
        gap = format_rupiah(amount - received)
        errors["received"] = _("Masih kurang %(gap)s.", gap=gap)
    bank, day = _transfer(form, errors) if transfer else ("", None)
    if errors or not amount:
        return None, errors
    reference = form.get("reference", "").strip()[:120] if transfer else ""
    method = "transfer" if transfer else "cash"
    return Wish(customer_id, amount, ids, method, received, bank, reference, day), {}


def _transfer(form: Any, errors: dict[str, str]) -> tuple[str, date | None]:
    bank = form.get("bank", "").strip()
    if not bank:
        errors["bank"] = _("Isi bank atau rekening yang menerima transfer.")
    elif len(bank) > 40:
        errors["bank"] = _("Paling banyak %(limit)s huruf.", limit=40)
    try:
        return bank, parse_day(form.get("day", ""))
    except ValueError as error:
        errors["day"] = say(error)
        return bank, None


def _optional(form: Any, name: str, errors: dict[str, str]) -> int | None:
    """An amount that may be left empty."""
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        return rupiah(text)
    except ValueError as error:
        errors[name] = str(error)
        return None


def read_count(form: Any) -> tuple[int, dict[str, int]]:
    """What was counted: typed as a sum, or note by note. Raises ValueError."""
    pieces: dict[str, int] = {}
    for value in PIECES:
        text = form.get(f"piece-{value}", "").strip()
        if text and not (text.isascii() and text.isdigit() and len(text) <= 6):
            raise ValueError(_("Isi banyaknya lembar dengan angka."))
        if text and int(text):
            pieces[str(value)] = int(text)
    by_piece = sum(int(value) * count for value, count in pieces.items())
    text = form.get("counted", "").strip()
    if not text and not pieces:
        raise ValueError(_("Isi jumlah uang yang dihitung."))
    counted = rupiah(text) if text else by_piece
    if pieces and counted != by_piece:
        total = format_rupiah(by_piece)
        raise ValueError(_("Hitungan lembarnya %(total)s, bukan jumlah itu.", total=total))
    return counted, pieces
