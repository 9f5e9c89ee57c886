"""A dozen lives of eight months: the product's nights and the ledger on paper say the same."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from tests.trials import lives


@pytest.mark.parametrize("rule", ["none", "actual", "thirty"])
def test_a_dozen_lives(app: Flask, clock: FixedClock, rule: str) -> None:
    count, rupiah, wrong = lives.trial(app, clock, people=12, nights=100, seed=7, rule=rule)
    assert wrong == []
    assert count > 20 and rupiah > 0
