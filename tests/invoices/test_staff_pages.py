"""Invoices for staff: list with filters, one invoice, the invoice run."""

import re
from datetime import date
from urllib.parse import urlencode

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.infra.audit import AuditEntry
from portal.invoices import runs
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.subscriptions.models import Subscription
from tests import factories
from tests.statements import counted
from tests.visitor import Visitor, target

LIST = "/admin/invoices"


def found_numbers(desk: Visitor, **query: str) -> list[str]:
    answer = desk.get(f"{LIST}?{urlencode(query)}")
    assert answer.status_code == 200
    assert ("<html" in answer.text) == (not desk.headers)
    return re.findall(r'/admin/invoices/\d+">([^<]+)</a>', answer.text)


@pytest.fixture
def bills(app: Flask) -> dict[str, Invoice]:
    """One of each state, of two customers."""
    budi = factories.customer("PLG-1001", "Budi Santoso")
    tini = factories.customer("PLG-1002", "Bu Tini 50%")
    mine, hers = factories.subscription(budi), factories.subscription(tini)
    return {
        "paid": factories.invoice(mine, "2026-09", date(2026, 9, 10), 100_000, "paid"),
        "void": factories.invoice(mine, "2026-10", date(2026, 10, 10), 100_000, "void"),
        "overdue": factories.invoice(mine, "2026-11", date(2026, 11, 10), 150_000),
        "open": factories.invoice(hers, "2026-11", date(2026, 11, 25), 200_000),
    }


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ["open", "overdue", "void", "paid"]),
        ({"state": "open"}, ["open", "overdue"]),
        ({"state": "overdue"}, ["overdue"]),
        ({"state": "paid"}, ["paid"]),
        ({"state": "void"}, ["void"]),
        ({"state": "nonsense"}, ["open", "overdue", "void", "paid"]),
        ({"period": "2026-11"}, ["open", "overdue"]),
        ({"period": "2026-11", "state": "overdue"}, ["overdue"]),
        ({"period": "13/2026"}, []),
        ({"q": "tini"}, ["open"]),
        ({"q": "PLG-1001"}, ["overdue", "void", "paid"]),
        ({"q": "202611"}, ["open", "overdue"]),
        ({"q": "%"}, ["open"]),
        ({"q": "_"}, []),
    ],
)
def test_filters(
    desk: Visitor, bills: dict[str, Invoice], query: dict[str, str], wanted: list[str]
) -> None:
    assert found_numbers(desk, **query) == [bills[name].number for name in wanted]


def test_the_sum_is_of_all_that_match(desk: Visitor, bills: dict[str, Invoice]) -> None:
    assert "2 tagihan, Rp350.000" in desk.get(f"{LIST}?period=2026-11").text
    assert "0 tagihan, Rp0" in desk.get(f"{LIST}?q=nobody").text


def test_one_invoice(desk: Visitor, bills: dict[str, Invoice]) -> None:
    bill = bills["overdue"]
    factories.payment(factories.customer("PLG-1001", "Budi Santoso"), 50_000, [bill])
    text = desk.get(f"{LIST}/{bill.id}").text
    for shown in (bill.number, "Budi Santoso", "Rp150.000", "Rp50.000", "Rp100.000", "Sisa"):
        assert shown in text
    assert "Koreksi…" in desk.page(f"{LIST}/{bill.id}").text
    assert "Koreksi…" not in desk.page(f"{LIST}/{bills['void'].id}").text
    assert desk.get(f"{LIST}/9999").status_code == 404


def test_list_costs_a_fixed_number_of_queries(app: Flask, desk: Visitor) -> None:
    costs = []
    for _round in range(2):
        for _n in range(3 if not costs else 27):
            factories.invoice()
        with counted() as statements:
            assert desk.get(LIST).status_code == 200
        costs.append(len([text for text in statements if text.startswith("SELECT")]))
    assert costs[0] == costs[1] <= 7, costs


@pytest.fixture
def lines(app: Flask) -> list[Subscription]:
    return [factories.subscription() for _n in range(3)]


def test_run_preview(desk: Visitor, lines: list[Subscription]) -> None:
    factories.invoice(lines[0], "2026-11")
    text = desk.get(f"{LIST}/run?period=2026-11").text
    assert "November 2026" in text and "<b>2</b><em>tagihan" in text and "Rp330.000" in text
    if not desk.headers:
        assert "Ketik 2026-11 untuk menerbitkan" in text and "Terbitkan 2 tagihan" in text
    # Without a period: this month.
    assert "November 2026" in desk.get(f"{LIST}/run").text


@pytest.mark.parametrize("typed", ["november", "2026-13", "2026", "<b>", "2026-11-01"])
def test_run_of_no_period(desk: Visitor, typed: str) -> None:
    for answer in (
        desk.get(f"{LIST}/run?{urlencode({'period': typed})}"),
        desk.post(f"{LIST}/run", period=typed, confirm=typed),
    ):
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert factories.every(Invoice) == []


@pytest.mark.parametrize("confirm", ["", "2026-10", "ya", "2026-11x"])
def test_run_wants_the_month_typed(desk: Visitor, lines: list[Subscription], confirm: str) -> None:
    answer = desk.post(f"{LIST}/run", period="2026-11", confirm=confirm)
    assert answer.status_code == 422 and "Ketik 2026-11 untuk menerbitkan." in answer.text
    assert runs.continue_requested() == 0 and factories.every(Invoice) == []


def test_run_from_wish_to_done(desk: Visitor, siti: Staff, lines: list[Subscription]) -> None:
    answer = desk.post(f"{LIST}/run", period="2026-11", confirm=" 2026-11 ")
    assert target(answer) == f"{LIST}/run?period=2026-11"
    waiting = desk.get(target(answer)).text
    assert "Sedang diterbitkan: 0 dari 3." in waiting and 'hx-trigger="every 2s"' in waiting
    assert "Terbitkan 3 tagihan" not in waiting
    entry = factories.every(AuditEntry)[-1]
    assert (entry.action, entry.subject) == ("billing.run", "period:2026-11")
    assert entry.actor == f"staff:{siti.id}"
    assert runs.continue_requested() == 3
    done = desk.get(target(answer)).text
    assert "sudah ditagih: 3 tagihan" in done and "hx-trigger" not in done
    assert len(factories.every(Invoice)) == 3
    assert [row.kind for row in factories.every(Message)] == ["invoice_notification"] * 3
    # Asked again: nothing is left to do, nothing happens twice.
    desk.post(f"{LIST}/run", period="2026-11", confirm="2026-11")
    assert runs.continue_requested() == 0 and len(factories.every(Invoice)) == 3
