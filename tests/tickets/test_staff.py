"""The staff's side: the list, answers that go out by WhatsApp, notes, taking, closing, lateness."""

import re
from typing import Any

import pytest
from flask import Flask

from portal.accounts import roles
from portal.accounts.roles import Change
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging.models import Message, NoticeRecipient
from portal.tickets import news, queries, service
from portal.tickets.models import TicketEntry
from tests import factories
from tests.payments.test_pay_races import together
from tests.tickets.conftest import key, key_on, now_of, opened
from tests.visitor import Visitor, target


def test_an_answer_leaves_by_whatsapp_once(hers: Visitor, budi: Customer) -> None:
    ticket_id = opened(budi)
    page = hers.page(f"/admin/tickets/{ticket_id}").text
    assert "Internet mati sejak pagi" in page and budi.number in page
    form = {"words": "Teknisi datang jam 3.", "key": key_on(page), "do": "reply"}
    assert target(hers.post(f"/admin/tickets/{ticket_id}/reply", **form)).endswith(str(ticket_id))
    hers.post(f"/admin/tickets/{ticket_id}/reply", **form)
    (sent,) = factories.every(Message)
    assert (sent.kind, sent.recipient, sent.customer_id) == (
        "customer_notice",
        budi.phone,
        budi.id,
    )
    assert "Teknisi datang jam 3." in sent.params["text"]
    assert f"/me/help/{ticket_id}" in sent.params["text"]
    found = now_of(ticket_id)
    assert (found.state, found.waiting_since) == ("working", None)
    assert factories.every(TicketEntry)[-1].message_id == sent.id
    assert "Antre" in hers.page(f"/admin/tickets/{ticket_id}").text


def test_a_long_answer_is_cut_in_the_message_and_whole_on_the_page(
    hers: Visitor, budi: Customer
) -> None:
    ticket_id = opened(budi)
    hers.post(f"/admin/tickets/{ticket_id}/reply", words="a" * 1500, key=key(), do="ask")
    (sent,) = factories.every(Message)
    assert len(sent.params["text"]) < 800 and "…" in sent.params["text"]
    assert now_of(ticket_id).state == "waiting"
    assert len(factories.every(TicketEntry)[-1].body) == 1500


def test_words_are_in_the_customers_language(app: Flask, staff: Any) -> None:
    jane = factories.customer(language="en")
    ticket_id = opened(jane)
    service.close(ticket_id, "Cable repaired", staff.id)
    db.session.commit()
    (sent,) = factories.every(Message)
    assert sent.language == "en" and "Cable repaired" in sent.params["text"]
    assert "selesai" not in sent.params["text"]


def test_notes_reach_nobody_else(hers: Visitor, budi: Customer) -> None:
    ticket_id = opened(budi)
    hers.post(f"/admin/tickets/{ticket_id}/reply", words="ODP penuh", key=key(), do="note")
    assert not factories.every(Message) and factories.every(TicketEntry)[-1].internal
    assert now_of(ticket_id).state == "open" and now_of(ticket_id).waiting_since is not None
    assert hers.post(f"/admin/tickets/{ticket_id}/reply", do="x", key=key()).status_code == 404


def test_taking_giving_and_letting_go(hers: Visitor, staff: Any, budi: Customer) -> None:
    ticket_id, where = opened(budi), ""
    where = f"/admin/tickets/{ticket_id}/assign"
    hers.post(where)
    assert (now_of(ticket_id).assignee_id, now_of(ticket_id).state) == (staff.id, "working")
    gone = factories.staff(role="technician")
    db.session.get_one(type(gone), gone.id).active = False
    db.session.commit()
    assert hers.post(where, who=str(gone.id)).status_code == 422
    assert hers.post(where, who="999999").status_code == 422
    hers.post(where, who="0")
    assert (now_of(ticket_id).assignee_id, now_of(ticket_id).state) == (None, "open")


def test_closing_needs_a_reason_and_tells_it_once(
    app: Flask, hers: Visitor, budi: Customer
) -> None:
    ticket_id = opened(budi)
    where = f"/admin/tickets/{ticket_id}/close"
    assert hers.post(where, reason=" ").status_code == 422
    me = factories.staff().id

    def close() -> bool:
        done = service.close(ticket_id, "Kabel disambung", me)
        db.session.commit()
        return done

    assert sorted(together(app, *[close] * 4)) == [False, False, False, True]
    (sent,) = factories.every(Message)
    assert "Kabel disambung" in sent.params["text"]
    actions = [row.action for row in factories.every(AuditEntry)]
    assert actions.count("ticket.close") == 1
    late = hers.post(f"/admin/tickets/{ticket_id}/reply", words="Halo", key=key(), do="reply")
    assert late.status_code == 422 and len(factories.every(Message)) == 1
    hers.post(f"/admin/tickets/{ticket_id}/reopen", reason="Mati lagi")
    assert now_of(ticket_id).state == "open"


def test_who_has_no_number_is_answered_on_the_page(hers: Visitor, budi: Customer) -> None:
    ticket_id = opened(budi)
    db.session.get_one(Customer, budi.id).phone = ""
    db.session.commit()
    hers.post(f"/admin/tickets/{ticket_id}/reply", words="Halo", key=key(), do="reply")
    assert not factories.every(Message)
    assert "tidak punya nomor" in hers.page(f"/admin/tickets/{ticket_id}").text


def test_the_list_filters_by_its_address(
    hers: Visitor, staff: Any, budi: Customer, clock: FixedClock
) -> None:
    tini = factories.customer(name="Tini Utami", area="Dago")
    first = opened(budi)
    clock.move(minutes=1)
    second = opened(tini, kind="billing")
    service.assign(second, staff.id, staff.id)
    db.session.commit()
    db.session.rollback()

    def listed(query: str) -> list[int]:
        html = hers.page(f"/admin/tickets?{query}").text
        return [int(one) for one in re.findall(r'<p><a href="/admin/tickets/(\d+)"', html)]

    assert listed("") == [first, second], "who waits longest comes first"
    assert listed("list=mine") == [second] and listed("list=free") == [first]
    assert listed("kind=billing") == [second] and listed(f"area={tini.area_id}") == [second]
    assert listed(f"who={staff.id}") == [second]
    assert listed("q=tini") == listed(f"q={tini.number}") == [second]
    assert listed("q=%25") == listed("list=closed") == []
    assert listed("list=x&kind=x&area=x&who=x") == [first, second]
    fragment = hers.client.get("/admin/tickets?q=tini", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment and "Tini" in fragment


def test_who_waits_too_long_is_marked(hers: Visitor, budi: Customer, clock: FixedClock) -> None:
    opened(budi)
    assert queries.counts() == (1, 0)
    db.session.rollback()
    clock.move(hours=8)
    assert queries.counts() == (1, 1)
    db.session.rollback()
    assert "Terlambat dijawab" in hers.page("/admin/tickets").text


def test_staff_are_told_of_new_tickets_together_and_once(
    app: Flask, budi: Customer, clock: FixedClock
) -> None:
    group = "120363000000000001@g.us"
    told = NoticeRecipient(
        name="Teknisi", recipient=group, topics=["ticket"], created_at=clock.now()
    )
    db.session.add(told)
    db.session.commit()
    assert news.tell_what_is_new() == 0, "what was there before is no news"
    db.session.commit()
    for _ in range(2):
        opened(budi)
    clock.move(seconds=30)
    assert news.tell_what_is_new() == 1
    db.session.commit()
    assert news.tell_what_is_new() == 0
    db.session.rollback()
    (sent,) = factories.every(Message)
    assert sent.params["text"].startswith("2 tiket baru.") and budi.number in sent.params["text"]


@pytest.mark.parametrize("role", ["finance", "support", "technician"])
def test_roles_that_help(app: Flask, budi: Customer, role: str) -> None:
    ticket_id = opened(budi)
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=role))
    assert visitor.get(f"/admin/tickets/{ticket_id}").status_code == 200


def test_who_is_given_a_ticket_follows_the_grid(app: Flask) -> None:
    """What the owner gave or took counts, not what a role may do by default."""
    for role in ("technician", "collector"):
        factories.staff(f"{role}@example.test", role=role)
    changes = [Change("technician", "tickets", False), Change("collector", "tickets", True)]
    roles.apply(changes, None)
    db.session.commit()
    assert [one.role for one in queries.helpers()] == ["collector"]
