"""Files people uploaded to go with messages. The bytes lie in a folder, the facts here."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class MediaFile(Model):
    """One file behind an unguessable public address that ends at `expires_at`.

    `kind`: image, video, document. `path` is relative to the media folder; `size` in bytes.
    The row goes with its file.
    """

    __tablename__ = "media_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(State())
    mime: Mapped[str] = mapped_column(String(60))
    filename: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80), default="")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
