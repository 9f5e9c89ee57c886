"""Bulk actions: whom exactly, who is left out and why, once whatever happens, taking back."""

import re
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select

from portal.customers.models import Area, Customer
from portal.desk import bulk
from portal.desk.models import BulkItem, BulkRun
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging.models import Message
from portal.network.models_isolation import PaymentPromise
from portal.subscriptions.models import PlanChange, Subscription
from tests import factories
from tests.desk.conftest import Enter
from tests.visitor import Visitor, target

BULK = "/admin/bulk"


def hidden(html: str) -> dict[str, list[str]]:
    """The hidden fields of the form that confirms."""
    form = html.split(f'action="{BULK}"')[1]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


def confirm(visitor: Visitor, html: str, **more: str):  # type: ignore[no-untyped-def]
    form = {name: values if len(values) > 1 else values[0] for name, values in hidden(html).items()}
    return visitor.post(BULK, **{**form, "csrf_token": visitor.token, **more})


def run_it(visitor: Visitor, **form: object) -> BulkRun:
    """Preview, confirm, work off."""
    seen = visitor.post(f"{BULK}/preview", **form)  # type: ignore[arg-type]
    assert seen.status_code == 200, seen.text
    confirm(visitor, seen.text)
    bulk.continue_all()
    return factories.every(BulkRun)[-1]


def results() -> dict[int, tuple[str, str]]:
    return {one.customer_id: (one.state, one.reason) for one in factories.every(BulkItem)}


def test_moving_everybody_of_a_filter(enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    ids = {name: one.id for name, one in people.items()}
    seen = ani.post(f"{BULK}/preview", which="all", q="PLG", action="area", to_area="Cibiru")
    assert "3 pelanggan" in seen.text and "Sudah di area itu." in seen.text
    assert "Kerjakan untuk 1 pelanggan" in seen.text
    confirm(ani, seen.text)
    assert factories.every(BulkRun)[0].total == 3
    bulk.continue_all()
    assert results() == {
        ids["budi"]: ("skipped", "Sudah di area itu."),
        ids["tini"]: ("done", ""),
        ids["joko"]: ("skipped", "Sudah di area itu."),
    }
    assert factories.fresh(Customer, ids["tini"]).area.name == "Cibiru"
    run = factories.every(BulkRun)[0]
    assert run.state == "done"
    entry = next(e for e in factories.every(AuditEntry) if e.subject == f"customer:{ids['tini']}")
    assert entry.actor == f"staff:{run.staff_id}" and entry.action == "customer.change"
    # And back, but not who was moved again since.
    ani.post(f"{BULK}/{run.id}/undo")
    bulk.continue_all()
    assert factories.fresh(Customer, ids["tini"]).area.name == "Ujungberung"
    assert factories.fresh(BulkRun, run.id).state == "undone"
    text = ani.page(f"{BULK}/{run.id}").text
    assert "Diurungkan" in text and "every 2s" not in text


def test_a_second_press_is_the_same_run(enter: Enter, people: dict[str, Customer]) -> None:
    ani, ids = enter("support"), [str(people["tini"].id)]
    seen = ani.post(f"{BULK}/preview", which="some", id=ids, action="area", to_area="Cibiru")
    places = {target(confirm(ani, seen.text)) for _press in range(2)}
    assert len(places) == 1 and len(factories.every(BulkRun)) == 1
    bulk.continue_all()
    bulk.continue_all()
    assert results() == {people["tini"].id: ("done", "")}


def test_a_changed_number_is_shown_again(enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    seen = ani.post(f"{BULK}/preview", which="all", q="PLG", action="area", to_area="Baru")
    factories.customer("PLG-1009")
    answer = confirm(ani, seen.text)
    assert answer.status_code == 422 and "Daftarnya berubah" in answer.text
    assert not factories.every(BulkRun)
    confirm(ani, answer.text)
    assert factories.every(BulkRun)[0].total == 4


def test_above_fifty_the_count_is_typed(enter: Enter) -> None:
    for n in range(51):
        factories.customer(f"PLG-{3000 + n}")
    ani = enter("support")
    seen = ani.post(f"{BULK}/preview", which="all", action="area", to_area="Baru")
    assert "Ketik 51 untuk menyetujui" in seen.text
    for typed in ("", "50", "x"):
        assert confirm(ani, seen.text, count=typed).status_code == 422
    assert not factories.every(BulkRun)
    assert target(confirm(ani, seen.text, count="51"))


def test_nobody_outside_of_ones_areas(enter: Enter, people: dict[str, Customer]) -> None:
    """Actions on many are not for those who look things up; each action has its permission."""
    assert enter("collector", "Cibiru").get(f"{BULK}/new?which=all").status_code == 403
    assert enter("technician").post(BULK, action="area").status_code == 403
    # Support may not send broadcasts, so it may not send to many here either.
    ani = enter("support")
    form = {"which": "all", "action": "message", "text": "Halo"}
    assert ani.post(f"{BULK}/preview", **form).status_code == 403
    assert ani.post(BULK, **form, once="x", seen="3/3").status_code == 403


def test_messages_go_once_to_who_wants_them(enter: Enter, people: dict[str, Customer]) -> None:
    factories.subscription(factories.customer("PLG-1004", phone="+6281234567890"))
    siti = enter("finance")
    run = run_it(siti, which="all", action="message", text="Halo semua")
    sent = factories.every(Message)
    # Two behind one number with the same text: one message.
    assert sorted(one.recipient for one in sent) == sorted(one.phone for one in people.values())
    assert {one.kind for one in sent} == {"broadcast"} and {one.batch for one in sent} == {
        f"bulk:{run.id}"
    }
    assert [one[0] for one in results().values()].count("skipped") == 1
    siti.post(f"{BULK}/{run.id}/undo")
    bulk.continue_all()
    assert {one.state for one in factories.every(Message)} == {"cancelled"}


@pytest.mark.parametrize("action", ["plan", "pause", "promise"])
def test_lines_and_promises(enter: Enter, people: dict[str, Customer], action: str) -> None:
    """Done for whom it fits, the others named, and taken back."""
    plan = factories.plan("Rumah 50 Mbps", 250_000)
    form = {
        "plan": {"to_plan": str(plan.id), "reason": "Promo"},
        "pause": {"wake_on": "2026-12-24", "reason": "Libur"},
        "promise": {"until_on": "2026-11-28", "reason": "Gajian"},
    }[action]
    siti = enter("owner")
    run = run_it(siti, which="all", action=action, **form)
    done = {who for who, (state, _why) in results().items() if state == "done"}
    fit = {
        "plan": {people["budi"].id, people["tini"].id},
        "pause": {people["budi"].id},
        "promise": {people["tini"].id},
    }[action]
    assert done == fit
    assert all(why for state, why in results().values() if state == "skipped")
    check = {"plan": planned, "pause": paused, "promise": promised}[action]
    assert check() == len(fit)
    siti.post(f"{BULK}/{run.id}/undo")
    bulk.continue_all()
    assert check() == 0 and {s for s, _why in results().values()} == {"skipped", "undone"}


def planned() -> int:
    return len([one for one in factories.every(PlanChange) if one.cancelled_at is None])


def paused() -> int:
    lines = factories.every(Subscription)
    return len([one for one in lines if one.state == "paused" and one.login != "joko.03"])


def promised() -> int:
    return len([one for one in factories.every(PaymentPromise) if one.withdrawn_on is None])


@pytest.mark.parametrize(
    "form",
    [
        {"action": "area", "to_area": ""},
        {"action": "plan", "to_plan": "99", "reason": "x"},
        {"action": "plan", "to_plan": "", "reason": ""},
        {"action": "pause", "wake_on": "2026-11-21", "reason": "x"},
        {"action": "pause", "wake_on": "", "reason": ""},
        {"action": "promise", "until_on": "2030-01-01", "reason": "x"},
        {"action": "message", "text": ""},
        {"action": "message", "text": "[[oops]]"},
    ],
)
def test_a_wrong_form_says_so(
    enter: Enter, people: dict[str, Customer], form: dict[str, str]
) -> None:
    answer = enter("owner").post(f"{BULK}/preview", which="all", **form)
    assert answer.status_code == 422 and 'class="err"' in answer.text
    assert "3 pelanggan" in answer.text


def test_stopping_and_odd_selections(enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    assert "Belum ada pelanggan yang dipilih." in ani.page(f"{BULK}/new?which=some").text
    odd = ["abc", "-1", "999999", "9" * 30, str(people["tini"].id)]
    seen = ani.post(f"{BULK}/preview", which="some", id=odd, action="area", to_area="Cibiru")
    assert "Kerjakan untuk 1 pelanggan" in seen.text
    confirm(ani, seen.text)
    run = factories.every(BulkRun)[0]
    ani.post(f"{BULK}/{run.id}/stop")
    bulk.continue_all()
    assert results() == {people["tini"].id: ("skipped", "Dihentikan.")}
    assert factories.fresh(Customer, people["tini"].id).area.name == "Ujungberung"


@pytest.fixture
def waiting(enter: Enter, people: dict[str, Customer]) -> Callable[[], int]:
    """A confirmed run of promises nobody worked off yet; says how many promises there are."""
    for n in range(4):
        factories.invoice(factories.subscription(factories.customer(f"PLG-{4000 + n}")))
    siti = enter("owner")
    form = {"until_on": "2026-11-28", "reason": "Gajian"}
    seen = siti.post(f"{BULK}/preview", which="all", action="promise", **form)
    confirm(siti, seen.text)
    return promised


def test_a_death_neither_doubles_nor_loses(app: Flask, waiting: Callable[[], int]) -> None:
    """Dying between doing and committing, again and again."""
    deaths = iter([True, False, True, True, False, False])

    def die(name: str) -> None:
        if name == "bulk.done" and next(deaths, False):
            raise KeyboardInterrupt

    app.extensions["loket.checkpoint"] = die
    for _try in range(4):
        with suppress(KeyboardInterrupt):
            bulk.continue_all()
        db.session.rollback()
    bulk.continue_all()
    assert waiting() == 5
    assert sorted(state for state, _why in results().values()) == ["done"] * 5 + ["skipped"] * 2


def test_two_workers_at_one_run(app: Flask, waiting: Callable[[], int]) -> None:
    def work() -> None:
        with app.app_context():
            bulk.continue_all()
            db.session.remove()

    workers = [Thread(target=work) for _n in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert waiting() == 5
    finished = [e for e in factories.every(AuditEntry) if e.action == "bulk.finish"]
    assert len(finished) == 1 and factories.every(BulkRun)[0].state == "done"


def test_areas(enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    text = ani.page("/admin/areas").text
    assert "Cibiru" in text and "Rp165.000" in text
    for name in ("Cibiru", " ", "n" * 81):
        assert ani.post("/admin/areas", name=name).status_code == 422
    ani.post("/admin/areas", name="  Dago  Atas ")
    cibiru = people["budi"].area_id
    assert ani.post(f"/admin/areas/{cibiru}", name="Dago Atas").status_code == 422
    ani.post(f"/admin/areas/{cibiru}", name="Cibiru Hilir")
    names = db.session.scalars(select(Area.name).order_by(Area.name)).all()
    db.session.rollback()
    assert names == ["Cibiru Hilir", "Dago Atas", "Ujungberung"]
