"""The pages of the reports: what they show, where numbers lead, files, filters, odd addresses."""

import csv
import io
import re
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import insert, update

from portal.core.clock import FixedClock
from portal.core.money import parse_rupiah
from portal.core.spreadsheet import harmless
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.payments.models import Payment
from portal.reports import routes_staff
from portal.reports.catalog import REPORTS
from portal.reports.measures import MEASURES
from portal.reports.scope import Scope
from tests import factories
from tests.reports.random_books import Life
from tests.statements import counted
from tests.visitor import Visitor

RANGE = "since=2026-11-01&until=2026-12-31"


@pytest.fixture
def clock() -> FixedClock:
    # 1 November there, after months without anything.
    return FixedClock(datetime.fromisoformat("2026-10-31T17:05:00+00:00"))


@pytest.fixture
def finance(app: Flask) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, factories.staff(role="finance"))
    return found


@pytest.fixture
def lived(app: Flask, clock: FixedClock) -> None:
    """Two months of something."""
    Life(clock, 7).live(2)
    db.session.rollback()


def cells(html: str) -> list[list[str]]:
    """The words of each table row."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.S)
    return [
        [
            unescape(re.sub(r"<[^>]+>", " ", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in rows
    ]


def links(html: str) -> list[tuple[str, str]]:
    """(address, words) of every number that leads to its rows."""
    found = re.findall(r'<a href="([^"]*/admin/reports/rows/[^"]*)">([^<]*)</a>', html)
    return [(unescape(address), unescape(words)) for address, words in found]


def csv_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def xlsx_of(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


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
        shown = sum(_amount(row[1]) for row in cells(rows)[1:])
        if int(total[2].replace(".", "")) <= 25:
            assert shown == _amount(total[1]), address


def _amount(words: str) -> int:
    return -parse_rupiah(words[1:]) if words.startswith("-") else parse_rupiah(words)


@pytest.mark.parametrize("report", sorted(REPORTS))
def test_files_say_what_the_screen_says(finance: Visitor, lived: None, report: str) -> None:
    address = f"/admin/reports/{report}?{RANGE}&basis=received&by=month"
    screen = cells(finance.get(address).text)
    files = address.replace("?", "/file/{}?")
    answer = finance.get(files.format("csv"))
    lines, sheet = csv_of(answer), xlsx_of(finance.get(files.format("xlsx")))
    assert f"filename={REPORTS[report].file}-2026-1" in answer.headers["Content-Disposition"]
    assert len(lines) == len(sheet) == len(screen)
    for shown, line, row in zip(screen, lines, sheet, strict=True):
        for number, words in enumerate(shown[1:], 1):
            assert _same(words, line[number], row[number]), (words, line[number], row[number])


def _same(shown: str, in_csv: str, in_xlsx: Any) -> bool:
    if shown in ("—", ""):
        return in_csv == "" and in_xlsx is None
    if shown.endswith("%") and shown[-3].isdigit():
        plain = shown.removesuffix(" %").replace("−", "-").replace(".", "")
        return in_csv == plain and round(in_xlsx * 100, 2) == float(plain.replace(",", "."))
    if "Rp" in shown:
        return int(in_csv) == in_xlsx == _amount(shown) and isinstance(in_xlsx, int)
    if in_xlsx is None or isinstance(in_xlsx, str):
        return shown == in_csv == in_xlsx  # a heading
    return int(in_csv) == in_xlsx == int(shown.replace(".", ""))


def test_files_of_rows_hold_every_row(finance: Visitor, lived: None) -> None:
    for measure in MEASURES:
        address = f"/admin/reports/rows/{measure}/file/{{}}?{RANGE}"
        lines, sheet = (
            csv_of(finance.get(address.format("csv"))),
            xlsx_of(finance.get(address.format("xlsx"))),
        )
        page = finance.get(f"/admin/reports/rows/{measure}?{RANGE}").text
        total = re.search(r"<b>(-?Rp[\d.]+)</b><em>([\d.]+) baris", page)
        assert total
        assert len(lines) - 1 == len(sheet) - 1 == int(total[2])
        assert sum(int(line[-1]) for line in lines[1:]) == _amount(total[1])
        assert sum(row[-1] for row in sheet[1:]) == _amount(total[1])
        for line, row in zip(lines[1:], sheet[1:], strict=True):
            assert isinstance(row[0], datetime) and line[0] == row[0].date().isoformat()
            assert [line[1], line[2], line[3]] == [row[1] or "", row[2], row[3]]


def test_files_are_harmless_to_spreadsheets(finance: Visitor) -> None:
    canaries = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1")
    for number, canary in enumerate(canaries):
        payer = factories.customer(number=f"{canary}{number}", name=canary, area=f"{canary} area")
        factories.payment(payer, 1000, method=canary)
    db.session.execute(update(Payment).values(note="=cmd|'/c calc'!A0\x0b"))
    db.session.commit()
    address = "/admin/reports/rows/received/file/{}"
    lines, sheet = (
        csv_of(finance.get(address.format("csv"))),
        xlsx_of(finance.get(address.format("xlsx"))),
    )
    assert len(lines) == len(sheet) == len(canaries) + 1
    for cell in [one for row in (*lines, *sheet) for one in row if isinstance(one, str)]:
        assert cell == harmless(cell) and not cell.strip().startswith(("=", "+", "-", "@", "＝"))
    names = {line[3] for line in lines}
    assert "'=1+1" in names and "Pelanggan" in names
    raw = load_workbook(io.BytesIO(finance.get(address.format("xlsx")).data)).worksheets[0]
    assert {cell.data_type for row in raw.iter_rows() for cell in row} <= {
        "s",
        "inlineStr",
        "n",
        "d",
    }


def test_plain_values_stay_as_they_are() -> None:
    for value in (-5, None, date(2026, 1, 1), "Budi", "08-12", "a=b", "", "62-811"):
        assert harmless(value) == value
    assert harmless("-5") == "'-5"


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


def test_a_big_list_is_a_csv_only(finance: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows, over several batches; the sheet is refused with a sentence."""
    payer = factories.customer()
    first = factories.payment(payer, 1000)
    db.session.execute(
        insert(Payment),
        [
            {
                "number": f"P{number}",
                "customer_id": payer.id,
                "amount": number,
                "source": "cash",
                "method": "",
                "paid_at": now(),
                "recorded_at": now(),
                "booked_on": date(2026, 11, 1),
                "note": "",
            }
            for number in range(1, 2501)
        ],
    )
    db.session.commit()
    assert first
    lines = csv_of(finance.get("/admin/reports/rows/received/file/csv"))
    assert len(lines) == 2502
    assert sum(int(line[-1]) for line in lines[1:]) == 1000 + 2500 * 2501 // 2
    monkeypatch.setattr(routes_staff, "MOST", 2000)
    answer = finance.get("/admin/reports/rows/received/file/xlsx")
    assert answer.status_code == 303
    page = finance.get(answer.headers["Location"]).text
    assert "Lebih dari 100.000 baris" in page and "/file/xlsx" not in page


def test_bars_have_words_and_stay_in_their_box(finance: Visitor, lived: None) -> None:
    page = finance.get(f"/admin/reports/receipts?{RANGE}").text
    assert 'role="img" aria-label="Grafik Uang masuk: paling tinggi' in page
    for _class, x, y, width, height in re.findall(
        r'<rect class="([^"]+)" x="(-?\d+)" y="(-?\d+)" width="(\d+)" height="(\d+)"', page
    ):
        assert int(x) >= 0 and int(x) + int(width) <= 1200
        assert int(y) >= 0 and int(y) + int(height) <= 201
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
