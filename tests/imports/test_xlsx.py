"""Excel as people leave it: numbers as phones, dates, formulas, merged cells, titles, bombs."""

import io
import zipfile
from datetime import date, datetime

import pytest

from portal.customers.models import Customer
from portal.imports import tables, xlsx
from portal.imports.xlsx import TableError
from portal.subscriptions.models import Subscription
from tests import factories
from tests.imports.wizard import URL, book, checked, imported, run, run_of, state, upload
from tests.visitor import Visitor

HEAD = ["no_pelanggan", "nama", "telepon", "area", "paket", "harga", "tanggal_tagihan",
        "tanggal_mulai"]  # fmt: skip

WITH_TIME = datetime(2026, 1, 7, 9, 0)  # noqa: DTZ001 - a spreadsheet knows no zone


def test_numbers_dates_and_floats(desk: Visitor) -> None:
    content = book([
        HEAD,
        [1, "Budi", 81234567890, "Timur", "Rumah", 150000, 5, date(2025, 3, 1)],
        [2, "Tini", 6285712345678.0, "Timur", "Rumah", 150000.0, WITH_TIME, 45000],
        ["3", "Cici", "0812 9999 0000", None, "Rumah", "Rp 150.000", "tgl 9", None],
    ])  # fmt: skip
    imported(desk, content, "a.xlsx")
    assert [(one.number, one.phone) for one in factories.every(Customer)] == [
        ("1", "+6281234567890"), ("2", "+6285712345678"), ("3", "+6281299990000"),
    ]  # fmt: skip
    assert [(one.billing_day, one.price) for one in factories.every(Subscription)] == [
        (5, 150_000), (7, 150_000), (9, 150_000),
    ]  # fmt: skip
    assert factories.every(Subscription)[1].started_on == date(2023, 3, 15)


def test_formulas_without_a_result_and_excel_errors(desk: Visitor) -> None:
    content = book([
        HEAD,
        [1, "Budi", '="0812"&"34567890"', "", "Rumah", 150000, 1, None],
        [2, "Tini", "081234567891", "", "#N/A", 150000, 1, None],
        [3, "Cici", "081234567892", "", "Rumah", 150000, 1, None],
    ])  # fmt: skip
    run_id = checked(desk, content, "a.xlsx")
    page = desk.get(f"{URL}/{run_id}").text
    assert run(run_id).summary["bad"] == 2 and run(run_id).total == 1
    assert "Rumus ini belum dihitung" in page and "kesalahan Excel" in page


def test_merged_cells_count_for_all_their_rows(desk: Visitor) -> None:
    content = book([
        HEAD,
        [1, "Budi", "081234567890", "Timur", "Rumah", 150000, 1, None],
        [2, "Tini", "081234567891", None, "Rumah", 150000, 1, None],
        [3, "Cici", "081234567892", None, "Rumah", 150000, 1, None],
        [4, "Dede", "081234567893", None, "Rumah", 150000, 1, None],
    ], merge="D2:D4")  # fmt: skip
    run_id = imported(desk, content, "a.xlsx")
    areas = [one.area.name if one.area else "" for one in factories.every(Customer)]
    assert areas == ["Timur", "Timur", "Timur", ""]
    assert "sel gabungan" in desk.get(f"{URL}/{run_id}").text


def test_a_title_above_the_header_and_empty_rows(desk: Visitor) -> None:
    content = book([
        ["DATA PELANGGAN 2026"], [], HEAD,
        [1, "Budi", "081234567890", "Timur", "Rumah", 150000, 1, None], [],
        [2, "Tini", "x", "Timur", "Rumah", 150000, 1, None],
    ], merge="A1:F1")  # fmt: skip
    run_id = checked(desk, content, "a.xlsx")
    assert run(run_id).summary["new"] == 1 and "<td>x</td>" in desk.get(f"{URL}/{run_id}").text
    assert desk.get(f"{URL}/{run_id}/bad.csv").data.decode("utf-8-sig").count("\n") == 2


def test_which_sheet(desk: Visitor) -> None:
    from openpyxl import Workbook

    made = Workbook()
    made.active.title = "Catatan"  # type: ignore[union-attr]
    made.active.append(["bukan", "data"])  # type: ignore[union-attr]
    other = made.create_sheet("Pelanggan")
    other.append(HEAD)
    other.append([1, "Budi", "081234567890", "Timur", "Rumah", 150000, 1, None])
    made.create_sheet("Rahasia").sheet_state = "hidden"
    target = io.BytesIO()
    made.save(target)
    run_id = run_of(upload(desk, target.getvalue(), "a.xlsx"))
    page = desk.get(f"{URL}/{run_id}/columns").text
    assert "<option selected>Catatan" in page and "Rahasia" not in page
    page = desk.get(f"{URL}/{run_id}/columns?sheet=Pelanggan").text
    assert "081234567890" in page and state(run_id) == "new"


def test_bombs_and_locked_files_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"0" * 50_000_000)
    assert len(target.getvalue()) < 300_000
    with pytest.raises(TableError, match="terlalu besar"):
        tables.sheets(target.getvalue())
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(xlsx.MOST_PARTS + 1):
            archive.writestr(f"{number}", b"")
    with pytest.raises(TableError, match="terlalu besar"):
        tables.sheets(many.getvalue())
    with pytest.raises(TableError):
        tables.sheets(b"PK\x03\x04" + b"x" * 100)


def test_a_zip_that_is_no_workbook() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", b"halo")
    with pytest.raises(TableError, match="bukan berkas Excel"):
        tables.sheets(target.getvalue())
