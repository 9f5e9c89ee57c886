"""The simulated Graph API tells a listening portal what became of its templates, over HTTP."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from jobs import inbox as inbox_jobs
from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.messaging import templates
from portal.messaging.models_inbound import MessageTemplate
from tests.messaging import official
from tests.messaging.official import Graph
from tests.simulators.serving import served

SECRET = "app secret of the test"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"META_WA_APP_SECRET": SECRET}


@pytest.fixture
def graph(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """Its callbacks arrive: the portal listens too."""
    monkeypatch.setenv("META_WA_APP_SECRET", SECRET)
    with served(app) as portal, official.running(tmp_path, monkeypatch) as found:
        monkeypatch.setenv("PORTAL_URL", portal)
        yield found


def heard(enough: Callable[[], bool]) -> None:
    """Wait for callbacks and work them off."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        waiting = db.session.scalars(
            select(InboundHook.id).where(InboundHook.state == "received")
        ).all()
        db.session.rollback()
        for hook_id in waiting:
            inbox_jobs.process_hook(hook_id)
        if enough():
            return
        time.sleep(0.05)
    raise AssertionError("nothing was heard")


def row(name: str) -> MessageTemplate:
    db.session.rollback()
    found = db.session.scalars(select(MessageTemplate).where(MessageTemplate.name == name)).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def test_a_verdict_and_what_comes_after_it(graph: Graph) -> None:
    graph.post("/templates/clear")
    channel = official.channel(graph, app_secret=SECRET)
    refused = "Halo {{1}}, teks ini ditolak peninjau. Hubungi {{2}} bila ada kendala."
    templates.create_all(channel, {"access_opened": refused})
    db.session.commit()
    heard(lambda: (row("otp_code").status, row("access_opened").status) == ("APPROVED", "REJECTED"))
    assert row("access_opened").reason == "TAG_CONTENT_MISMATCH"
    graph.event("overdue_notice", status="PAUSED")
    graph.event("payment_reminder", quality="RED")
    graph.event("invoice_notification", announce="MARKETING")
    graph.event("isolation_notice", category="MARKETING")
    heard(lambda: row("overdue_notice").status == "PAUSED")
    heard(lambda: row("payment_reminder").quality == "RED")
    heard(lambda: "akan memasukkannya" in row("invoice_notification").problem)
    heard(lambda: row("isolation_notice").category == "MARKETING")
    assert row("invoice_notification").category == "UTILITY"
