"""Sending again: one, one changed, many; once per form, and never what must not go again."""

from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now
from portal.messaging import resending, resending_many, sending
from portal.messaging.finding import Filter
from portal.messaging.models import Message, OptOut
from portal.messaging.service import MessageError
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import CONFIRMATION, message, queued
from tests.visitor import Visitor, target

LOG = "/admin/messages"
FORM = {
    "recipient": "0813-0000-0001",
    "p-name": "Budi B",
    "p-amount": "170.000",
    "p-payment_number": "PAY-1",
    "p-status": "Lunas",
}


def ended(state: str = "failed", kind: str = "payment_confirmation", **about: Any) -> int:
    message_id = queued(kind, **about)
    db.session.get_one(Message, message_id).state = state
    db.session.commit()
    return message_id


def children() -> list[Message]:
    return [row for row in factories.every(Message) if row.parent_id]


@pytest.mark.parametrize("state", resending.AGAIN)
def test_what_did_not_arrive_goes_again(desk: Visitor, state: str) -> None:
    old = ended(state)
    desk.page(f"{LOG}/{old}/resend")
    answer = desk.post(f"{LOG}/{old}/resend", nth="0")
    (new,) = children()
    assert target(answer) == f"{LOG}/{new.id}"
    assert (new.parent_id, new.state, new.params) == (old, "pending", CONFIRMATION)
    assert "Dikirim ulang sebagai" in desk.get(f"{LOG}/{old}").text
    assert "Kirim ulang dari" in desk.get(f"{LOG}/{new.id}").text


@pytest.mark.parametrize("path", ["resend", "edit"])
def test_the_same_form_twice_is_one_copy(desk: Visitor, path: str) -> None:
    old = ended()
    page = desk.page(f"{LOG}/{old}/{path}").text
    assert 'name="nth" value="0"' in page
    desk.post(f"{LOG}/{old}/{path}", nth="0", **FORM)
    answer = desk.post(f"{LOG}/{old}/{path}", nth="0", **FORM)
    (new,) = children()
    assert target(answer) == f"{LOG}/{new.id}", "shows the copy there is"
    # Another form is another copy.
    assert 'name="nth" value="1"' in desk.page(f"{LOG}/{old}/{path}").text
    desk.post(f"{LOG}/{old}/{path}", nth="1", **FORM)
    assert len(children()) == 2


@pytest.mark.parametrize("state", ["pending", "leased", "sending"])
def test_what_is_on_its_way_is_not_sent_again(desk: Visitor, state: str) -> None:
    old = ended(state)
    assert "/resend" not in desk.page(f"{LOG}/{old}").text
    answer = desk.post(f"{LOG}/{old}/resend")
    assert "masih dalam perjalanan" in desk.page(target(answer)).text
    assert children() == []


@pytest.mark.parametrize("state", resending.ARRIVED)
def test_what_arrived_asks_for_a_tick(desk: Visitor, state: str) -> None:
    old = ended(state)
    assert 'name="knowingly"' in desk.page(f"{LOG}/{old}/resend").text
    assert 'name="knowingly"' in desk.page(f"{LOG}/{old}/edit").text
    assert desk.post(f"{LOG}/{old}/resend", nth="0").status_code == 422
    refused = desk.post(f"{LOG}/{old}/edit", nth="0", **FORM)
    assert refused.status_code == 422 and "Budi B" in refused.text
    assert children() == []
    desk.post(f"{LOG}/{old}/edit", nth="0", knowingly="1", **FORM)
    assert [row.params["name"] for row in children()] == ["Budi B"]


def test_login_codes_never(desk: Visitor) -> None:
    old = ended("failed", "otp_code", params={})
    for path in ("resend", "edit"):
        assert f"/{path}" not in desk.page(f"{LOG}/{old}").text
        assert desk.get(f"{LOG}/{old}/{path}").status_code in {204, 303}
        desk.post(f"{LOG}/{old}/{path}", nth="0", knowingly="1", **FORM)
    desk.post(f"{LOG}/resend-many")
    assert children() == []


@pytest.mark.parametrize("path", ["resend", "edit"])
def test_the_outdated_is_refused_with_its_reason(desk: Visitor, path: str) -> None:
    bill = factories.invoice(state="paid")
    old = ended("failed", "payment_reminder", invoice_id=bill.id)
    answer = desk.get(f"{LOG}/{old}/{path}")
    assert "Sudah lunas." in desk.page(target(answer)).text
    answer = desk.post(f"{LOG}/{old}/{path}", nth="0", **FORM)
    assert "Sudah lunas." in desk.page(target(answer)).text
    assert children() == []


def test_what_the_customer_refused_is_not_sent_again(app: Flask) -> None:
    owner = factories.customer()
    old = ended(customer_id=owner.id)
    db.session.add(
        OptOut(customer_id=owner.id, kind="payment_confirmation", source="staff", created_at=now())
    )
    db.session.commit()
    with pytest.raises(MessageError, match="tidak mau menerima"):
        resending.resend(old)
    db.session.rollback()


def test_a_group_stays_a_group(desk: Visitor) -> None:
    old = ended("failed", "staff_notice", to="120363000000000001@g.us", params={"text": "Kabar"})
    assert "120363000000000001@g.us" in desk.page(f"{LOG}/{old}/edit").text
    desk.post(f"{LOG}/{old}/edit", nth="0", recipient="120363000000000001@g.us", body="Baru")
    (new,) = children()
    assert (new.recipient, new.body) == ("120363000000000001@g.us", "Baru")


def test_values_are_never_parsed_again(desk: Visitor, provider: Provider) -> None:
    old = ended()
    desk.page(f"{LOG}/{old}/edit")
    desk.post(f"{LOG}/{old}/edit", nth="0", **{**FORM, "p-name": "{amount} <b>*x*"})
    (new,) = children()
    assert new.params["name"] == "{amount} <b>*x*"
    page = desk.page(f"{LOG}/{new.id}").text
    assert "<b>*x*" not in page
    sending.drain("messages")
    assert provider.arrived[-1].text.count("170.000") == 1


# Many


def test_a_copy_that_failed_too_is_repeated_alone(desk: Visitor) -> None:
    old = ended()
    desk.page(f"{LOG}/resend-many?status=failed")
    desk.post(f"{LOG}/resend-many?status=failed")
    (copy,) = children()
    db.session.get_one(Message, copy.id).state = "failed"
    db.session.commit()
    page = desk.page(f"{LOG}/resend-many?status=failed").text
    assert "1 × Sudah pernah dikirim ulang." in page
    desk.post(f"{LOG}/resend-many?status=failed")
    assert sorted(row.parent_id or 0 for row in children()) == [old, copy.id]


def test_what_came_after_the_page_is_left_alone(desk: Visitor) -> None:
    old = ended(key="1")
    desk.page(f"{LOG}/resend-many")
    below = str(old + 1)
    late, waiting = ended(key="2"), queued(key="3")
    desk.post(f"{LOG}/resend-many", below=below)
    desk.post(f"{LOG}/cancel-many", below=below, reason="x")
    assert [row.parent_id for row in children()] == [old]
    assert (message(late).state, message(waiting).state) == ("failed", "pending")


def test_at_most_a_thousand_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resending_many, "MOST_AT_ONCE", 3)
    ids = [ended(key=str(number)) for number in range(5)]
    top = resending_many.top()
    found = resending_many.select_again(Filter(), top)
    assert found.more and [m.id for m in found.chosen] == ids[:1:-1]
    db.session.rollback()
    assert resending_many.resend_many(Filter(), top) == 3
    db.session.commit()


def test_the_page_counts_what_is_left_out(desk: Visitor) -> None:
    ended(key="1")
    ended("delivered", key="2")
    queued(key="3")
    paid = factories.invoice(state="paid")
    ended("failed", "payment_reminder", invoice_id=paid.id)
    page = desk.page(f"{LOG}/resend-many").text
    assert "Kirim ulang 1 pesan" in page
    assert "2 × Masih dalam perjalanan atau sudah sampai." in page
    assert "1 × Sudah lunas." in page
    assert "1 pesan masih antre." in page
    assert "dua kali" not in page
    ended("unknown", key="4")
    assert "dua kali" in desk.page(f"{LOG}/resend-many").text


def test_all_of_it_is_audited(desk: Visitor) -> None:
    one = ended(key="1")
    desk.page(f"{LOG}/{one}/resend")
    desk.post(f"{LOG}/{one}/resend", nth="0")
    ended(key="2")
    desk.post(f"{LOG}/resend-many?status=failed")
    desk.post(f"{LOG}/cancel-many", reason="salah")
    entries = factories.every(AuditEntry)
    actions = [row.action for row in entries if row.action.startswith("message")]
    assert actions.count("message.resend") == 1
    assert actions.count("message.resend_many") == 1
    assert actions.count("message.cancel") == 2
