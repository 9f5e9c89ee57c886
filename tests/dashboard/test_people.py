"""The staff's own pages: adding, changing, switching off, the last owner, the permission grid."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import people, roles, sessions
from portal.accounts.models import Staff
from portal.accounts.permission_words import WORDS
from portal.accounts.roles import Change
from portal.accounts.service import StaffError
from portal.config import ROOT
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.web.access import OWNER, OWNER_ONLY, PERMISSIONS
from tests import factories
from tests.visitor import Visitor


def at(app: Flask, person: Staff, first: str = "/admin/staff") -> Visitor:
    visitor = Visitor(app)
    factories.log_in(visitor.client, person)
    visitor.page(first)
    return visitor


@pytest.fixture
def owner() -> Staff:
    return factories.staff()


@pytest.fixture
def desk(app: Flask, owner: Staff) -> Visitor:
    return at(app, owner)


def fresh(person: Staff) -> Staff:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Staff, person.id)


def audited(action: str) -> list[AuditEntry]:
    db.session.rollback()
    found = list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == action)))
    db.session.expunge_all()
    db.session.rollback()
    return found


def test_somebody_new_gets_a_link_and_sets_the_password(app: Flask, desk: Visitor) -> None:
    answer = desk.post("/admin/staff/new", name="Rina", email="Rina@x.test", role="finance")
    assert answer.status_code == 200
    link = answer.text.split('id="f-link" value="')[1].split('"')[0]
    assert link not in desk.page("/admin/staff").text
    assert "Menunggu kata sandi" in desk.page("/admin/staff").text
    rina = Visitor(app)
    path = "/" + link.split("/", 3)[3]
    assert "rina@x.test" in rina.page(path).text
    rina.post(path, password="tiga kuda merah", again="tiga kuda merah")
    rina.page("/admin/login")
    rina.post("/admin/login", email="rina@x.test", password="tiga kuda merah")
    assert rina.get("/admin").status_code == 200
    assert rina.get("/admin/staff").status_code == 403
    assert "Menunggu kata sandi" not in desk.page("/admin/staff").text


def test_what_will_not_do_is_said_and_nothing_is_lost(desk: Visitor, owner: Staff) -> None:
    for typed, said in (
        ({"name": "Rina", "email": owner.email, "role": "finance"}, "sudah dipakai"),
        ({"name": "Rina", "email": "x", "role": "finance"}, "tidak sah"),
        ({"name": "Rina", "email": "x@y.test", "role": "king"}, "Peran tidak dikenal"),
    ):
        answer = desk.post("/admin/staff/new", **typed)
        assert answer.status_code == 422 and said in answer.text
        assert 'value="Rina"' in answer.text
        assert desk.post(f"/admin/staff/{owner.id}", **typed).status_code in {303, 422}
    assert fresh(owner).role == OWNER


def test_another_role_ends_the_sessions_and_is_audited(app: Flask, desk: Visitor) -> None:
    rina = factories.staff(role="finance", email="rina@x.test")
    hers = at(app, rina, "/admin")
    desk.post(f"/admin/staff/{rina.id}", name="Rina", email="rina@x.test", role="support")
    assert hers.get("/admin").status_code == 303
    entry = audited("staff.change")[0]
    assert (entry.before["role"], entry.after["role"]) == ("finance", "support")
    assert "email" not in entry.after


def test_switching_off_is_at_once_and_can_be_undone(app: Flask, desk: Visitor) -> None:
    rina = factories.staff(role="finance", email="rina@x.test")
    hers = at(app, rina, "/admin")
    assert desk.post(f"/admin/staff/{rina.id}/off").status_code == 303
    assert hers.get("/admin").status_code == 303
    assert "Dimatikan" in desk.page("/admin/staff").text
    hers.page("/admin/login")
    hers.post("/admin/login", email="rina@x.test", password=factories.PASSWORD)
    assert hers.get("/admin").status_code == 303
    desk.post(f"/admin/staff/{rina.id}/on")
    hers.page("/admin/login")
    hers.post("/admin/login", email="rina@x.test", password=factories.PASSWORD)
    assert hers.get("/admin").status_code == 200
    assert len(audited("staff.off")) == len(audited("staff.on")) == 1


def test_the_last_owner_stays(desk: Visitor, owner: Staff) -> None:
    url = f"/admin/staff/{owner.id}"
    for answer in (
        desk.post(f"{url}/off"),
        desk.post(url, name="S", email=owner.email, role="finance"),
    ):
        assert answer.status_code == 422 and "pemilik terakhir" in answer.text
    assert fresh(owner).active and fresh(owner).role == OWNER
    other = factories.staff()
    people.switch(fresh(other), on=False)
    db.session.commit()
    with pytest.raises(StaffError):
        people.switch(fresh(owner), on=False)
    db.session.rollback()
    people.switch(fresh(other), on=True)
    db.session.commit()
    assert people.switch(fresh(owner), on=False)
    db.session.rollback()


def test_a_collectors_areas_are_named(app: Flask, desk: Visitor) -> None:
    collector = factories.staff(role="collector")
    budi = factories.customer(area="Cibiru Hilir")
    area = db.session.get_one(type(budi.area), budi.area_id)
    area.collector_id = collector.id
    db.session.commit()
    assert "Cibiru Hilir" in desk.page("/admin/staff").text
    assert "Cibiru Hilir" in desk.page(f"/admin/staff/{collector.id}").text


def test_every_permission_and_role_has_words() -> None:
    assert set(WORDS) >= PERMISSIONS[OWNER]
    assert all(PERMISSIONS[role] <= PERMISSIONS[OWNER] for role in PERMISSIONS)
    for one in ("settings", "staff", "corrections"):
        assert WORDS[one].danger, one


def test_the_documentation_names_every_permission() -> None:
    text = (ROOT / "docs" / "staff.md").read_text(encoding="utf-8")
    assert [one for one in PERMISSIONS[OWNER] if f"`{one}`" not in text] == []


def grid_form(**more: list[str]) -> dict[str, object]:
    form: dict[str, object] = {}
    for role, permissions in roles.grid().items():
        if role != OWNER:
            form[role], form[f"has-{role}"] = sorted(permissions), "1"
    db.session.rollback()
    return {**form, **more}


def test_giving_and_taking_holds_at_once(app: Flask, desk: Visitor) -> None:
    hers = at(app, factories.staff(role="support"), "/admin")
    assert hers.get("/admin/reports").status_code == 403
    with_reports = sorted(PERMISSIONS["support"] - {"messages"} | {"reports"})
    form = grid_form(support=with_reports)
    asked = desk.post("/admin/staff/roles", **form)  # type: ignore[arg-type]
    assert asked.status_code == 200 and "Laporan" in asked.text and "dicabut" in asked.text
    assert hers.get("/admin/reports").status_code == 403, "asked only"
    done = desk.post("/admin/staff/roles", confirm="1", **form)  # type: ignore[arg-type]
    assert done.status_code == 303
    assert hers.get("/admin/reports").status_code == 200
    assert hers.get("/admin/messages").status_code == 403
    assert "/admin/messages" not in hers.get("/admin").text
    entry = audited("role.change")[0]
    assert "reports" in entry.after["permissions"] and "messages" in entry.before["permissions"]
    back = grid_form(support=sorted(PERMISSIONS["support"]))
    desk.post("/admin/staff/roles", confirm="1", **back)  # type: ignore[arg-type]
    assert roles.changes_of("support") == {}, "as it was: nothing is kept"
    db.session.rollback()
    assert hers.get("/admin/messages").status_code == 200


def test_what_stays_the_owners_cannot_be_given(app: Flask, desk: Visitor) -> None:
    for form in (
        grid_form(finance=[*PERMISSIONS["finance"], "staff"]),
        grid_form(finance=[*PERMISSIONS["finance"], "no-such"]),
    ):
        answer = desk.post("/admin/staff/roles", confirm="1", **form)  # type: ignore[arg-type]
        assert answer.status_code == 422
    for change in (Change("finance", "staff", True), Change(OWNER, "settings", False)):
        with pytest.raises(roles.RoleError):
            roles.apply([change], None)
    db.session.rollback()


def test_rows_written_past_the_pages_neither_rob_the_owner_nor_make_one(
    app: Flask, desk: Visitor
) -> None:
    from portal.accounts.models_roles import RoleGrant
    from portal.infra.timekeeping import now

    for role, permission, granted in (
        (OWNER, "settings", False),
        ("finance", "staff", True),
        ("finance", "nonsense", True),
    ):
        about = {"role": role, "permission": permission, "granted": granted}
        db.session.add(RoleGrant(**about, changed_at=now()))
    db.session.commit()
    assert desk.get("/admin/settings").status_code == 200
    assert at(app, factories.staff(role="finance"), "/admin").get("/admin/staff").status_code == 403
    assert roles.grid()["finance"] == PERMISSIONS["finance"]
    db.session.rollback()
    assert not any(OWNER_ONLY & roles.grid()[role] for role in roles.CHANGEABLE)
    db.session.rollback()


def test_who_loses_the_first_page_lands_elsewhere(app: Flask, desk: Visitor) -> None:
    form = grid_form(technician=["install"])
    desk.post("/admin/staff/roles", confirm="1", **form)  # type: ignore[arg-type]
    answer = at(app, factories.staff(role="technician"), "/admin/orders").get("/admin")
    assert answer.status_code == 303 and answer.location.endswith("/admin/orders")


def test_out_of_every_device(app: Flask, desk: Visitor) -> None:
    rina = factories.staff(role="finance")
    hers = at(app, rina, "/admin")
    assert len(sessions.of(sessions.STAFF, rina.id)) == 1
    db.session.rollback()
    desk.post(f"/admin/staff/{rina.id}/out")
    assert hers.get("/admin").status_code == 303
