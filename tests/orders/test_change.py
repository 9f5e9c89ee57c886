"""A customer orders another plan; staff make it so, never dearer than agreed."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.invoices.models_terms import Charge
from portal.orders import service, work
from portal.orders.models import ServiceOrder
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.orders.conftest import now_of, offer
from tests.orders.test_page import key_of
from tests.visitor import Visitor, target


@pytest.fixture
def faster(app: Flask) -> Plan:
    made = factories.plan("Rumah 50 Mbps", 250_000)
    offer(made.id)
    return made


@pytest.fixture
def line(faster: Plan) -> Subscription:
    from portal.core.period import Period
    from portal.infra.timekeeping import today
    from portal.invoices import billing

    settings.change("billing.proration", "actual", "system:test")
    found = factories.subscription()
    billing.issue_chunk(Period.of(today()), only_due=False)
    db.session.commit()
    return found


@pytest.fixture
def visitor(app: Flask, line: Subscription) -> Visitor:
    from portal.customers.models import Customer

    found = Visitor(app)
    factories.log_in(found.client, factories.fresh(Customer, line.customer_id))
    found.page("/me/profile")
    return found


def ordered(visitor: Visitor, line: Subscription, plan: Plan, when: str = "now") -> ServiceOrder:
    shown = visitor.page(f"/me/order/change?line={line.id}&plan={plan.id}&when={when}").text
    answer = visitor.post(
        "/me/order/change", key=key_of(shown), line=str(line.id), plan=str(plan.id), when=when
    )
    assert target(answer).startswith("/order/")
    (order,) = factories.every(ServiceOrder)
    return order


def test_at_once_the_difference_is_on_the_next_invoice(
    visitor: Visitor, line: Subscription, faster: Plan
) -> None:
    text = visitor.page(f"/me/order/change?line={line.id}&plan={faster.id}&when=now").text
    assert "Rp28.333" in text, "10 of 30 days of 85.000"
    order = ordered(visitor, line, faster)
    assert (order.state, order.quoted) == ("queued", 28_333)
    assert factories.fresh(Subscription, line.id).plan_id != faster.id, "until somebody did it"
    work.finish(order.id, None, factories.staff().id)
    db.session.commit()
    assert now_of(order.id).state == "done"
    assert factories.fresh(Subscription, line.id).plan_id == faster.id
    assert [row.amount for row in factories.every(Charge)] == [28_333]


def test_a_day_later_it_costs_less(
    visitor: Visitor, line: Subscription, faster: Plan, clock: FixedClock
) -> None:
    order = ordered(visitor, line, faster)
    clock.move(days=1)
    work.finish(order.id, None, factories.staff().id)
    db.session.commit()
    assert [row.amount for row in factories.every(Charge)] == [25_500]


def test_never_dearer_than_agreed(visitor: Visitor, line: Subscription, faster: Plan) -> None:
    order = ordered(visitor, line, faster)
    db.session.get_one(Plan, faster.id).price = 400_000
    db.session.commit()
    with pytest.raises(service.ServiceOrderError, match="lebih besar"):
        work.finish(order.id, None, factories.staff().id)
    db.session.rollback()
    assert now_of(order.id).state == "queued" and factories.every(Charge) == []


def test_next_cycle(visitor: Visitor, line: Subscription, faster: Plan) -> None:
    order = ordered(visitor, line, faster, "next")
    assert order.quoted == 0
    work.finish(order.id, None, factories.staff().id)
    db.session.commit()
    assert factories.fresh(Subscription, line.id).plan_id != faster.id, "on the first of December"


def test_somebody_elses_line_is_not_there(visitor: Visitor, faster: Plan) -> None:
    other = factories.subscription()
    assert visitor.page(f"/me/order/change?line={other.id}&plan={faster.id}").status_code == 404
    answer = visitor.post("/me/order/change", line=str(other.id), plan=str(faster.id), key="k" * 30)
    assert answer.status_code == 404 and factories.every(ServiceOrder) == []
    with pytest.raises(service.ServiceOrderError, match="bukan milik"):
        service.place(
            "change", faster.id, name="x", phone="", address="", customer_id=1,
            subscription_id=other.id,
        )  # fmt: skip
