"""Plans: what is sold, and for how much a month."""

from datetime import date, datetime

from sqlalchemy import BigInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.cycles import Terms
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class Plan(Model):
    """A tariff. `price` in rupiah per month; empty day counts fall back to the settings.

    `billing` is a key of `portal.core.cycles.SCHEMES`. Without an `issue_day` each line is
    billed on its own day. `public` plans are on offer on the order page.
    """

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    price: Mapped[int] = mapped_column(BigInteger)
    billing: Mapped[str] = mapped_column(State(), default="calendar")
    cycle_months: Mapped[int] = mapped_column(default=1, server_default="1")
    issue_day: Mapped[int | None]
    # Since the first invoice the three above stay: other cycles are another plan.
    first_billed_on: Mapped[date | None]
    due_days: Mapped[int | None]
    grace_days: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    public: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def terms(self, own_day: int) -> Terms:
        """How a line of this plan with this billing day is billed."""
        return Terms(self.billing, self.cycle_months, self.issue_day or own_day)
