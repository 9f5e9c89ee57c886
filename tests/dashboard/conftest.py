"""A staff member at the screen, clicking or with HTMX."""

import pytest
from flask import Flask

from portal.accounts.models import Staff
from tests import factories
from tests.visitor import Visitor


@pytest.fixture
def siti(app: Flask) -> Staff:
    return factories.staff("siti@example.test")


@pytest.fixture(params=[False, True], ids=["click", "htmx"])
def desk(request: pytest.FixtureRequest, app: Flask, siti: Staff) -> Visitor:
    """The owner, logged in, with a CSRF token."""
    found = Visitor(app, hx=request.param)
    factories.log_in(found.client, siti)
    found.page("/admin/plans/new")
    return found
