"""The owner's sending hours and patience, read from the settings."""

from datetime import date, time, timedelta

from portal.infra.timekeeping import now, zone
from portal.messaging.delivery import Retry
from portal.messaging.hours import Hours
from portal.settings import service as settings


def hours() -> Hours:
    """When patient messages may leave, in the ISP's local time."""
    return Hours(
        opens=time.fromisoformat(settings.text("messages.hours_from")),
        closes=time.fromisoformat(settings.text("messages.hours_until")),
        closed_weekdays=frozenset(int(day) for day in settings.words("messages.closed_weekdays")),
        holidays=frozenset(date.fromisoformat(day) for day in settings.words("messages.holidays")),
    )


def patient_kinds() -> frozenset[str]:
    """The kinds that wait for those hours."""
    return frozenset(settings.words("messages.patient_kinds"))


def retry() -> Retry:
    """How often and how soon a refused message is tried again."""
    return Retry(
        settings.integer("messages.max_attempts"), settings.integer("messages.retry_seconds")
    )


def opening_wait(kind: str) -> timedelta:
    """How long a message of this kind has to wait from now on."""
    if kind not in patient_kinds():
        return timedelta()
    local = now().astimezone(zone())
    return hours().opening(local) - local
