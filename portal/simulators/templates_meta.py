"""The approved texts of the demo account, as Meta would keep, review and refuse them.

A fresh account has the seven templates of the usual guide, approved; `clear` empties it. A new
one waits for review a moment; one that says "diskon" or "promo" becomes MARKETING, one that says
"ditolak" is refused by the reviewers.
"""

import base64
import os
import re
import time
import zlib
from collections.abc import Callable

from portal.simulators.store import Doc, Store

GUIDE: dict[str, str] = {
    "payment_confirmation": (
        "Halo {{1}}, pembayaran Anda sebesar Rp {{2}} telah kami terima.\n\n"
        "No. Pembayaran: {{3}}\nTanggal: {{4}}\nStatus: {{5}}\n\nTerima kasih atas pembayarannya."
    ),
    "invoice_notification": (
        "Yth. {{1}}, tagihan internet periode {{2}} telah terbit.\n\n"
        "No. Invoice: {{3}}\nPaket: {{4}}\nTotal: Rp {{5}}\nJatuh Tempo: {{6}}\n"
        "ID Pelanggan: {{7}}\n\nSilakan lakukan pembayaran sebelum jatuh tempo. Terima kasih."
    ),
    "payment_reminder": (
        "Halo {{1}}, ini adalah pengingat bahwa tagihan internet Anda sebesar Rp {{2}} akan "
        "jatuh tempo dalam {{3}} hari.\n\nID Pelanggan: {{4}}\n\n"
        "Mohon segera lakukan pembayaran. Terima kasih."
    ),
    "overdue_notice": (
        "Yth. {{1}}, tagihan internet Anda sebesar Rp {{2}} telah melewati jatuh tempo.\n\n"
        "ID Pelanggan: {{3}}\n\nMohon segera lakukan pembayaran untuk menghindari pemutusan "
        "layanan. Terima kasih."
    ),
    "isolation_notice": (
        "Yth. {{1}}, layanan internet Anda telah diisolasi karena tunggakan sebesar Rp {{2}}.\n\n"
        "Silakan hubungi CS kami di {{3}} atau lakukan pembayaran untuk mengaktifkan kembali "
        "layanan. ID Pelanggan {{4}} mohon disebutkan."
    ),
    "access_opened": (
        "Halo {{1}}, layanan internet Anda telah aktif kembali.\n\n"
        "Terima kasih atas pembayarannya. Jika ada kendala, hubungi CS kami di {{2}} kapan saja."
    ),
}
CODE_TEXT = (
    "*{{1}}* adalah kode verifikasi Anda. Demi keamanan, jangan bagikan kode ini.\n\n"
    "Kode ini kedaluwarsa dalam 5 menit."
)
COPY_BUTTON: Doc = {
    "type": "URL",
    "text": "Salin kode",
    "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",
    "example": ["https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456"],
}
KIND, META = "template", "template_account"
PLACE = re.compile(r"\{\{(\w+)\}\}")
LANGUAGES = {"id", "en", "en_US", "en_GB", "ms", "jv"}
EDITABLE = {"APPROVED", "REJECTED", "PAUSED"}


class Unfit(Exception):
    """A template Meta does not take: code, subcode, words."""

    def __init__(self, words: str, subcode: int = 0, code: int = 100) -> None:
        super().__init__(words)
        self.words, self.subcode, self.code = words, subcode, code


def rows(store: Store) -> list[Doc]:
    """All templates, the oldest first, with the status they have by now."""
    _seed(store)
    kept = [row for row in reversed(store.all(KIND)) if not row.get("deleted")]
    return [_aged(row) for row in kept]


def find(store: Store, name: str, language: str) -> Doc | None:
    _seed(store)
    row = store.get(KIND, f"{name}|{language}")
    return None if row is None or row.get("deleted") else _aged(row)


def by_id(store: Store, template_id: str) -> Doc | None:
    return next((row for row in rows(store) if row["id"] == template_id), None)


def clear(store: Store) -> None:
    """An account without templates."""
    store.clear(KIND)
    store.put(META, "seeded", {"yes": True})


def create(store: Store, data: Doc) -> Doc:
    """Take one for review. Raises Unfit."""
    name, language = str(data.get("name", "")), str(data.get("language", ""))
    category = str(data.get("category", "")).upper()
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise Unfit("name can only have lowercase letters and underscores", 2388039)
    if language not in LANGUAGES:
        raise Unfit(f"language {language} is not supported")
    if category not in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
        raise Unfit("category is invalid")
    _seed(store)
    there = store.get(KIND, f"{name}|{language}")
    if there and there.get("deleted"):
        raise Unfit("Message template language is being deleted", 2388023)
    if there:
        raise Unfit("Content in this language already exists", 2388024)
    form = str(data.get("parameter_format") or "POSITIONAL").upper()
    row = _row(name, language, category, data.get("components") or [], form)
    store.put(KIND, f"{name}|{language}", row)
    return _aged(row)


def edit(store: Store, row: Doc, components: list[Doc]) -> Doc:
    """Another text, reviewed again. Raises Unfit."""
    if row["status"] not in EDITABLE:
        raise Unfit("Message template can only be edited when approved, rejected or paused")
    made = _row(
        row["name"], row["language"], row["category"], components, row.get("form", "POSITIONAL")
    )
    store.put(KIND, f"{row['name']}|{row['language']}", made)
    return _aged(made)


def delete(store: Store, name: str, template_id: str = "") -> bool:
    """One language or all of a name; the name stays locked."""
    doomed = [row for row in rows(store) if row["name"] == name]
    doomed = [row for row in doomed if template_id in {"", row["id"]}]
    for row in doomed:
        store.put(KIND, f"{row['name']}|{row['language']}", {**row, "deleted": True})
    return bool(doomed)


def change(store: Store, row: Doc, **values: object) -> Doc:
    """What a reviewer or the quality system does to it."""
    made = {**row, **values}
    made.pop("later", None)
    store.put(KIND, f"{row['name']}|{row['language']}", made)
    return made


def page(found: list[Doc], limit: int, after: str) -> tuple[list[Doc], str, bool]:
    """(rows, cursor after them, whether there are more). Raises Unfit for a stale cursor."""
    start = 0
    if after:
        try:
            start = int(base64.urlsafe_b64decode(after.encode()))
        except ValueError:
            raise Unfit("Invalid cursor", code=131059) from None
    part = found[start : start + limit]
    cursor = base64.urlsafe_b64encode(str(start + len(part)).encode()).decode()
    return part, cursor, start + len(part) < len(found)


def text(row: Doc) -> str:
    """Its body."""
    return next((part["text"] for part in row["components"] if part.get("type") == "BODY"), "")


def count(row: Doc) -> int:
    """How many parameters its body takes."""
    return len(set(PLACE.findall(text(row))))


def fill(row: Doc, values: list[str]) -> str:
    """The body with its parameters, in one pass; named ones in the order they stand there."""
    names = list(dict.fromkeys(PLACE.findall(text(row))))
    if row.get("form") != "NAMED":
        names.sort(key=int)
    given = dict(zip(names, values, strict=True))
    return PLACE.sub(lambda place: given[place[1]], text(row))


def _seed(store: Store) -> None:
    if store.get(META, "seeded"):
        return
    for name, words in GUIDE.items():
        row = _plain(name, "id", "UTILITY", [{"type": "BODY", "text": words}])
        store.put(KIND, f"{name}|id", {**row, "status": "APPROVED"})
    code = _plain("otp_code", "id", "AUTHENTICATION", _code_components())
    store.put(KIND, "otp_code|id", {**code, "status": "APPROVED"})
    store.put(META, "seeded", {"yes": True})


def _plain(name: str, language: str, category: str, components: list[Doc]) -> Doc:
    number = zlib.crc32(f"{name}|{language}|{time.time_ns()}".encode())
    return {
        "id": str(10**15 + number),
        "name": name,
        "language": language,
        "category": category,
        "status": "PENDING",
        "quality": "UNKNOWN",
        "reason": "NONE",
        "form": "POSITIONAL",
        "components": components,
    }


def _row(name: str, language: str, category: str, components: list[Doc], form: str) -> Doc:
    """A checked one, with what the review will come to."""
    parts = [{**part, "type": str(part.get("type", "")).upper()} for part in components]
    if category == "AUTHENTICATION":
        _check_code(parts)
        row = _plain(name, language, category, _code_components())
    else:
        body = next((part for part in parts if part["type"] == "BODY"), {})
        _check_body(body, named=form == "NAMED")
        row = {**_plain(name, language, category, parts), "form": form}
    words = text(row).lower()
    if re.search(r"\b(diskon|promo)\b", words):
        row["category"] = "MARKETING"
    refused = "ditolak" in words
    later = {"status": "REJECTED", "reason": "TAG_CONTENT_MISMATCH"} if refused else {}
    return {**row, "later": {"status": "APPROVED", **later, "at": time.time() + review_seconds()}}


def review_seconds() -> float:
    """How long a review takes here."""
    return float(os.environ.get("SIM_TEMPLATE_REVIEW") or 2)


def _aged(row: Doc) -> Doc:
    later = row.get("later")
    if later and time.time() >= later["at"]:
        return {**row, "status": later["status"], "reason": later.get("reason", "NONE")}
    return row


def _code_components() -> list[Doc]:
    return [
        {"type": "BODY", "text": CODE_TEXT, "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [COPY_BUTTON]},
    ]


def _check_code(parts: list[Doc]) -> None:
    body = next((part for part in parts if part["type"] == "BODY"), {})
    if body.get("text"):
        raise Unfit("BODY of an authentication template can not have text", 2388072)
    found = [
        str(button.get("type", "")).upper()
        for part in parts
        for button in part.get("buttons") or []
    ]
    if found != ["OTP"]:
        raise Unfit("An authentication template needs one OTP button")


def _check_body(body: Doc, *, named: bool) -> None:
    words = str(body.get("text") or "")
    if not words or len(words) > 1024:
        raise Unfit("Message body is too long or missing", 2388040)
    names = PLACE.findall(words)
    if re.search(r"\n{3,}|\t| {5,}", words):
        raise Unfit("Body can not have so many newlines or spaces in a row", 2388072)
    if not names:
        return
    pieces = PLACE.split(words)[::2]
    has_words: Callable[[str], object] = re.compile(r"\w").search
    if not has_words(pieces[0]) or not has_words(pieces[-1]):
        raise Unfit("Variables can't be at the start or end of the template.", 2388299)
    if any(not has_words(piece) for piece in pieces[1:-1]) or not (named or _in_order(names)):
        raise Unfit("Variables can't be next to each other or out of order.", 2388072)
    if len(re.findall(r"\w+", " ".join(pieces))) < 2 * len(set(names)) + 1:
        raise Unfit("This template has too many variables for its length.", 2388293)
    if not _has_examples(body.get("example") or {}, set(names), named):
        raise Unfit("BODY component does not contain the expected field(s) (example)")


def _in_order(names: list[str]) -> bool:
    return sorted(set(names)) == sorted(str(number) for number in range(1, len(set(names)) + 1))


def _has_examples(example: Doc, names: set[str], named: bool) -> bool:
    if named:
        given = example.get("body_text_named_params") or []
        return {one.get("param_name") for one in given} == names
    rows = example.get("body_text") or [None]
    return isinstance(rows[0], list) and len(rows[0]) == len(names)
