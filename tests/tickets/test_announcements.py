"""Announcements: who sees which and when; ending one; what a form may say."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.infra.timekeeping import now, zone
from portal.tickets.models import Announcement
from tests import factories
from tests.tickets.conftest import browser
from tests.visitor import Visitor

HERE = "/admin/announcements"


def local(hours: int) -> str:
    return f"{(now() + timedelta(hours=hours)).astimezone(zone()):%Y-%m-%dT%H:%M}"


def test_an_area_sees_its_own_and_all_see_what_is_for_all(
    app: Flask, his: Visitor, hers: Visitor, budi: Customer
) -> None:
    dago = factories.customer(area="Dago")
    hers.post(HERE, level="outage", title="Kabel putus di Dago", area=str(dago.area_id))
    hers.post(HERE, level="info", title="Kantor libur besok", body="Tetap ada teknisi", area="0")
    theirs = browser(app, dago)
    for page in ("/", "/me/help"):
        assert "Kabel putus" not in his.page(page).text and "Kantor libur" in his.page(page).text
        text = theirs.page(page).text
        assert text.index("Kabel putus") < text.index("Kantor libur"), "the outage stands on top"
    assert "Kabel putus" not in Visitor(app).page("/login").text


def test_from_when_until_when(app: Flask, his: Visitor, hers: Visitor, clock: FixedClock) -> None:
    later = {"starts": local(1), "ends": local(3)}
    hers.post(HERE, level="work", title="Ganti perangkat", area="0", **later)
    (one,) = factories.every(Announcement)
    assert one.ends_at - one.starts_at == timedelta(hours=2)
    for hours, shown in ((0, False), (1, True), (1, True), (1, False)):
        clock.move(hours=hours)
        assert ("Ganti perangkat" in his.page("/").text) == shown, hours


def test_ending_changing_and_what_is_over_stays_over(his: Visitor, hers: Visitor) -> None:
    hers.post(HERE, level="outage", title="Kabel putus", area="0")
    (one,) = factories.every(Announcement)
    hers.post(f"{HERE}/{one.id}", level="outage", title="Kabel putus, tim di lokasi", area="0")
    assert "tim di lokasi" in his.page("/").text
    assert hers.post(f"{HERE}/{one.id}/end").status_code == 303
    assert "tim di lokasi" not in his.page("/").text
    again = hers.post(f"{HERE}/{one.id}", level="outage", title="Kabel putus lagi", area="0")
    assert again.status_code == 422
    hers.post(f"{HERE}/{one.id}/end")
    assert hers.post(f"{HERE}/999/end").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"level": "x"}, "level"),
        ({"title": "abc"}, "title"),
        ({"body": "x" * 1001}, "body"),
        ({"area": "999"}, "area"),
        ({"starts": "besok"}, "starts"),
        ({"ends": "2020-01-01T00:00"}, "ends"),
    ],
)
def test_what_a_form_may_not_say(hers: Visitor, change: dict[str, Any], field: str) -> None:
    form = {"level": "outage", "title": "Kabel putus", "body": "", "area": "0", **change}
    answer = hers.post(HERE, **form)
    assert answer.status_code == 422 and f'aria-describedby="e-{field}"' in answer.text
    assert not factories.every(Announcement)
