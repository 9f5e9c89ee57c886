"""Sessions on the server: when they die, what keeps them, whose they are."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from portal.accounts import agents, people, service, sessions
from portal.accounts.models import Staff
from portal.accounts.models_sessions import SessionRow
from portal.core.clock import FixedClock
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.extensions import db
from portal.settings import service as settings
from tests import factories
from tests.accounts.hands import Person, seat
from tests.visitor import target

FIRST_PAGE = "/admin/account"


def inside(visitor: Person, url: str = FIRST_PAGE) -> bool:
    answer = visitor.page(url)
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def test_only_a_hash_is_stored(app: Flask, siti: Staff) -> None:
    visitor = seat(app, siti)
    (row,) = factories.every(SessionRow)
    token = visitor.identity().rsplit(":", 1)[1]
    assert token not in (row.token_hash, row.agent, row.ip) and len(token) >= 43
    assert inside(visitor)


def test_logging_out_kills_the_session_not_only_the_cookie(app: Flask, siti: Staff) -> None:
    visitor = seat(app, siti)
    assert inside(visitor)
    stolen = Person(app)
    with stolen.client.session_transaction("/admin/") as session:
        session["_user_id"], session["_fresh"] = visitor.identity(), True
    assert inside(stolen)
    visitor.post("/admin/logout")
    assert not inside(stolen) and factories.every(SessionRow) == []


@pytest.mark.parametrize("how", ["role", "off", "out", "email"])
def test_what_ends_every_session(app: Flask, siti: Staff, how: str) -> None:
    ani = factories.staff("ani@example.test", role="finance")
    hers, others = seat(app, ani), seat(app, siti)
    assert inside(hers)
    row = db.session.get_one(Staff, ani.id)
    if how == "role":
        people.change(row, name=row.name, email=row.email, role="support")
    elif how == "email":
        people.change(row, name=row.name, email="baru@example.test", role=row.role)
    elif how == "off":
        people.switch(row, False)
    else:
        service.end_sessions(row)
    db.session.commit()
    assert not inside(hers) and inside(others)


def test_silence_ends_it_and_every_request_keeps_it(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = seat(app, siti)
    for _request in range(4):
        clock.move(minutes=29)
        assert inside(visitor)
    clock.move(minutes=30)
    assert not inside(visitor)


def test_a_page_that_asks_by_itself_keeps_nobody_in(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = seat(app, siti)
    live = {"HX-Request": "true", "X-Live": "1", "HX-Current-URL": "http://localhost/admin/health"}
    for _poll in range(2):
        clock.move(minutes=14)
        assert visitor.client.get("/admin/account", headers=live).status_code == 200
    clock.move(minutes=2)
    answer = visitor.client.get("/admin/account", headers=live)
    assert answer.status_code == 401 and target(answer) == "/admin/login?next=/admin/health"


def test_it_ends_after_a_working_day_however_busy(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = seat(app, siti)
    for _request in range(28):
        clock.move(minutes=25)
        assert inside(visitor)
    clock.move(minutes=20)
    assert not inside(visitor)


def test_the_owner_sets_how_long(app: Flask, siti: Staff, clock: FixedClock) -> None:
    settings.change("login.staff_idle_minutes", 5)
    db.session.commit()
    visitor = seat(app, siti)
    clock.move(minutes=5)
    assert not inside(visitor)


def test_customers_stay_as_long_as_they_come(app: Flask, clock: FixedClock) -> None:
    """Both the row and the cookie live on with every visit."""
    visitor = seat(app, factories.customer())
    for _visit in range(4):
        clock.move(days=59)
        assert visitor.page("/me/profile").status_code == 200
    cookie = visitor.client.get_cookie("loket")
    assert cookie and cookie.expires and cookie.expires - datetime.now(UTC) > timedelta(days=365)
    clock.move(days=60)
    assert visitor.page("/me/profile").status_code == 303


def test_a_changed_phone_ends_a_customers_sessions(app: Flask) -> None:
    budi, ani = factories.customer(), factories.customer()
    his, hers = seat(app, budi), seat(app, ani)
    customers.end_sessions(db.session.get_one(Customer, budi.id))
    db.session.commit()
    assert his.page("/me/profile").status_code == 303
    assert hers.page("/me/profile").status_code == 200


def test_a_token_opens_only_its_own_kind_and_person(app: Flask, siti: Staff) -> None:
    budi = factories.customer()
    ani = factories.staff("ani@example.test")
    token = sessions.open_session(sessions.STAFF, siti.id)
    db.session.commit()
    assert sessions.check("staff", siti.id, token)
    assert not sessions.check("staff", ani.id, token)
    assert not sessions.check("customer", siti.id, token)
    assert not sessions.check("customer", budi.id, token)
    assert not sessions.check("staff", siti.id, token + "x")
    with pytest.raises(ValueError, match="no such kind"):
        sessions.open_session("robot", 1)
    db.session.rollback()


def test_a_planted_cookie_is_another_after_logging_in(app: Flask, siti: Staff) -> None:
    """Fixation: whatever was in the browser before is not what is logged in afterwards."""
    attacker = seat(app, factories.staff("eve@example.test", role="support"))
    planted = attacker.identity()
    victim = Person(app)
    victim.page("/admin/login")
    with victim.client.session_transaction("/admin/") as session:
        session["_id"], session["planted"], token = "x", "y", session["csrf_token"]
    victim.log_in(siti.email, factories.PASSWORD)
    assert victim.identity().startswith(f"staff:{siti.id}:") and victim.identity() != planted
    with victim.client.session_transaction("/admin/") as session:
        assert "planted" not in session and session.get("csrf_token") != token


def test_seen_is_noted_once_a_minute(app: Flask, siti: Staff, clock: FixedClock) -> None:
    visitor = seat(app, siti)
    written: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("UPDATE", "INSERT", "DELETE")):
            written.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    for seconds, writes in ((0, 0), (59, 0), (1, 1), (1, 1), (58, 1), (1, 2)):
        clock.move(seconds=seconds)
        assert inside(visitor)
        assert len(written) == writes, (seconds, written)
    event.remove(db.engine, "before_cursor_execute", note)
    assert all("login_session" in statement for statement in written)


def test_a_busy_database_delays_no_page(app: Flask, siti: Staff, clock: FixedClock) -> None:
    """Somebody writes for long: the page comes, the note waits for the next one."""
    visitor = seat(app, siti)
    clock.move(minutes=2)
    with db.engine.connect() as writer:
        writer.exec_driver_sql("UPDATE login_session SET agent = 'x'")
        assert inside(visitor)
        writer.rollback()
    (row,) = factories.every(SessionRow)
    assert row.seen_at < clock.wall()
    assert inside(visitor)
    assert factories.every(SessionRow)[0].seen_at == clock.wall()


def test_a_clock_set_back_logs_nobody_out(app: Flask, siti: Staff, clock: FixedClock) -> None:
    visitor = seat(app, siti)
    clock.move(days=-3)
    assert inside(visitor)


def test_the_dead_are_forgotten(app: Flask, siti: Staff, clock: FixedClock) -> None:
    budi = factories.customer()
    seat(app, siti)
    seat(app, budi)
    clock.move(hours=1)
    living = seat(app, siti)
    assert sessions.forget_dead() == 1
    db.session.commit()
    assert [row.kind for row in factories.every(SessionRow)] == ["customer", "staff"]
    assert inside(living)
    clock.move(days=61)
    assert sessions.forget_dead() == 2
    db.session.commit()


def test_logging_out_while_a_request_runs(app: Flask, siti: Staff) -> None:
    """The request under way ends as it began; its cookie opens nothing any more."""
    visitor = seat(app, siti)
    began, ended = threading.Event(), threading.Event()

    def slow() -> str:
        began.set()
        assert ended.wait(30)
        return "late"

    slow.access = ("staff", "")  # type: ignore[attr-defined]
    app.add_url_rule("/admin/slow", "slow", slow)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(visitor.client.get, "/admin/slow")
        assert began.wait(30)
        sessions.end_all(sessions.STAFF, siti.id)
        db.session.commit()
        ended.set()
        assert running.result(30).text == "late"
    assert factories.every(SessionRow) == [] and not inside(visitor)


def test_a_proof_brings_no_ended_session_back(app: Flask, siti: Staff) -> None:
    token = sessions.open_session(sessions.STAFF, siti.id)
    db.session.commit()
    with app.test_request_context(method="POST"):
        assert sessions.check(sessions.STAFF, siti.id, token) and sessions.is_fresh()
        sessions.end(token)
        assert not sessions.prove()
        db.session.commit()
    assert factories.every(SessionRow) == []


def test_devices_are_listed_in_words(app: Flask, siti: Staff, clock: FixedClock) -> None:
    phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
    login = {"User-Agent": phone}
    with app.test_request_context(headers=login, environ_base={"REMOTE_ADDR": "36.72.9.8"}):
        sessions.open_session(sessions.STAFF, siti.id)
        db.session.commit()
    clock.move(minutes=3)
    visitor = seat(app, siti)
    text = visitor.page("/admin/account").text
    assert "Chrome di Android" in text and "36.72.x.x" in text and "36.72.9.8" not in text
    found = sessions.of(sessions.STAFF, siti.id)
    assert [one.agent for one in found] == ["Perangkat tidak dikenal", "Chrome di Android"]
    assert not any(one.current for one in found)
    clock.move(hours=13)
    assert sessions.of(sessions.STAFF, siti.id) == []


AGENTS = [
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1", "Safari di iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge di Windows"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Firefox/127.0", "Firefox di Linux"),
    ("curl/8.5", "Perangkat tidak dikenal"),
    ("", "Perangkat tidak dikenal"),
]


def test_agents_in_words(app: Flask) -> None:
    for agent, words in AGENTS:
        assert agents.in_words(agent) == words


def test_addresses_without_their_end() -> None:
    assert agents.masked("36.72.9.8") == "36.72.x.x"
    assert agents.masked("2001:db8:1:2::5") == "2001:db8:…"
    assert agents.masked("") == ""


@pytest.mark.parametrize("url", ["/icon-192.png", "/manifest.webmanifest"])
def test_no_cookie_goes_out_with_what_others_may_keep(app: Flask, url: str) -> None:
    """A proxy that keeps the answer for everybody would keep somebody's login with it."""
    browser = seat(app, factories.customer())
    answer = browser.client.get(url)
    assert answer.cache_control.public and "Set-Cookie" not in answer.headers
    assert "Cookie" in answer.headers["Vary"]
    assert "Set-Cookie" in browser.client.get("/me/invoices").headers, "elsewhere it is renewed"
