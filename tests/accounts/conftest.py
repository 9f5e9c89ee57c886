"""The owner."""

import pytest
from flask import Flask

from portal.accounts.models import Staff
from tests import factories


@pytest.fixture
def siti(app: Flask) -> Staff:
    return factories.staff("siti@example.test")
