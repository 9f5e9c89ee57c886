"""Rupiah: an int, never a float. Parsing, formatting, rounding and splitting, in one place."""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
# Not three digits behind the mark: `1.250rb` is a million to one, a thousand to another.
_SHORT = re.compile(r"(?i)([0-9]{1,6})(?:[.,]([0-9]{1,2}))? ?(rb|ribu|k|jt|juta)\.?")
_SCALE = {"rb": 1_000, "ribu": 1_000, "k": 1_000, "jt": 1_000_000, "juta": 1_000_000}


def format_rupiah(amount: int) -> str:
    """`Rp150.000`, in both languages; a minus goes in front."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp{format_number(abs(amount))}"


def format_number(amount: int) -> str:
    """`150.000`."""
    return f"{amount:,}".replace(",", ".")


def parse_rupiah(text: str) -> int:
    """Read what people and spreadsheets write: `150000`, `Rp 150.000,00`, `150,000`, `1.250.000,-`;
    and what is typed in a hurry: `150rb`, `1,5jt`.

    Raises ValueError with a sentence in Indonesian: for sen, minus signs, anything else.
    """
    cleaned = re.sub(r"(?i)^\s*(rp|idr)\.?\s*", "", text.replace("\u00a0", " ")).strip()
    if short := _SHORT.fullmatch(cleaned):
        scale = _SCALE[short[3].lower()]
        return int(short[1]) * scale + int((short[2] or "").ljust(2, "0")) * scale // 100
    cleaned = re.sub(r",-+$|\s+", "", cleaned)
    if _NUMBER.fullmatch(cleaned) is None:
        raise ValueError("Isi rupiah bulat, misalnya 150.000 atau 150rb.")
    whole, cents = _split_decimals(cleaned)
    if cents.strip("0"):
        raise ValueError("Rupiah tidak memakai sen.")
    groups = re.split(r"[.,]", whole)
    grouped = len(groups) > 1
    if grouped and (any(len(part) != 3 for part in groups[1:]) or not 1 <= len(groups[0]) <= 3):
        raise ValueError("Titik ribuannya tidak benar. Tulis seperti 150.000.")
    return int("".join(groups))


def _split_decimals(text: str) -> tuple[str, str]:
    """Whole and decimal part; a last group that is not three digits long is decimals."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0 or len(text) - last - 1 == 3:
        return text, ""
    return text[:last], text[last + 1 :]


def divide_half_up(numerator: int, denominator: int) -> int:
    """The only rounding there is: half away from zero."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (2 * rest >= denominator)
    return -rounded if numerator < 0 else rounded


def percent_bp(amount: int, basis_points: int) -> int:
    """A share of an amount in hundredths of a percent (1100 = 11 %), rounded half up."""
    return divide_half_up(amount * basis_points, 10_000)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weights so that the parts add up to it exactly.

    The rupiah lost in rounding down go to the largest fractions first.
    """
    if total < 0 or not weights or any(weight < 0 for weight in weights) or not sum(weights):
        raise ValueError("allocate needs a total >= 0 and weights >= 0 that are not all 0")
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    rests = sorted(
        range(len(weights)), key=lambda index: (-(total * weights[index] % whole), index)
    )
    for index in rests[: total - sum(parts)]:
        parts[index] += 1
    return parts
