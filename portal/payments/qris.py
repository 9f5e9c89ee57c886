"""Reading a QRIS string before anybody is asked to pay it: EMVCo TLV, checksum, amount. Pure.

A string that is cut off, belongs to another amount or is not QRIS at all must never become a
QR code on our page: a wallet would refuse it, or take another amount.
"""

import re

_MERCHANT = range(26, 52)
_AMOUNT = re.compile(r"[0-9]{1,10}(?:\.0{0,2})?")
RUPIAH = "360"


class BadQris(ValueError):
    """The string is not to be shown; the message says why, for staff and logs."""


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, nothing reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def fields(text: str) -> list[tuple[str, str]]:
    """(tag, value) in order: two digits, a length of two digits, that many characters.

    Raises BadQris when it does not come out even.
    """
    found, at = [], 0
    while at < len(text):
        head = text[at : at + 4]
        if len(head) < 4 or not (head.isascii() and head.isdigit()):
            raise BadQris("susunan QRIS rusak")
        end = at + 4 + int(head[2:])
        if end > len(text):
            raise BadQris("QRIS terpotong")
        found.append((head[:2], text[at + 4 : end]))
        at = end
    return found


def check(text: str, total: int) -> None:
    """Whether this is a QRIS string for `total` rupiah, fee included. Raises BadQris."""
    if not text.isascii():
        raise BadQris("QRIS berisi huruf asing")
    parts = fields(text)
    tags = [tag for tag, _value in parts]
    if len(set(tags)) != len(tags):
        raise BadQris("bagian QRIS berulang")
    _check_frame(text, parts)
    by_tag = dict(parts)
    if by_tag.get("53") != RUPIAH or by_tag.get("58") != "ID":
        raise BadQris("bukan QRIS rupiah Indonesia")
    if not any(_is_indonesian(by_tag[f"{tag}"]) for tag in _MERCHANT if f"{tag}" in by_tag):
        raise BadQris("QRIS tanpa merchant Indonesia")
    _check_amount(by_tag, total)


def _check_frame(text: str, parts: list[tuple[str, str]]) -> None:
    if not parts or parts[0] != ("00", "01"):
        raise BadQris("bukan QRIS")
    tag, said = parts[-1]
    # The checksum covers its own tag and length, "6304".
    if tag != "63" or said != f"{crc16(text[:-4].encode()):04X}":
        raise BadQris("checksum QRIS salah")


def _is_indonesian(account: str) -> bool:
    try:
        return dict(fields(account)).get("00", "").upper().startswith("ID.CO.")
    except BadQris:
        return False


def _check_amount(by_tag: dict[str, str], total: int) -> None:
    """Only a code for one payment with the amount in it: a static one takes any amount."""
    if by_tag.get("01") != "12":
        raise BadQris("QRIS bukan untuk satu pembayaran")
    # A tip or fee the payer types, or one added by the wallet, would change the amount.
    if by_tag.keys() & {"55", "56", "57"}:
        raise BadQris("QRIS menambah biaya sendiri")
    said = by_tag.get("54", "")
    if not _AMOUNT.fullmatch(said) or int(said.partition(".")[0]) != total:
        raise BadQris("jumlah di QRIS berbeda")
