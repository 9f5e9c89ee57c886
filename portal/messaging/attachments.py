"""The header file of a message: from the address in its block to something a driver can send."""

import mimetypes
from posixpath import basename
from urllib.parse import unquote, urlsplit

from portal.core import qr_image
from portal.core.wablock import Block
from portal.core.wablock.model import HEADER_KINDS
from portal.media import service as media
from portal.messaging.drivers.base import Media

DRAWN = "qr:"
"""Instead of an address: the header is a QR code of what follows, drawn when it is sent. Only
our own code writes such blocks, and only to chats of Telegram."""
GONE = "Berkas lampirannya sudah dihapus karena umurnya. Unggah lagi, lalu kirim ulang."


class Gone(Exception):
    """The file was ours, and is no more; the message would not say what it should."""


def of(block: Block) -> Media | None:
    """The file a block names; None when it names none. Our own files bring their bytes along,
    for services that want an upload. Raises Gone."""
    about = block.interactive
    if about is None or not about.header_media:
        return None
    url = about.header_media
    if url.startswith(DRAWN):
        return _drawn(url.removeprefix(DRAWN))
    own = media.by_url(url)
    if own is not None:
        return Media(own.kind, url, own.mime, own.filename, media.loader(own))
    if media.is_ours(url):
        raise Gone(url)
    name = basename(unquote(urlsplit(url).path))
    mime = mimetypes.guess_type(name)[0] or ""
    return Media(_kind(about.header_type, mime), url, mime, name)


def _drawn(content: str) -> Media:
    """No address anybody could fetch: only for channels that upload."""

    def load() -> bytes:
        return qr_image.png(content)

    return Media("image", "", "image/png", "qris.png", load)


def _kind(header_type: int | None, mime: str) -> str:
    """As the block says; else by the name of the file."""
    said = HEADER_KINDS.get(header_type or 0, "")
    if said in {"image", "video", "document"}:
        return said
    family = mime.partition("/")[0]
    return family if family in {"image", "video"} else "document"
