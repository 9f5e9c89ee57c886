"""The bytes of a dump as text, piece by piece: packed or not, in whatever charset; pure.

Bounded: what unpacks to more than it may is refused while it is being unpacked.
"""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator

from portal.imports.xlsx import TableError
from portal.web.sentences import N_

CHUNK = 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
_STRAY = re.compile("[\udc80-\udcff]")


class DumpError(TableError):
    """The dump cannot be read; the message says what to do, in Indonesian."""


def unpacked(chunks: Iterable[bytes], most: int = MOST_UNPACKED) -> Iterator[bytes]:
    """The bytes themselves, whether packed with gzip or not. Raises DumpError."""
    source = iter(chunks)
    first = next((chunk for chunk in source if chunk), b"")
    if first.startswith(b"PK\x03\x04"):
        raise DumpError(
            N_("Ini berkas ZIP. Buka dahulu, lalu unggah berkas .sql atau .sql.gz-nya.")
        )
    inner = _chained(first, source)
    stream = _gunzipped(inner) if first.startswith(b"\x1f\x8b") else inner
    total = 0
    for chunk in stream:
        total += len(chunk)
        if total > most:
            raise DumpError(N_("Isi dump ini terlalu besar. Impor lewat perintah di server."))
        yield chunk


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            while chunk:
                if packer.eof:  # several gzip files one after the other are one
                    if not chunk.strip(b"\0"):
                        break
                    packer = zlib.decompressobj(wbits=31)
                yield packer.decompress(chunk, CHUNK)
                chunk = packer.unused_data if packer.eof else packer.unconsumed_tail
        while not packer.eof and (rest := packer.decompress(b"", CHUNK)):
            yield rest
    except zlib.error:
        raise DumpError(N_("Berkas .gz ini rusak. Buat dump sekali lagi.")) from None
    if not packer.eof:
        raise DumpError(N_("Berkas .gz ini terpotong. Salin sekali lagi dari server lama."))


def decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """Text. Bytes that are not UTF-8 are kept as they are, for `mended` to read."""
    source = iter(chunks)
    first = next((chunk for chunk in source if chunk), b"")
    name, errors = "utf-8-sig", "surrogateescape"
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):  # PowerShell's `>` makes these
        name, errors = "utf-16", "replace"
    decoder = codecs.getincrementaldecoder(name)(errors)
    for chunk in _chained(first, source):
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", True):
        yield text


def mended(value: str) -> str:
    """A value some of whose bytes are not UTF-8 was written as Windows or Latin-1."""
    if value.isascii() or _STRAY.search(value) is None:
        return value
    return value.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
