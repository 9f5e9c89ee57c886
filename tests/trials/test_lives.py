"""A dozen lives of eight months: the product's nights and the ledger on paper say the same."""

import os

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from tests.trials import lives

# Rounding is the same arithmetic on both engines: one rule on both, one more on each.
RULES = ["actual", "thirty" if os.environ.get("TEST_DATABASE_URL") else "none"]


@pytest.mark.parametrize("rule", RULES)
def test_a_dozen_lives(app: Flask, clock: FixedClock, rule: str) -> None:
    count, rupiah, wrong = lives.trial(app, clock, people=12, nights=100, seed=7, rule=rule)
    assert wrong == []
    assert count > 20 and rupiah > 0
