"""Files of reports: the same as the screen, harmless, all rows."""

import csv
import io
import re
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, update

from portal.core.spreadsheet import harmless
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.payments.models import Payment
from portal.reports import routes_staff
from portal.reports.catalog import REPORTS
from portal.reports.measures import MEASURES
from tests import factories
from tests.reports.seen import RANGE, amount, cells
from tests.visitor import Visitor


def csv_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def xlsx_of(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def _same(shown: str, in_csv: str, in_xlsx: Any) -> bool:
    if shown in ("—", ""):
        return in_csv == "" and in_xlsx is None
    if shown.endswith("%") and shown[-3].isdigit():
        plain = shown.removesuffix(" %").replace("−", "-").replace(".", "")
        return in_csv == plain and round(in_xlsx * 100, 2) == float(plain.replace(",", "."))
    if "Rp" in shown:
        return int(in_csv) == in_xlsx == amount(shown) and isinstance(in_xlsx, int)
    if in_xlsx is None or isinstance(in_xlsx, str):
        return shown == in_csv == in_xlsx  # a heading
    return int(in_csv) == in_xlsx == int(shown.replace(".", ""))


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
        assert sum(int(line[-1]) for line in lines[1:]) == amount(total[1])
        assert sum(row[-1] for row in sheet[1:]) == amount(total[1])
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
