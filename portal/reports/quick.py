"""Ranges people ask for most, for links beside the days."""

from datetime import date

from flask_babel import gettext as _

from portal.core.period import Period


def ranges(today: date) -> list[tuple[str, date, date]]:
    """Words, first and last day."""
    this = Period.of(today)
    last = this.previous()
    return [
        (_("Bulan ini"), this.first_day, this.last_day),
        (_("Bulan lalu"), last.first_day, last.last_day),
        (_("6 bulan"), this.plus(-5).first_day, this.last_day),
        (_("Tahun ini"), date(today.year, 1, 1), date(today.year, 12, 31)),
        (_("Tahun lalu"), date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    ]
