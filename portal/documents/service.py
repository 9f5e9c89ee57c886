"""A document's bytes and name: invoice, receipt, credit note, refund; A4 or 80 mm; a language."""

import re
from dataclasses import dataclass, field

from flask import Response, make_response
from flask_babel import force_locale

from portal.documents import content, facts, logo
from portal.documents.facts import Bill, Receipt, Slip
from portal.documents.paper import A4, PAPERS, Row, pdf

_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True)
class Document:
    """A PDF with the name to save it under."""

    name: str
    data: bytes = field(repr=False)


def invoice(
    invoice_id: int, language: str, paper: str = "", *, masked: bool = False
) -> Document | None:
    """An invoice as a PDF; None when there is none."""
    bill = facts.bill(invoice_id, masked=masked)
    return None if bill is None else _made(bill, language, paper)


def receipt(
    payment_id: int,
    language: str,
    paper: str = "",
    *,
    only: int | None = None,
    masked: bool = False,
) -> Document | None:
    """A receipt as a PDF; with `only` of that invoice alone."""
    found = facts.receipt(payment_id, only=only, masked=masked)
    return None if found is None else _made(found, language, paper)


def credit_note(note_id: int, language: str, paper: str = "") -> Document | None:
    """A credit note as a PDF; None when there is none."""
    found = facts.credit_note(note_id)
    return None if found is None else _made(found, language, paper)


def refund(refund_id: int, language: str, paper: str = "") -> Document | None:
    """The receipt of money given back; None when there is no such refund."""
    found = facts.refund(refund_id)
    return None if found is None else _made(found, language, paper)


def _made(about: Bill | Receipt | Slip, language: str, wanted: str) -> Document:
    """Our own names of papers only; anything else is A4."""
    paper, issuer = PAPERS.get(wanted, A4), logo.identity()
    with force_locale(language):
        if isinstance(about, Bill):
            kind = "tagihan"
            rows: list[Row] = content.bill_rows(about, issuer, paper)
        elif isinstance(about, Slip):
            kind = "nota-kredit" if about.kind == "credit_note" else "pengembalian"
            rows = content.slip_rows(about, issuer, paper)
        else:
            kind = "kuitansi"
            rows = content.receipt_rows(about, issuer, paper, language)
    name = f"{kind}-{about.number}"
    data = pdf(rows, paper, title=name, author=issuer.name, language=language)
    narrow = "-80mm" if paper.narrow else ""
    plain = _UNSAFE.sub("-", name).strip("-")[:80]
    return Document(f"{plain}{narrow}.pdf", data)


def answer(document: Document, *, inline: bool = False) -> Response:
    """To save, or to look at and print."""
    response = make_response(document.data)
    response.mimetype = "application/pdf"
    way = "inline" if inline else "attachment"
    response.headers["Content-Disposition"] = f'{way}; filename="{document.name}"'
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
