"""A small trial in every run of the suite: four phases, some dozens of deaths, nothing lost."""

import pytest

from portal.infra import http, locks
from portal.messaging import claims, delivery, ledger, meters, recovery, sending_hours
from tests.campaign.crew import Times
from tests.campaign.trial import Plan, run

TIMES = Times(deadline=1.0, lease=3.0, rest=0.2, listen=120.0, retry=0.2)
"""Longer listening than the trial lasts: a slow machine must not look like a silent provider."""


@pytest.fixture
def own_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial shortens the product's waits; the tests after it get them back."""
    waits = {
        http: ("READ_SECONDS", "TOTAL_SECONDS"),
        locks: ("LEASE",),
        claims: ("LEASE",),
        ledger: ("LEASE",),
        recovery: ("LEASE", "AT_ONCE"),
        meters: ("PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"),
        delivery: ("LISTEN_SECONDS",),
        sending_hours: ("retry",),
    }
    for module, names in waits.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))


@pytest.mark.usefixtures("own_waits")
def test_three_hundred_messages_and_their_killers() -> None:
    plan = Plan(
        messages=300,
        kill=0.09,
        outside=0.8,
        only=("meta", "keyed", "held", "mixed"),
        times=TIMES,
        patience=40,
    )
    result = run(plan)

    told = result.report()
    print(told)
    assert sum(result.kills.values()) >= 20, told
    assert [one.lost for one in result.counts] == [[]] * 4, told
    assert [one.twice for one in result.counts] == [[]] * 4, told
    assert [one.untold for one in result.counts] == [[]] * 4, told
    assert result.broken == [], told
    assert result.provider["ambiguous"] >= 0.15 * result.provider["asked"], told
