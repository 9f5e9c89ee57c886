"""Reading single cells the way Excel and people leave them. Each raises ValueError with a
sentence in Indonesian that says what to do."""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal

from portal.core.phone import PhoneNumber

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januari january", "feb februari february pebruari", "mar maret march",
            "apr april", "mei may", "jun juni june", "jul juli july",
            "agu ags agt agustus aug august", "sep sept september", "okt oktober oct october",
            "nov november nopember", "des desember dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_EXCEL_EPOCH = date(1899, 12, 30)


def tidy(cell: str) -> str:
    """Without odd spaces, invisible characters, and Excel's own disguises."""
    text = cell.replace("\u00a0", " ")
    text = "".join(
        " " if char in "\r\n\t" else char
        for char in text
        if char in "\r\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs"}
    )
    text = re.sub(r" {2,}", " ", text).strip()
    if match := re.fullmatch(r'="(.*)"', text):
        text = match[1]
    return text[1:].strip() if text.startswith("'") else text


def undo_scientific(text: str) -> tuple[str, bool]:
    """`6.28123456789E+12` back to digits, if no digit was lost; says whether it was undone."""
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return text, False
    fraction = match[2] or ""
    power = int(match[3])
    # Excel drops a last zero, never more; anything shorter has lost digits.
    if power > 15 or len(fraction) < power - 1:
        raise ValueError(
            "Angka ini dirusak Excel dan sebagian angkanya hilang. Format kolom sebagai Teks, "
            "lalu ketik ulang nomornya."
        )
    return str(int(Decimal(f"{match[1]}.{fraction or '0'}").scaleb(power))), True


def phones(text: str) -> tuple[str, str | None, bool]:
    """One or two numbers as E.164, and whether something had to be repaired."""
    if not text:
        raise ValueError("Nomor telepon wajib diisi.")
    text, repaired = undo_scientific(text)
    parts = [part.strip() for part in re.split(r"[/,;]|\bdan\b|\batau\b", text) if part.strip()]
    if not 1 <= len(parts) <= 2:
        raise ValueError("Tulis satu nomor, atau dua dipisah garis miring.")
    found = []
    for part in parts:
        part, undone = undo_scientific(part)
        if re.fullmatch(r"\d+\.0", part):
            part, undone = part[:-2], True
        repaired = repaired or undone or re.fullmatch(r"8\d{7,12}", part) is not None
        found.append(str(PhoneNumber.parse(part)))
    if len(found) == 2 and found[0] != found[1]:
        return found[0], found[1], repaired
    return found[0], None, repaired


def day(text: str) -> date:
    """A date: ISO, day first, with a month's name, or Excel's serial number."""
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T].*)?", text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})(?: .*)?", text):
        return _date(int(match[3]), int(match[2]), int(match[1]))
    if match := re.fullmatch(r"(\d{1,2})[-/. ]([A-Za-z]+)\.?[-/. ](\d{4})", text):
        month = MONTHS.get(match[2].lower())
        if month is not None:
            return _date(int(match[3]), month, int(match[1]))
    if match := re.fullmatch(r"(\d{5})(?:[.,]0+)?", text):
        return _EXCEL_EPOCH + timedelta(days=int(match[1]))
    raise ValueError("Tanggal tidak dikenal. Tulis seperti 2026-11-05 atau 05/11/2026.")


def _date(year: int, month: int, number: int) -> date:
    try:
        found = date(year, month, number)
    except ValueError:
        raise ValueError("Tanggal ini tidak ada di kalender.") from None
    if not 1990 <= found.year <= 2100:
        raise ValueError("Tahun pada tanggal ini tidak masuk akal.")
    return found


def billing_day(text: str) -> int:
    """`5`, `05`, `tgl 5`, `5.0`, or a whole date, of which the day counts."""
    short = re.sub(r"(?i)^(tgl|tanggal)\.?\s*", "", text)
    match = re.fullmatch(r"(\d{1,2})(?:[.,]0+)?", short)
    value = int(match[1]) if match else day(short).day
    if not 1 <= value <= 31:
        raise ValueError("Tanggal tagihan harus 1 sampai 31.")
    return value


def code(text: str, most: int) -> str:
    """A customer number or service login: no spaces inside, nothing exotic."""
    if not text:
        raise ValueError("Wajib diisi.")
    if re.fullmatch(r"\d+\.0", text):
        text = text[:-2]
    if len(text) > most or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@/:+-]*", text) is None:
        raise ValueError(
            f"Hanya huruf, angka dan . _ @ / : + -, tanpa spasi, paling panjang {most}."
        )
    return text


def words(text: str, most: int) -> str:
    """A name or plan: anything readable, not too long."""
    if not text:
        raise ValueError("Wajib diisi.")
    if len(text) > most:
        raise ValueError(f"Terlalu panjang, paling banyak {most} huruf.")
    return text
