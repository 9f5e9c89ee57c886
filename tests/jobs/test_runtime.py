"""What every job gets: its own context and session, log fields, and no silent failure."""

from contextvars import Context

import pytest
import structlog
from flask import Flask, current_app, g, has_app_context

from jobs import runtime
from jobs.runtime import job
from portal.extensions import db
from portal.infra.schedule import ScheduleRun


@job
def look_around(number: int) -> tuple[object, bool, dict[str, object]]:
    fields = dict(structlog.contextvars.get_contextvars())
    return current_app._get_current_object(), "mine" in g, fields  # type: ignore[attr-defined]


@job
def write_and_fail() -> None:
    db.session.add(ScheduleRun(name="left behind"))
    db.session.flush()
    raise ZeroDivisionError("a secret 081234567890")


def test_a_job_has_a_context_and_names_of_its_own(app: Flask) -> None:
    g.mine = True
    found, sees_ours, fields = look_around(7)
    assert found is app and not sees_ours
    assert (fields["job"], fields["ids"]) == ("look_around", [7])
    assert "job" not in structlog.contextvars.get_contextvars()
    assert g.mine


def test_outside_any_context_the_workers_own_application_is_used(app: Flask) -> None:
    before = runtime._app
    runtime.use_app(app)
    try:

        def bare() -> object:
            assert not has_app_context()
            return look_around(1)[0]

        assert Context().run(bare) is app
        assert runtime.get_app() is app
    finally:
        runtime._app = before


def test_a_failure_is_logged_raised_and_leaves_nothing(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert "job write_and_fail failed" in caplog.text
    assert db.session.query(ScheduleRun).count() == 0
    db.session.rollback()


def test_a_job_does_not_end_the_callers_transaction(app: Flask, server_url: str) -> None:
    """On one SQLite writer it would wait for the caller, so only where it can be seen."""
    if not server_url:
        pytest.skip("SQLite has one writer at a time")
    db.session.add(ScheduleRun(name="ours"))
    db.session.flush()
    look_around(1)
    db.session.commit()
    assert db.session.query(ScheduleRun).count() == 1
    db.session.rollback()
