"""What stands where on an invoice and on a receipt, in the reader's language."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from portal.core.money import format_rupiah
from portal.documents.facts import Bill, Identity, Part, Payer, Receipt, Slip
from portal.documents.paper import Columns, Pair, Paper, Picture, Row, Rule, Words
from portal.documents.spelled import rupiah_in_words
from portal.web.filters import date_id, datetime_id, period_name


def bill_rows(bill: Bill, issuer: Identity, paper: Paper) -> list[Row]:
    """The invoice, from logo to how to pay."""
    facts: list[Row] = [
        Pair(_("Periode"), period_name(bill.period)),
        Pair(_("Paket layanan"), bill.plan),
        Pair(_("Terbit"), date_id(bill.issued_on)),
        Pair(_("Jatuh tempo"), date_id(bill.due_on)),
    ]
    if bill.replaces:
        facts.append(Pair(_("Pengganti dari"), bill.replaces))
    if bill.replaced_by:
        facts.append(Pair(_("Diganti dengan"), bill.replaced_by))
    if bill.covers:
        begin, end = bill.covers
        facts.insert(1, Pair(_("Pemakaian"), f"{date_id(begin)} – {date_id(end)}"))
    return [
        *_head(issuer, paper, _("TAGIHAN"), bill.number, _bill_state(bill)),
        Rule(),
        Columns(_to(bill.payer, _("Kepada")), facts),
        Rule(),
        *(Pair(words, format_rupiah(amount)) for words, amount in bill.lines),
        Rule(),
        Pair(_("Total"), format_rupiah(bill.total), 1.15, bold=True),
        *_paid(bill),
        *_how_to_pay(bill, issuer),
        *_foot(issuer, paper),
    ]


def _bill_state(bill: Bill) -> tuple[str, str]:
    return {
        "paid": (_("LUNAS"), "green"),
        "void": (_("BATAL"), "red"),
        "written_off": (_("DIHAPUSKAN"), "grey"),
    }.get(bill.state, ("", ""))


def _paid(bill: Bill) -> Iterator[Row]:
    for part in bill.credited:
        when = date_id(part.paid_at) if part.paid_at else ""
        words = _("Nota kredit %(date)s, %(number)s", date=when, number=part.number)
        yield Pair(words, format_rupiah(-part.amount))
    for part in bill.paid:
        when = date_id(part.paid_at) if part.paid_at else ""
        words = _("Dibayar %(date)s, %(number)s", date=when, number=part.number)
        yield Pair(words, format_rupiah(-part.amount))
    if (bill.paid or bill.credited) and bill.state == "open":
        yield Pair(_("Sisa"), format_rupiah(bill.remaining), bold=True)


def _how_to_pay(bill: Bill, issuer: Identity) -> Iterator[Row]:
    if bill.state == "open":
        words = _("Bayar di %(portal)s", portal=issuer.portal)
        yield Words(words, colour="grey", above=10)


def receipt_rows(receipt: Receipt, issuer: Identity, paper: Paper, language: str) -> list[Row]:
    """The receipt, from logo to thanks."""
    title = _("PEMBATALAN PEMBAYARAN") if receipt.reverses else _("KUITANSI")
    facts = [Pair(_("Tanggal"), datetime_id(receipt.paid_at))]
    if receipt.method:
        facts.append(Pair(_("Cara bayar"), receipt.method.upper()))
    if receipt.reference:
        facts.append(Pair(_("Referensi"), receipt.reference))
    return [
        *_head(issuer, paper, title, receipt.number, _receipt_state(receipt)),
        Rule(),
        Columns(_to(receipt.payer, _("Diterima dari")), facts),
        Rule(),
        *(_for_invoice(part) for part in receipt.invoices),
        *_credit(receipt),
        Rule(),
        Pair(_("Jumlah"), format_rupiah(receipt.amount), 1.15, bold=True),
        *_in_words(receipt, language),
        *_foot(issuer, paper),
    ]


def _receipt_state(receipt: Receipt) -> tuple[str, str]:
    if receipt.cancelled:
        return _("DIBATALKAN"), "red"
    return (_("LUNAS"), "green") if receipt.whole and not receipt.reverses else ("", "")


def _for_invoice(part: Part) -> Row:
    words = _("Tagihan %(period)s, %(number)s", period=period_name(part.period), number=part.number)
    return Pair(words, format_rupiah(part.amount))


def _credit(receipt: Receipt) -> Iterator[Row]:
    if receipt.credit:
        yield Pair(_("Menjadi saldo"), format_rupiah(receipt.credit))


def _in_words(receipt: Receipt, language: str) -> Iterator[Row]:
    """Only Indonesian receipts are used to it."""
    if language == "id" and receipt.amount > 0:
        yield Words(f"Terbilang: {rupiah_in_words(receipt.amount)}", 0.9, colour="grey", above=4)


def _head(
    issuer: Identity, paper: Paper, title: str, number: str, state: tuple[str, str]
) -> list[Row]:
    near, far = ("center", "center") if paper.narrow else ("left", "right")
    who: list[Row] = []
    if issuer.logo:
        who.append(Picture(issuer.logo, align=near))
    who.append(Words(issuer.name, 1.2, bold=True, align=near))
    who += [Words(words, 0.9, align=near, colour="grey") for words in _about(issuer) if words]
    what: list[Row] = [
        Words(title, 1.3 if paper.narrow else 2.0, bold=True, align=far, above=8),
        Words(number, align=far),
    ]
    if state[0]:
        what.append(Words(state[0], 1.4, bold=True, align=far, colour=state[1], above=4))
    return [Columns(who, what)]


def _about(issuer: Identity) -> Iterator[str]:
    yield issuer.address
    yield _("Telp./WA %(phone)s", phone=issuer.phone) if issuer.phone else ""
    yield _("NPWP %(npwp)s", npwp=issuer.npwp) if issuer.npwp else ""


def _to(payer: Payer, words: str) -> list[Any]:
    rows = [Words(words, 0.9, colour="grey"), Words(payer.name, bold=True)]
    if payer.number:
        rows.append(Words(_("No. pelanggan %(number)s", number=payer.number)))
    if payer.address:
        rows.append(Words(payer.address, 0.9, colour="grey"))
    return rows


def slip_rows(slip: Slip, issuer: Identity, paper: Paper) -> list[Row]:
    """A credit note, or the receipt of money given back."""
    if slip.kind == "credit_note":
        title = _("NOTA KREDIT")
        facts = [
            Pair(_("Tanggal"), date_id(slip.on)),
            Pair(_("Untuk tagihan"), slip.about),
        ]
        parts = [Pair(_("Pengurangan tagihan"), format_rupiah(slip.amount - slip.tax))]
        if slip.tax:
            parts.append(Pair(_("PPN"), format_rupiah(slip.tax)))
    else:
        title = _("PENGEMBALIAN UANG")
        how = _("Tunai") if slip.about == "cash" else _("Transfer")
        facts = [Pair(_("Tanggal"), date_id(slip.on)), Pair(_("Cara"), how)]
        parts = [Pair(_("Dari saldo"), format_rupiah(slip.amount))]
    if slip.reference:
        facts.append(Pair(_("Kepada"), slip.reference))
    return [
        *_head(issuer, paper, title, slip.number, ("", "")),
        Rule(),
        Columns(_to(slip.payer, _("Pelanggan")), facts),
        Rule(),
        *parts,
        Rule(),
        Pair(_("Jumlah"), format_rupiah(slip.amount), 1.15, bold=True),
        Words(_("Alasan: %(reason)s", reason=slip.reason), 0.9, colour="grey", above=4),
        *_foot(issuer, paper),
    ]


def _foot(issuer: Identity, paper: Paper) -> list[Row]:
    align = "center" if paper.narrow else "left"
    words = _("Terima kasih. Dokumen ini dibuat oleh komputer dan sah tanpa tanda tangan.")
    return [Words(words, 0.85, align=align, colour="grey", above=14)]
