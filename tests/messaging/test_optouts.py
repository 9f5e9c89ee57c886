"""What a customer does not want to get: set once, asked in bulk, audited, and kept to."""

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import optouts, sending
from portal.messaging.kinds import KINDS
from portal.messaging.models import OptOut
from tests import factories
from tests.messaging import rows
from tests.messaging.fakes import Provider
from tests.statements import counted
from tests.visitor import Visitor, target

ALL = list(optouts.OPTIONAL)


def test_only_what_the_kinds_call_optional_can_be_refused(app: Flask) -> None:
    assert sorted(ALL) == sorted(kind.name for kind in KINDS.values() if kind.optional)
    budi = factories.customer()
    for kind in sorted(KINDS.keys() - optouts.OPTIONAL):
        with pytest.raises(optouts.OptOutError):
            optouts.set(budi.id, kind, "customer")
    with pytest.raises(optouts.OptOutError):
        optouts.set(budi.id, "broadcast", "somebody")


def test_setting_twice_is_once_and_clearing_ends_it(app: Flask) -> None:
    budi, tini = factories.customer(), factories.customer()
    optouts.set(budi.id, "broadcast", "customer")
    optouts.set(budi.id, "broadcast", "staff")
    db.session.commit()
    assert [(row.kind, row.source) for row in factories.every(OptOut)] == [
        ("broadcast", "customer")
    ]
    assert optouts.is_out(budi.id, "broadcast") and not optouts.is_out(tini.id, "broadcast")
    assert not optouts.is_out(budi.id, "payment_reminder")
    optouts.clear(budi.id, "broadcast")
    assert not optouts.is_out(budi.id, "broadcast")


def test_many_are_asked_in_few_queries(app: Flask) -> None:
    people = [factories.customer() for _ in range(5)]
    for person in people[:2]:
        optouts.set(person.id, "broadcast", "staff")
    db.session.commit()
    ids = [person.id for person in people]
    with counted() as statements:
        assert optouts.of_many([*ids, *range(1000, 1400)], "broadcast") == set(ids[:2])
    assert len([s for s in statements if s.startswith("SELECT")]) == 1
    assert optouts.of_many([], "broadcast") == frozenset()


def test_choosing_is_audited_with_before_and_after_and_only_when_it_changes(app: Flask) -> None:
    budi = factories.customer()
    assert optouts.choose(budi.id, ["payment_reminder", "nonsense", "otp_code"], "staff")
    assert not optouts.choose(budi.id, ["payment_reminder"], "staff")
    db.session.commit()
    refused = sorted(set(ALL) - {"payment_reminder"})
    assert optouts.of_customer(budi.id) == set(refused)
    entries = [row for row in factories.every(AuditEntry) if row.action == "customer.messages"]
    assert [(row.before, row.after) for row in entries] == [({"refused": []}, {"refused": refused})]


def test_a_message_that_waited_is_not_sent_to_one_who_refused_meanwhile(
    app: Flask, provider: Provider
) -> None:
    budi, tini = factories.customer(), factories.customer()
    text = {"text": "Halo"}
    hers = rows.queued("broadcast", "1", params=text, customer_id=tini.id, to=tini.phone)
    his = rows.queued("broadcast", "2", params=text, customer_id=budi.id, to=budi.phone)
    paid = rows.queued("payment_confirmation", "3", customer_id=budi.id, to=budi.phone)
    optouts.set(budi.id, "broadcast", "customer")
    db.session.commit()
    for lane in ("bulk", "messages"):
        sending.drain(lane)
    assert rows.message(his).state == "cancelled" and rows.message(his).reason
    assert rows.message(hers).state == rows.message(paid).state == "accepted"
    assert sorted(provider.keys()) == sorted(["broadcast:1", "payment_confirmation:3"])


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_customers_choose_on_their_profile(app: Flask, hx: bool) -> None:
    budi, tini = factories.customer(), factories.customer()
    visitor = Visitor(app, hx)
    factories.log_in(visitor.client, budi)
    html = visitor.page("/me/profile/messages").text
    steps = [optouts.step_name(days) for days in (7, 3, 1)]
    for name in [*(set(ALL) - {"payment_reminder"}), *steps]:
        assert f'name="wanted" value="{name}" checked' in html
    assert 'value="otp_code"' not in html and "Tanpa kode Anda tidak dapat masuk" in html
    answer = visitor.post("/me/profile/messages", wanted="payment_reminder:3")
    assert target(answer) == "/me/profile/messages"
    others = {"payment_reminder:7", "payment_reminder:1"}
    assert optouts.of_customer(budi.id) == set(ALL) - {"payment_reminder"} | others
    assert optouts.of_customer(tini.id) == set()
    db.session.rollback()
    assert 'name="wanted" value="broadcast">' in visitor.page("/me/profile/messages").text
    assert "Pengingat H-7" in visitor.page("/me/profile").text, "what is off is told"
    visitor.post("/me/profile/messages", wanted=ALL)  # type: ignore[arg-type]
    assert optouts.of_customer(budi.id) == set()
    db.session.rollback()
    entries = [row for row in factories.every(AuditEntry) if row.action == "customer.messages"]
    assert [row.actor for row in entries] == [f"customer:{budi.id}"] * 2


def test_no_step_wanted_is_no_reminder_and_a_step_not_used_stays_refused(app: Flask) -> None:
    budi = factories.customer()
    optouts.choose(budi.id, ["payment_reminder:7"], "customer")
    optouts.choose(budi.id, [], "reply")
    assert optouts.of_customer(budi.id) == set(ALL)
    optouts.set(budi.id, "payment_reminder:14", "customer")
    optouts.choose(budi.id, [*ALL[:1], "payment_reminder:7", "payment_reminder:3"], "customer")
    reminders = {kind for kind in optouts.of_customer(budi.id) if kind.startswith("payment_rem")}
    assert reminders == {"payment_reminder:14", "payment_reminder:1"}
    optouts.choose(budi.id, optouts.OPTIONAL, "reply")
    assert optouts.of_customer(budi.id) == set(), "MULAI takes all of it back"
    for odd in ("payment_reminder:", "payment_reminder:x", "overdue_notice:3", "broadcast:1"):
        with pytest.raises(optouts.OptOutError):
            optouts.set(budi.id, odd, "customer")


def test_a_reminder_whose_step_is_refused_is_skipped_with_the_reason(
    app: Flask, provider: Provider
) -> None:
    budi = factories.customer()
    optouts.set(budi.id, "payment_reminder:7", "customer")
    ids = [
        rows.queued(
            "payment_reminder",
            str(step),
            params={**rows.REMINDER, "step": step},
            customer_id=budi.id,
            to=budi.phone,
        )
        for step in (7, 3)
    ]
    sending.drain("messages")
    seven, three = (rows.message(one) for one in ids)
    assert (seven.state, seven.reason) == (
        "cancelled",
        "Pelanggan tidak mau menerima pengingat H-7.",
    )
    assert three.state == "accepted"


def test_staff_choose_for_a_customer(app: Flask, desk: Visitor) -> None:
    budi = factories.customer()
    page = f"/admin/customers/{budi.id}/messages"
    assert 'name="wanted" value="broadcast" checked' in desk.page(page).text
    assert target(desk.post(page, wanted="invoice_notification")) == page
    assert optouts.of_customer(budi.id) == set(ALL) - {"invoice_notification"}
    db.session.rollback()
    assert {row.source for row in factories.every(OptOut)} == {"staff"}
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "customer.messages"]
    assert entry.actor.startswith("staff:")
    assert desk.post("/admin/customers/999999/messages").status_code == 404
