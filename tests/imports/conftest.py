"""The wizard's pages are whole pages; the one fragment, the progress, has its own test."""

from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.imports.wizard import URL
from tests.visitor import Visitor


@pytest.fixture
def desk(app: Flask, siti: Any) -> Visitor:
    """The owner's browser on the import page."""
    found = Visitor(app)
    factories.log_in(found.client, siti)
    found.page(URL)
    return found
