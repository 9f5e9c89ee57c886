"""A Meta of our own, at the seam of the client; channels of Meta without templates to read."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging.drivers.meta_cloud import MetaCloud
from portal.messaging.events import AccountTold
from portal.messaging.registry import REGISTRY
from portal.signup import news, service, work
from portal.signup.graph_values import Number
from portal.signup.models import Signup
from tests import factories
from tests.signup.world import World


class QuietMeta(MetaCloud):
    """The driver, of an account without any template."""

    def templates(self) -> list[Any]:
        return []


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {
        "META_APP_ID": "77",
        "META_WA_APP_SECRET": "app-secret-word",
        "META_ES_CONFIG_ID": "88",
        "PUBLIC_URL": "https://portal.example.test",
    }


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """One account with one number, and the code of a dialog that chose it."""
    found = World(has={"100": [Number("200", "+62 812-0000-0001", "NusaLink")]})
    found.codes["code-1"] = "100"
    app.extensions["loket.signup_graph"] = found
    before = REGISTRY.all["meta"]
    REGISTRY.all["meta"] = QuietMeta
    yield found
    REGISTRY.all["meta"] = before


@pytest.fixture
def begun(app: Flask, world: World) -> int:
    """An attempt whose window is open."""
    return begin()


def begin(**more: Any) -> int:
    row = service.begin(factories.staff().id, **more)
    db.session.commit()
    signup_id = row.id
    db.session.rollback()
    return signup_id


def say(signup_id: int, verb: Any, *values: Any) -> Any:
    """What a route does with it."""
    row = service.locked(signup_id)
    assert row is not None
    try:
        return verb(row, *values)
    finally:
        db.session.commit()


def finish(waba: str = "100", phone: str = "200", event: str = "FINISH") -> str:
    import json

    data = {"waba_id": waba, "phone_number_id": phone, "business_id": "300"}
    return json.dumps({"type": "WA_EMBEDDED_SIGNUP", "event": event, "data": data})


def drive(signup_id: int, clock: FixedClock, turns: int = 40) -> Signup:
    """Let the jobs go on, waiting where they wait."""
    for _turn in range(turns):
        if not work.advance(signup_id):
            row = factories.fresh(Signup, signup_id)
            if row.next_at is None or row.state in {"done", "ended"} or row.need != "wait":
                break
            clock.at = max(row.next_at, clock.at) + timedelta(seconds=1)
    return factories.fresh(Signup, signup_id)


def told(name: str, account: str = "100", *, blocked: bool = False) -> None:
    news.hear(AccountTold(f"account_update.{name}", account, "300", blocked, "Kabar."))
    db.session.commit()
