"""Five years of some billing days, in machines of three time zones: the same, and right."""

import pytest

from tests.trials import calendar
from tests.trials.calendar import DAYS, ZONES, Told, in_zone, live


def test_three_zones_say_the_same() -> None:
    found = {zone: in_zone(zone, 1) for zone in ZONES}
    assert [said["wrong"] for said in found.values()] == [[]] * 3
    assert len({said["hash"] for said in found.values()}) == 1
    assert len({said["offset"] for said in found.values()}) == 3, "the zones were not in force"


@pytest.mark.parametrize("billing_day", [28, 29, 30, 31])
@pytest.mark.parametrize("way", ["calendar", "prepaid", "postpaid"])
def test_the_end_of_the_month(way: str, billing_day: int) -> None:
    told = Told()
    live(way, billing_day, told)
    assert told.wrong == []
    assert told.issued == 60
    assert told.answers > DAYS


def test_a_wrong_answer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "LENGTHS", (31, 27, *calendar.LENGTHS[2:]))
    told = Told()
    live("prepaid", 31, told)
    assert told.wrong
