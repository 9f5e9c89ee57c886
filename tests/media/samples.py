"""Small files of every kind, true and false."""

import io
import struct
import zlib

from PIL import Image


def picture(
    form: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object
) -> bytes:
    """An image of Pillow's own making."""
    into = io.BytesIO()
    colour = (200, 30, 30, 90)[: len(mode)] if mode in {"RGB", "RGBA"} else 128
    Image.new(mode, size, colour).save(into, form, **options)
    return into.getvalue()


def located() -> bytes:
    """A photo that says where it was taken, held upright by a note only."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "RAHASIA-KOORDINAT"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "S", (6.0, 12.0, 3.0)
    return picture("JPEG", exif=exif, comment=b"RAHASIA-KOMENTAR")


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def film(brand: bytes = b"isom", *boxes: bytes) -> bytes:
    """Enough of MP4's boxes to be one."""
    head = box(b"ftyp", brand + b"\0\0\2\0" + b"isomiso2mp41")
    return head + b"".join(
        boxes or (box(b"free"), box(b"mdat", b"\0" * 400), box(b"moov", b"\0" * 108))
    )


def pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\nxref\n0 3\n0000000000 65535 f \n"
        b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n101\n%%EOF\n"
    )


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG that claims a size; its pixels are zeros, packed as tightly as they go."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + width * 3)
    data = b"".join(packer.compress(row) for _ in range(min(height, 2000))) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + b"".join(extra)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ZIP = b"PK\x05\x06" + b"\0" * 18
HTML = b"<html><script>alert(1)</script></html>"
GIF = picture("GIF")
REFUSED = {
    "svg": SVG,
    "svg with a head": b'<?xml version="1.0"?>' + SVG,
    "html": HTML,
    "zip": ZIP,
    "gif": GIF,
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "text": b"halo",
    "empty zip behind a pdf": pdf() + ZIP,
    "html behind a pdf": pdf() + HTML,
    "html before a pdf": HTML + pdf(),
    "newline before a pdf": b"\n" + pdf(),
    "a pdf cut short": pdf()[:40],
    "a pdf's first line": b"%PDF-1.4\n" + HTML,
    "a film cut short": film()[:-10],
    "a film without tracks": film(b"isom", box(b"mdat", b"\0" * 50)),
    "html behind a film": film() + HTML,
    "zip behind a film": film() + ZIP,
    "an unknown box": film(b"isom", box(b"moov"), box(b"evil", HTML)),
    "quicktime": film(b"qt  "),
    "heic": film(b"heic"),
    "avif": film(b"avif"),
    "audio": film(b"M4A "),
    "no film": b"\0\0\0\x18ftypisom" + HTML,
    "a wave file": b"RIFF\x24\0\0\0WAVEfmt ",
    "windows program": b"MZ\x90\0" + b"\0" * 200,
    "php": b"<?php system($_GET['c']); ?>",
    "broken jpeg": b"\xff\xd8\xff\xe0" + HTML,
    "broken png": b"\x89PNG\r\n\x1a\n" + HTML,
    "broken webp": b"RIFF\x24\0\0\0WEBPVP8 " + HTML,
    "jpeg cut short": picture("JPEG", (400, 400))[:700],
    "gif that says jpeg": b"\xff\xd8\xff" + GIF,
    "too many pixels": png(50_000, 50_000),
    "bomb": png(6_400, 6_400),
    "text bomb": png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 80_000_000, 9))),
    "profile bomb": png(8, 8, chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 80_000_000, 9))),
}
