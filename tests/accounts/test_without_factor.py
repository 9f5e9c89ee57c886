"""Without a second factor again, or never without one: turning it off, resets, compulsory roles."""

from flask import Flask
from flask.testing import FlaskCliRunner

from portal.accounts.models import Staff
from portal.accounts.models_sessions import RecoveryCode
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.settings import service as settings
from tests import factories
from tests.accounts.hands import Person, arm, seat
from tests.accounts.test_second_factor import audited, set_up
from tests.visitor import target


def test_turning_it_off(app: Flask, siti: Staff, clock: FixedClock) -> None:
    arm(siti)
    visitor, other = seat(app, siti), seat(app, siti)
    visitor.page("/admin/account")
    visitor.post("/admin/account/totp/off")
    assert factories.fresh(Staff, siti.id).totp_secret is None
    assert factories.every(RecoveryCode) == [] and "staff.totp_off" in audited()
    assert other.page("/admin/account").status_code == 303
    assert target(Person(app).log_in(siti.email, factories.PASSWORD)).rstrip("/") == "/admin"


def test_an_owner_resets_anothers(app: Flask, siti: Staff, clock: FixedClock) -> None:
    ani = factories.staff("ani@example.test", role="finance")
    arm(ani)
    hers, owner = seat(app, ani), seat(app, siti)
    hers.page("/admin/account")
    assert hers.post(f"/admin/staff/{siti.id}/totp/reset").status_code == 403
    owner.page("/admin/account")
    assert owner.post(f"/admin/staff/{ani.id}/totp/reset").status_code == 303
    assert owner.post("/admin/staff/99999/totp/reset").status_code == 404
    assert factories.fresh(Staff, ani.id).totp_since is None
    assert hers.page("/admin/account").status_code == 303


def test_a_role_that_must_have_one_opens_nothing_else(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    ani = factories.staff("ani@example.test", role="support")
    hers, owner = seat(app, ani), seat(app, siti)
    settings.change("login.totp_roles", ["support"])
    db.session.commit()
    assert target(hers.page("/admin/customers")) == "/admin/account/totp"
    fragment = hers.client.get("/admin/customers", headers={"HX-Request": "true"})
    assert (fragment.status_code, target(fragment)) == (204, "/admin/account/totp")
    assert "mewajibkan" in hers.page("/admin/account").text
    assert owner.page("/admin/customers").status_code == 200
    set_up(hers, clock)
    assert hers.page("/admin/customers").status_code == 200


def test_commands_for_who_lost_everything(
    app: Flask, siti: Staff, runner: FlaskCliRunner, clock: FixedClock
) -> None:
    arm(siti)
    visitor = seat(app, siti)
    reset = runner.invoke(args=["staff", "totp-off", "--email", "SITI@example.test"])
    db.session.rollback()
    assert reset.exit_code == 0, reset.output
    assert factories.fresh(Staff, siti.id).totp_since is None
    assert visitor.page("/admin/account").status_code == 303
    visitor = seat(app, siti)
    given = runner.invoke(
        args=["staff", "password", "--email", siti.email, "--password-stdin"],
        input="empat kata yang baru\n",
    )
    db.session.rollback()
    assert given.exit_code == 0 and "empat" not in given.output, given.output
    assert visitor.page("/admin/account").status_code == 303
    answer = Person(app).log_in(siti.email, "empat kata yang baru")
    assert target(answer).rstrip("/") == "/admin"
    for args, said in (
        (["totp-off", "--email", "x@example.test"], "no such"),
        (["password", "--email", siti.email, "--password-stdin"], "paling sedikit 8"),
    ):
        failed = runner.invoke(args=["staff", *args], input="pendek\n")
        assert failed.exit_code == 1 and said in failed.output, failed.output
