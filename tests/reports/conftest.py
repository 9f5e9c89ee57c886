"""Who looks at reports, and something to look at."""

from datetime import datetime

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from tests import factories
from tests.reports.random_books import Life
from tests.visitor import Visitor


@pytest.fixture
def clock() -> FixedClock:
    # 1 November there, after months without anything.
    return FixedClock(datetime.fromisoformat("2026-10-31T17:05:00+00:00"))


@pytest.fixture
def finance(app: Flask) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, factories.staff(role="finance"))
    return found


@pytest.fixture
def lived(app: Flask, clock: FixedClock) -> None:
    """Two months of something."""
    Life(clock, 7).live(2)
    db.session.rollback()
