"""The Meta app of this installation, and which areas a channel is for."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import EncryptedText, UtcDateTime


class MetaApp(Model):
    """One row: what the owner saved about the app, as encrypted JSON (`meta_app.py`)."""

    __tablename__ = "meta_app"

    id: Mapped[int] = mapped_column(primary_key=True)
    config: Mapped[str] = mapped_column(EncryptedText)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChannelArea(Model):
    """A channel that is meant for the customers of an area. A channel without any is for all."""

    __tablename__ = "channel_area"

    channel_id: Mapped[int] = mapped_column(
        ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True
    )
    area_id: Mapped[int] = mapped_column(
        ForeignKey("area.id", ondelete="CASCADE"), primary_key=True, index=True
    )
