"""The routers' page: how they are, what waits for them, secrets that never come back."""

import json

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, wall
from portal.network import isolation, overview, registry
from portal.network.models import NetworkAccess, Router
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor
from tests.web.house import somebody

URL = "/admin/routers"
SECRET = "tak-boleh-terlihat"


@pytest.fixture
def owner(app: Flask) -> Visitor:
    return somebody(app, factories.staff())


def router(name: str = "Olt 1", **config: str) -> int:
    made = registry.ensure_router(
        name, "simulator", {"base_url": "http://127.0.0.1:9", "token": SECRET, **config}
    )
    found = made.id
    db.session.commit()
    return found


def on(router_id: int, state: str = "isolated", actual: str = "open", **access: object) -> int:
    line_id = factories.subscription(state=state).id
    db.session.get_one(Subscription, line_id).router_id = router_id
    row = isolation.access_row(line_id)
    row.actual = actual
    for name, value in access.items():
        setattr(row, name, value)
    db.session.commit()
    return line_id


def test_a_router_is_silent_when_it_is_asked_in_vain(app: Flask) -> None:
    one, other = router(), router("Olt 2")
    on(one, last_error="Tidak menjawab.", attempts=5)
    on(one, actual="isolated")
    on(other, last_error="Tidak menjawab.", attempts=5, applied_at=now())
    on(other, state="ended", actual="open", last_error="x", attempts=9)
    found = {line.name: line for line in overview.routers()}
    assert (found["Olt 1"].lines, found["Olt 1"].isolated, found["Olt 1"].waiting) == (2, 2, 1)
    assert found["Olt 1"].silent and found["Olt 1"].last_error == "Tidak menjawab."
    # It answered just now: one line fails for a reason of its own.
    assert not found["Olt 2"].silent and found["Olt 2"].level == "warn"
    assert [line.name for line in overview.silent()] == ["Olt 1"]


def test_what_waits_is_listed_and_asked_again_now(owner: Visitor) -> None:
    waits = on(router(), last_error="Tidak menjawab.", attempts=2)
    fine = on(router("Olt 2"), actual="isolated")
    login, calm = (db.session.get_one(Subscription, one).login for one in (waits, fine))
    db.session.rollback()
    html = owner.page(URL).text
    assert f">{login}<" in html and f">{calm}<" not in html and "Tidak menjawab." in html
    assert owner.post(f"{URL}/lines/{waits}/retry").status_code == 303
    assert factories.fresh(NetworkAccess, waits).next_at <= wall()


def test_secrets_are_kept_and_never_shown(owner: Visitor) -> None:
    found = router()
    page = owner.page(f"{URL}/{found}").text
    assert SECRET not in page and "kosongkan bila tidak diubah" in page
    form = {"driver": "simulator", "name": "Olt utama", "cfg-base_url": "http://127.0.0.1:8"}
    assert owner.post(f"{URL}/{found}", **form, **{"cfg-token": ""}).status_code == 303
    kept = json.loads(factories.fresh(Router, found).config)
    assert kept == {"base_url": "http://127.0.0.1:8", "token": SECRET}
    entry = factories.every(AuditEntry)[-1]
    assert entry.action == "router.change" and entry.after["config"] == "diubah"
    assert SECRET not in json.dumps([entry.before, entry.after])


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": ""}, "Nama wajib diisi"),
        ({"name": "Olt 1"}, "Nama router ini sudah dipakai."),
        ({"cfg-base_url": ""}, "wajib diisi."),
    ],
)
def test_what_is_wrong_is_said_and_the_secret_is_not_repeated(
    owner: Visitor, form: dict[str, str], sentence: str
) -> None:
    router()
    good = {"driver": "simulator", "name": "Baru", "cfg-base_url": "http://127.0.0.1:8"}
    answer = owner.post(f"{URL}/new", **{**good, "cfg-token": "rahasia-baru", **form})
    assert answer.status_code == 422 and sentence in answer.text
    assert "rahasia-baru" not in answer.text
    assert len(factories.every(Router)) == 1


def test_only_one_router_is_the_main_one(owner: Visitor) -> None:
    first = router()
    form = {"driver": "manual", "name": "Olt 2", "is_default": "1"}
    owner.post(f"{URL}/new", **form)
    default = {row.name: row.is_default for row in factories.every(Router)}
    assert default == {"Olt 1": False, "Olt 2": True}
    assert factories.fresh(Router, first).is_default is False


def test_a_test_of_the_connection_says_what_it_heard(owner: Visitor) -> None:
    found = router()
    owner.post(f"{URL}/{found}/test")
    assert "Olt 1: " in owner.page(URL).text


def test_a_technician_looks_and_tests_but_changes_nothing(app: Flask) -> None:
    found = router()
    desk = somebody(app, factories.staff(role="technician"))
    html = desk.page(URL).text
    assert "Coba sambungan" in html and "Tambah router" not in html
    assert desk.page(f"{URL}/{found}").status_code == 403
    assert desk.post(f"{URL}/{found}", name="x").status_code == 403
    assert desk.post(f"{URL}/{found}/test").status_code == 303
    assert desk.page("/admin/isolation").status_code == 200
