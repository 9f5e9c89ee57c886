"""When each timetable entry last ran and is due; the health page and the scheduler read it."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import UtcDateTime


class ScheduleRun(Model):
    """One entry of `jobs/schedule.py`; `error` is empty when the last run was good, `next_at`
    is when the run after it is expected to start."""

    __tablename__ = "schedule_run"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
