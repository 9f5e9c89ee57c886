"""Bulk actions when somebody else works, too: before confirming, and before taking back."""

from contextlib import suppress
from datetime import date
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from flask import Flask

from portal.accounts.models_roles import RoleGrant
from portal.customers.models import Customer
from portal.desk import bulk
from portal.desk.models import BulkItem, BulkRun
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.invoices import lifecycle
from portal.subscriptions.models import Subscription
from tests import factories
from tests.desk.conftest import Enter
from tests.desk.test_bulk import BULK, confirm, paused, planned, results, run_it


def test_as_many_others_are_shown_again(enter: Enter, people: dict[str, Customer]) -> None:
    """Whoever is confirmed was seen: one gone and another come is another list."""
    ani = enter("support")
    seen = ani.post(f"{BULK}/preview", which="all", q="PLG", action="area", to_area="Baru")
    db.session.get_one(Customer, people["tini"].id).number = "LAIN-1"
    db.session.commit()
    factories.customer("PLG-1009")
    answer = confirm(ani, seen.text)
    assert answer.status_code == 422 and "Daftarnya berubah" in answer.text
    assert not factories.every(BulkRun)


@pytest.mark.parametrize("action", ["plan", "pause"])
def test_taking_back_leaves_what_somebody_did_since(
    enter: Enter, people: dict[str, Customer], action: str
) -> None:
    """Called off and asked for anew by a person: that is theirs, not the run's."""
    plan, other = factories.plan("Rumah 50 Mbps", 250_000), factories.plan("Rumah 99", 300_000)
    line = next(one for one in factories.every(Subscription) if one.login == "budi.01")
    form = {
        "plan": {"to_plan": str(plan.id), "reason": "Promo"},
        "pause": {"wake_on": "2026-12-24", "reason": "Libur"},
    }[action]
    siti, ids = enter("owner"), [str(people["budi"].id)]
    run = run_it(siti, which="some", id=ids, action=action, **form)
    if action == "plan":
        lifecycle.cancel_change(line.id, "x")
        quote = lifecycle.quote_change(line.id, other.id, at_once=False)
        lifecycle.change_plan(
            line.id, other.id, at_once=False, expected=quote.difference, reason="x"
        )
    else:
        lifecycle.wake(line.id, "x")
        lifecycle.pause(line.id, date(2026, 12, 1), "Pulang kampung")
    db.session.commit()
    siti.post(f"{BULK}/{run.id}/undo")
    bulk.continue_all()
    assert [state for state, _why in results().values()] == ["kept"]
    assert (planned() if action == "plan" else paused()) == 1


def test_two_presses_at_once_are_one_run(app: Flask, people: dict[str, Customer]) -> None:
    """Both looked before either wrote."""
    ids, staff_id = [people["tini"].id], factories.staff().id
    barrier, found = Barrier(2), []

    def look(name: str) -> None:
        if name == "bulk.looked":
            with suppress(BrokenBarrierError):  # SQLite lets one after the other in
                barrier.wait(1)

    app.extensions["loket.checkpoint"] = look

    def press() -> None:
        with app.app_context():
            run = bulk.start(bulk.ACTIONS["area"], ids, {"area": "X"}, "", staff_id, "same")
            db.session.commit()
            found.append(run.id)
            db.session.remove()

    presses = [Thread(target=press) for _n in range(2)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert len(found) == 2 and len(set(found)) == 1 and len(factories.every(BulkItem)) == 1


def test_a_collector_who_may_more_sees_no_runs_of_others(
    app: Flask, enter: Enter, people: dict[str, Customer]
) -> None:
    """The owner may give collectors the customers of their areas, not the names of the others."""
    ani = enter("support")
    run = run_it(ani, which="some", id=[str(people["tini"].id)], action="area", to_area="Baru")
    db.session.add(
        RoleGrant(role="collector", permission="customers", granted=True, changed_at=now())
    )
    db.session.commit()
    dodi = enter("collector", "Cibiru")
    assert dodi.get(f"{BULK}/{run.id}").status_code == 404
    assert dodi.post(f"{BULK}/{run.id}/undo").status_code == 404
    assert f"{BULK}/{run.id}" not in dodi.page(BULK).text
    other = f"/admin/customers/{people['tini'].id}"
    assert dodi.get(f"{other}/agreements").status_code == 404
    form = {"until_on": "2026-11-28", "reason": "Gajian"}
    assert dodi.post(f"{other}/promises", **form).status_code == 404
    mine = run_it(dodi, which="all", action="area", to_area="Lain")
    assert mine.total == 2 and dodi.get(f"{BULK}/{mine.id}").status_code == 200
