"""A QRIS string with valid TLV and checksum (EMVCo merchant-presented mode)."""


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def qris(total: int, order_id: str) -> str:
    """The string a customer's app scans; `total` in rupiah, fee included."""
    merchant = (
        _field("00", "ID.CO.QRIS.WWW") + _field("02", "ID1024322842930") + _field("03", "UMI")
    )
    body = "".join(
        (
            _field("00", "01"),
            _field("01", "12"),
            _field("51", merchant),
            _field("52", "7929"),
            _field("53", "360"),
            _field("54", f"{total}.00"),
            _field("58", "ID"),
            _field("59", "Pakasir"),
            _field("60", "KAB. KEBUMEN"),
            _field("61", "54392"),
            _field("62", _field("05", order_id[-20:])),
            "6304",
        )
    )
    return f"{body}{crc16(body.encode()):04X}"
