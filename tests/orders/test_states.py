"""The state machine: whatever is asked of an order, in whatever order, only the table happens."""

import itertools

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.orders import work
from portal.orders.models import ServiceOrder
from portal.orders.moving import ServiceOrderError, move
from portal.orders.states import STATES, TRANSITIONS, State, sources
from portal.plans.models import Plan
from tests import factories
from tests.orders.conftest import now_of, place


def test_nothing_leaves_an_end_and_nothing_becomes_pending() -> None:
    assert {source for source, _target in TRANSITIONS} & {"done", "cancelled"} == set()
    assert sources("pending") == ()
    reached, last = {"pending"}, set()
    while reached != last:
        last, reached = reached, reached | {t for s, t in TRANSITIONS if s in reached}
    assert reached == set(STATES)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(STATES, STATES)))
def test_the_table_is_the_whole_truth(app: Flask, plan: Plan, source: State, target: State) -> None:
    order = place(plan)
    db.session.execute(update(ServiceOrder).values(state=source))
    db.session.commit()
    moved = move(order.id, target)
    db.session.commit()
    assert moved == ((source, target) in TRANSITIONS)
    assert now_of(order.id).state == (target if moved else source)


VERBS = {
    "accept": lambda order, staff: work.accept(order, "tunai"),
    "take": work.take,
    "schedule": lambda order, staff: work.schedule(order, today(), "Pagi"),
    "give_back": lambda order, staff: work.give_back(order, "hujan"),
    "cancel": lambda order, staff: work.cancel(order, "batal"),
    "expire": lambda order, staff: move(order, "expired"),
    "pay": lambda order, staff: move(order, "queued", only_from=("pending", "expired")),
}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from([*VERBS, "finish"]), max_size=8))
def test_any_sequence_of_verbs_walks_along_the_table(
    app: Flask, plan: Plan, steps: list[str]
) -> None:
    from portal.infra.timekeeping import now

    db.session.execute(update(ServiceOrder).values(placed_at=now().replace(year=2020)))
    db.session.commit()
    order, me = place(plan), factories.staff()
    for step in steps:
        before = now_of(order.id).state
        try:
            if step == "finish":
                done = work.Installed(f"sambungan-{order.id}", None, plan.id)
                moved = bool(work.finish(order.id, done, me.id))
            else:
                moved = VERBS[step](order.id, me.id)
            db.session.commit()
        except ServiceOrderError:
            db.session.rollback()
            moved = False
        after = now_of(order.id).state
        assert ((before, after) in TRANSITIONS) if moved else before == after
    steps_told = [
        row
        for row in factories.every(AuditEntry)
        if row.subject == f"service_order:{order.id}" and row.action != "service_order.place"
    ]
    walked = [(row.before["state"], row.after["state"]) for row in steps_told]
    assert all(pair in TRANSITIONS for pair in walked)
    assert not walked or walked[-1][1] == now_of(order.id).state
