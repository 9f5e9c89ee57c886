"""Bulk actions when somebody else works, too: before confirming, and before taking back."""

from datetime import date

import pytest

from portal.customers.models import Customer
from portal.desk import bulk
from portal.desk.models import BulkRun
from portal.extensions import db
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
