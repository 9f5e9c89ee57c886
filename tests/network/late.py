"""A line behind a router whose invoice is 30 days late, and short ways to look at it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.network import isolation
from portal.network.models import NetworkAccess
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network import routers
from tests.network.routers import Board


@pytest.fixture
def board() -> Iterator[Board]:
    with routers.in_process() as made:
        yield made


@pytest.fixture
def late(app: Flask, board: Board) -> Invoice:
    """An invoice 30 days late, of a line behind a router."""
    line = factories.subscription(login="budi.1")
    routers.behind(line, "board")
    return factories.invoice(line, period="2026-09", due_on=today() - timedelta(days=30))


def state(bill: Invoice) -> str:
    return factories.fresh(Subscription, bill.subscription_id).state


def access(bill: Invoice) -> NetworkAccess:
    return factories.fresh(NetworkAccess, bill.subscription_id)


def run() -> None:
    isolation.run()


def knob(key: str, value: Any) -> None:
    settings.change(f"isolation.{key}", value)
    db.session.commit()
