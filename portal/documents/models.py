"""The ISP's logo: one row, so that every machine and every backup has it."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import UtcDateTime


class CompanyLogo(Model):
    """The picture on top of documents: a small PNG without transparency. `id` is always 1."""

    __tablename__ = "company_logo"

    id: Mapped[int] = mapped_column(primary_key=True)
    image: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(String(80), default="")
