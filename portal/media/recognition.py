"""What a file is, judged by its bytes; its name and what the browser says are not asked.

Only what WhatsApp shows is taken, and only when the file is that from the first byte to the
last: something else in front, or hung on behind, is how one file becomes two.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """A kind of file. `kind`: image, video, document; `suffix` with its dot."""

    kind: str
    mime: str
    suffix: str


JPEG = Form("image", "image/jpeg", ".jpg")
PNG = Form("image", "image/png", ".png")
WEBP = Form("image", "image/webp", ".webp")
MP4 = Form("video", "video/mp4", ".mp4")
THREE_GP = Form("video", "video/3gpp", ".3gp")
PDF = Form("document", "application/pdf", ".pdf")

_MP4_BRANDS = re.compile(rb"iso[m2-9]|mp4[12]|avc1|M4V.|MSNV|f4v |dash|mmp4")
_3GP_BRANDS = re.compile(rb"3g[egprs][0-9a]")
# The boxes a film is made of, at its top level (ISO/IEC 14496-12).
_BOXES = set(
    b"ftyp moov mdat free skip wide udta uuid moof mfra sidx ssix pdin meta styp emsg prft".split()
)
_PDF_HEAD = re.compile(rb"%PDF-[12]\.[0-9][\s%]")
_PDF_TAIL = re.compile(rb"startxref\s+[0-9]+\s+%%EOF[\s\0]{0,1024}\Z")


def recognise(data: bytes) -> Form | None:
    """The form of a whole file, None for everything else. Images are looked at closer when
    they are read anew (`images.py`)."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        return _film(data)
    if _PDF_HEAD.match(data) and _PDF_TAIL.search(data[-2048:]):
        return PDF
    return None


def _film(data: bytes) -> Form | None:
    """MP4 or 3GP, when boxes it is made of fill the file exactly and there is a track table."""
    boxes = _boxes(data)
    length = int.from_bytes(data[:4], "big")
    if boxes is None or b"moov" not in boxes or not 16 <= length <= 512:
        return None
    main = data[8:12]
    if _3GP_BRANDS.fullmatch(main):
        return THREE_GP
    return MP4 if _MP4_BRANDS.fullmatch(main) else None


def _boxes(data: bytes) -> list[bytes] | None:
    """Names of the top-level boxes; None when they do not fill the file."""
    names, place = [], 0
    while place < len(data):
        header = data[place : place + 16]
        length, name = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = len(data) - place
        if name not in _BOXES or length < 8 or place + length > len(data):
            return None
        names.append(name)
        place += length
    return names
