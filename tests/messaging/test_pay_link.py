"""The pay link in messages: worked out when they leave, the one in force, and kept nowhere."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import links
from portal.invoices.models import Invoice
from portal.messaging import recheck, refill, sending, text_checks, text_preview, text_store, texts
from portal.messaging.kinds import KINDS
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import attempts, message, queued
from tests.messaging.test_recheck import PARAMS
from tests.statements import counted

WITH_LINK = ["invoice_notification", "payment_reminder", "overdue_notice"]


def drained(provider: Provider) -> str:
    sending.drain("messages")
    return provider.arrived[-1].text


@pytest.fixture
def bill(app: Flask) -> Invoice:
    return factories.invoice()


@pytest.mark.parametrize("kind", WITH_LINK)
@pytest.mark.parametrize("language", ["id", "en"])
def test_each_message_about_an_invoice_brings_its_link(
    provider: Provider, bill: Invoice, kind: str, language: str
) -> None:
    message_id = queued(kind, params=PARAMS, invoice_id=bill.id, language=language)
    assert links.url(bill.id, 1) in drained(provider)
    token = links.token(bill.id, 1)
    assert "pay_link" not in message(message_id).params
    assert token not in str(message(message_id).params)
    [tried] = attempts(message_id)
    assert "Budi" in tried.payload and token not in tried.payload
    assert token not in texts.preview(message(message_id)), "nor is it read in the log"


def test_approved_templates_keep_their_parameters(provider: Provider, bill: Invoice) -> None:
    queued("payment_reminder", params=PARAMS, invoice_id=bill.id)
    drained(provider)
    assert len(provider.arrived[0].params) == len(KINDS["payment_reminder"].expects)
    assert not [value for value in provider.arrived[0].params if "/t/" in value]


def test_a_link_revoked_while_the_message_waited_is_not_sent(
    provider: Provider, bill: Invoice
) -> None:
    queued("invoice_notification", params=PARAMS, invoice_id=bill.id)
    links.renew(bill.id)
    db.session.commit()
    text = drained(provider)
    assert links.url(bill.id, 2) in text and links.token(bill.id, 1) not in text


def test_isolation_names_the_oldest_bill_of_the_line_that_has_a_link(provider: Provider) -> None:
    line = factories.subscription(state="isolated")
    factories.invoice(line, "2026-07", due_on=today() - timedelta(days=90))
    oldest = factories.invoice(line, "2026-09", due_on=today() - timedelta(days=20))
    factories.invoice(line, "2026-10", due_on=today() - timedelta(days=10))
    factories.invoice(due_on=today() - timedelta(days=25))
    queued("isolation_notice", params=PARAMS, subscription_id=line.id)
    assert links.url(oldest.id, 1) in drained(provider)


def test_without_a_bill_to_pay_the_portal_is_the_way(provider: Provider, clock: FixedClock) -> None:
    bill = factories.invoice(due_on=today() - timedelta(days=31))
    queued("overdue_notice", params=PARAMS, invoice_id=bill.id)
    text = drained(provider)
    assert "http://localhost agar" in text and "/t/" not in text
    queued("overdue_notice", key="2", params=PARAMS)
    assert "/t/" not in drained(provider)


def test_a_changed_text_gets_the_link_only_when_it_leaves(
    provider: Provider, bill: Invoice
) -> None:
    body = "Halo, ini tautannya: [[pay_link]] ([[name]])"
    message_id = queued("payment_reminder", params=PARAMS, invoice_id=bill.id, body=body)
    assert drained(provider) == f"Halo, ini tautannya: {links.url(bill.id, 1)} ([[name]])"
    assert message(message_id).body == body


def test_a_block_s_button_may_hold_it(provider: Provider, bill: Invoice) -> None:
    words = "[[wa]]\nTagihan [[amount]]\n[button](url|Bayar|[[pay_link]])\n[[/wa]]"
    text_store.save("payment_reminder", "id", words)
    db.session.commit()
    message_id = queued("payment_reminder", params=PARAMS, invoice_id=bill.id)
    assert links.url(bill.id, 1) in drained(provider)
    again = refill.text_of(message(message_id))
    assert links.token(bill.id, 1) not in again and "[[pay_link]]" in again


def test_a_batch_of_links_costs_no_further_query(app: Flask) -> None:
    class About:
        kind, params, customer_id, subscription_id = "payment_reminder", {}, None, None
        expires_at = None

        def __init__(self, invoice_id: int) -> None:
            self.invoice_id = invoice_id

    bills = [factories.invoice().id for _ in range(3)]
    recheck.gather([About(bills[0])])  # settings are read once
    with counted() as one:
        recheck.gather([About(bills[0])])
    with counted() as many:
        facts = recheck.gather([About(row) for row in bills])
    assert len(one) == len(many)
    assert facts.links == {row: links.url(row, 1) for row in bills}


def test_the_checks_and_the_preview_know_the_place(app: Flask) -> None:
    for kind in (*WITH_LINK, "isolation_notice"):
        assert "pay_link" in text_checks.places(kind)
        assert "/t/xxxx" in text_preview.rendered(kind, "id", "[[pay_link]]", None)
    assert "pay_link" not in text_checks.places("payment_confirmation")
    for typed in ("[[tautan]]", "[[link]]"):
        [problem] = text_checks.problems("payment_reminder", f"[[amount]] {typed}")
        assert "[[pay_link]]" in problem
    short = text_preview.longest("payment_reminder", "id", "[[pay_link]]")
    assert short == len(links.url(1, 1)), "measured as long as a real one"
