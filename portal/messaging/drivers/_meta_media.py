"""Handing a file to Meta before it is sent: POST /{phone number id}/media, once per file.

What was uploaded is remembered by the driver object, for many messages with the same file at
once. An upload sends no message, so nothing that goes wrong here leaves one in doubt.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portal.core.driverkit import DriverError, Permanent, Retryable
from portal.infra.http import Reply
from portal.messaging.drivers.base import Media

REMEMBERED = 12 * 3600
"""Seconds; Meta keeps a file for 30 days."""
AGAIN = 20
"""Seconds until a file that could not be uploaded is tried again."""
LARGEST: Mapping[str, int] = {
    "image": 5 * 1024 * 1024,
    "video": 16 * 1024 * 1024,
    "document": 100 * 1024 * 1024,
}
_MIMES: Mapping[str, str] = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "document": "application/pdf",
}
Upload = Callable[[str, bytes, str], Reply]


@dataclass
class _Known:
    """What became of a file."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    id: str = ""
    error: DriverError | None = None
    until: float = 0.0


class Uploads:
    """The files of one driver object."""

    def __init__(self, upload: Upload, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._upload = upload
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._known: dict[tuple[str, str, str], _Known] = {}

    def id_of(self, media: Media) -> str:
        """Meta's id of the file, uploading it when nobody has. Raises DriverError, never with
        `outcome_unknown`."""
        if not media.url:  # nothing to know it by
            return self._hand_over_certainly(media)
        with self._guard:
            known = self._known.setdefault((media.url, media.mime, media.filename), _Known())
        with known.lock:
            if self._monotonic() >= known.until:
                self._renew(known, media)
            if known.error is not None:
                raise known.error
            return known.id

    def _renew(self, known: _Known, media: Media) -> None:
        known.id, known.error = "", None
        try:
            known.id = self._hand_over_certainly(media)
        except DriverError as error:
            known.error = error
        known.until = self._monotonic() + (AGAIN if known.error else REMEMBERED)

    def _hand_over_certainly(self, media: Media) -> str:
        try:
            return self._hand_over(media)
        except DriverError as error:
            error.outcome_unknown = False
            raise

    def _hand_over(self, media: Media) -> str:
        content = _content(media)
        mime = media.mime or _MIMES[media.kind]
        reply = self._upload(media.filename or media.kind, content, mime)
        data = reply.json()
        found = data.get("id") if isinstance(data, dict) else None
        if not found or not isinstance(found, str | int):
            raise Retryable(
                "Berkas tidak diterima Meta: jawabannya tidak dikenal.",
                detail=reply.text[:200],
                http_status=reply.status,
            )
        return str(found)


def _content(media: Media) -> bytes:
    assert media.load is not None
    try:
        content = media.load()
    except (OSError, LookupError, ValueError):
        raise Permanent("Berkas pesan ini tidak ada lagi. Unggah kembali.") from None
    if not content:
        raise Permanent("Berkas pesan ini kosong. Unggah kembali.")
    if len(content) > LARGEST[media.kind]:
        most = LARGEST[media.kind] // (1024 * 1024)
        raise Permanent(
            f"Berkas pesan ini lebih besar dari batas Meta, {most} MB. Unggah yang lebih kecil."
        )
    return content
