"""The pages of the reports: what they show, where numbers lead, files, filters, odd addresses."""

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import update

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.payments.models import Payment
from portal.reports.catalog import REPORTS
from portal.reports.measures import MEASURES
from portal.reports.scope import Scope
from tests import factories
from tests.reports.seen import RANGE, amount, cells, links
from tests.statements import counted
from tests.visitor import Visitor


@pytest.mark.parametrize("report", sorted(REPORTS))
def test_an_empty_isp_sees_empty_reports(finance: Visitor, report: str) -> None:
    answer = finance.get(f"/admin/reports/{report}")
    assert answer.status_code == 200
    assert "Tidak ada apa-apa di buku" in answer.text
    assert links(answer.text) == []


def test_the_overview_says_that_the_books_agree(finance: Visitor, lived: None) -> None:
    page = finance.get(f"/admin/reports?{RANGE}").text
    assert "Buku cocok: selisih Rp0" in page
    assert all(f"/admin/reports/{name}" in page for name in REPORTS)
    db.session.execute(update(Payment).values(amount=Payment.amount + 1))
    db.session.commit()
    page = finance.get(f"/admin/reports?{RANGE}").text
    assert "Buku tidak cocok" in page and 'role="alert"' in page
    ledger = finance.get(f"/admin/reports/ledger?{RANGE}").text
    assert 'class="rcheck off"' in ledger and "badge bad" in ledger


@pytest.mark.parametrize("report", sorted(REPORTS))
def test_every_number_on_the_screen_leads_to_rows_of_that_sum(
    finance: Visitor, lived: None, report: str
) -> None:
    page = finance.get(f"/admin/reports/{report}?{RANGE}&basis=received").text
    found = links(page)
    assert found
    for address, words in dict(found).items():
        rows = finance.get(address).text
        total = re.search(r"<b>(-?Rp[\d.]+)</b><em>([\d.]+) baris", rows)
        assert total, address
        assert words in (total[1], total[2]), address
        shown = sum(amount(row[1]) for row in cells(rows)[1:])
        if int(total[2].replace(".", "")) <= 25:
            assert shown == amount(total[1]), address


def test_filters_stay_in_the_addresses(finance: Visitor, lived: None) -> None:
    areas = finance.get(f"/admin/reports/areas?{RANGE}").text
    assert "Tanpa area" in areas and "Cibiru" in areas
    without = [one for one, _words in links(areas) if "area=-" in one]
    assert without and "Tanpa area" in finance.get(without[0]).text
    page = finance.get(f"/admin/reports/receipts?{RANGE}&area=-&by=month").text
    assert all("area=-" in address for address, _words in links(page))
    assert 'value="-" selected' in page


def test_a_range_is_compared_with_the_one_before(clock: FixedClock) -> None:
    today = date(2026, 11, 21)
    whole = Scope(date(2026, 9, 1), date(2026, 10, 31)).previous(today)
    assert (whole.since, whole.until) == (date(2026, 7, 1), date(2026, 8, 31))
    odd = Scope(date(2026, 10, 5), date(2026, 10, 11)).previous(today)
    assert (odd.since, odd.until) == (date(2026, 9, 28), date(2026, 10, 4))
    running = Scope(date(2026, 11, 1), date(2026, 11, 30)).previous(today)
    assert (running.since, running.until) == (date(2026, 10, 1), date(2026, 10, 21))
    short = Scope(date(2026, 3, 1), date(2026, 3, 31)).previous(date(2026, 3, 30))
    assert (short.since, short.until) == (date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-13-45&until=x",
        "since=2026-12-31&until=2026-01-01",
        "since=0001-01-01&until=9999-12-31",
        "since=1900-01-01&until=2099-01-01",
        "area=99999999999999999999&staff=²",
        "area=x&staff=-&bucket=%00&method=%00",
        "page=-4&by=year&basis=%27",
        "page=99999999999999999999",
    ],
)
def test_odd_addresses_are_answered(finance: Visitor, lived: None, query: str) -> None:
    for report in REPORTS:
        assert finance.get(f"/admin/reports/{report}?{query}").status_code == 200
    for measure in ("received", "receivable", "credit", "collected"):
        assert finance.get(f"/admin/reports/rows/{measure}?{query}").status_code == 200
    assert finance.get("/admin/reports/nothing").status_code == 404
    assert finance.get("/admin/reports/rows/nothing").status_code == 404
    assert finance.get("/admin/reports/receipts/file/pdf").status_code == 404


@pytest.mark.parametrize("role", ["support", "technician", "collector"])
def test_only_owner_and_finance_see_them(app: Flask, role: str) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=role))
    for address in ("", "/receipts", "/rows/received", "/rows/received/file/csv"):
        assert visitor.get(f"/admin/reports{address}").status_code == 403


def test_pages_cost_few_statements_however_much_there_is(finance: Visitor, lived: None) -> None:
    def cost(address: str) -> int:
        with counted() as sent:
            assert finance.get(address).status_code == 200
        return len(sent)

    addresses = [f"/admin/reports?{RANGE}", *(f"/admin/reports/{name}?{RANGE}" for name in REPORTS)]
    addresses += [f"/admin/reports/rows/{name}?{RANGE}" for name in MEASURES]
    before = {one: cost(one) for one in addresses}
    assert max(before.values()) <= 32
    for number in range(30):
        payer = factories.customer(area=f"Area {number}")
        bill = factories.invoice(factories.subscription(payer), total=1000 + number)
        factories.payment(payer, 500 + number, [bill], method=f"m{number}")
    assert {one: cost(one) for one in addresses} == before


def test_lists_have_pages_that_hold_every_row_once(finance: Visitor) -> None:
    payer = factories.customer()
    for number in range(60):
        factories.payment(payer, 1000 + number)
    seen: list[str] = []
    for number in (1, 2, 3):
        rows = cells(finance.get(f"/admin/reports/rows/received?page={number}").text)[1:]
        seen += [row[0] for row in rows]
    assert len(seen) == len(set(seen)) == 60


def test_bars_have_words_and_stay_in_their_box(finance: Visitor, lived: None) -> None:
    page = finance.get(f"/admin/reports/receipts?{RANGE}").text
    assert 'role="img" aria-label="Grafik Uang masuk: paling tinggi' in page
    boxes = re.findall(
        r'<svg class="(?:many|few)" viewBox="0 0 (\d+) (\d+)"(.*?)</svg>', page, re.DOTALL
    )
    assert len(boxes) == 2  # for a desk and for a phone
    for wide, high, drawing in boxes:
        bars = re.findall(
            r'<rect class="[^"]+" x="(-?\d+)" y="(-?\d+)" width="(\d+)" height="(\d+)"', drawing
        )
        assert bars
        for x, y, width, height in bars:
            assert int(x) >= 0 and int(x) + int(width) <= int(wide)
            assert int(y) >= 0 and int(y) + int(height) <= int(high)
    assert "style=" not in page


def test_ageing_looks_back_in_time(finance: Visitor, clock: FixedClock) -> None:
    payer = factories.customer()
    bill = factories.invoice(
        factories.subscription(payer), due_on=date(2026, 11, 10), total=100_000
    )
    clock.move(days=19)  # the 20th
    factories.payment(payer, 40_000, [bill])
    for day, late, owed in (
        ("2026-11-10", "Belum jatuh tempo", "Rp100.000"),
        ("2026-11-17", "1–7 hari", "Rp100.000"),
        ("2026-11-18", "8–30 hari", "Rp100.000"),
        ("2026-11-20", "8–30 hari", "Rp60.000"),
        ("2026-12-11", "31–60 hari", "Rp60.000"),
        ("2027-01-10", "61–90 hari", "Rp60.000"),
        ("2027-03-01", "Lebih dari 90 hari", "Rp60.000"),
    ):
        page = finance.get(f"/admin/reports/ageing?until={day}").text
        lines = {row[0]: row[1:] for row in cells(page)[1:]}
        assert lines[late] == ["1", owed, "100,00 %"], day
        assert lines["Jumlah"] == ["1", owed, "100,00 %"]
    early = finance.get("/admin/reports/ageing?until=2026-10-31").text
    assert "Tidak ada apa-apa" in early


def test_nothing_to_draw_is_not_drawn(finance: Visitor) -> None:
    factories.invoice()
    page = finance.get("/admin/reports/areas").text
    assert "Cibiru" in page and "rplot" not in page and "<figure" not in page
