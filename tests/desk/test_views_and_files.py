"""Saved views are one's own or shared, deleting can be undone; files hold exactly the filter."""

import csv
import io

import pytest
from flask import Flask
from openpyxl import load_workbook

from portal.customers.models import Customer
from portal.desk.models import SavedView
from portal.infra.audit import AuditEntry
from tests import factories
from tests.desk.conftest import Enter
from tests.visitor import target

LIST = "/admin/customers"


def test_a_view_is_kept_opened_and_taken_away(enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    ani.post(f"{LIST}/views", name="  Menunggak  Cibiru ", owes="overdue", sort="owed", q="")
    view = factories.every(SavedView)[0]
    assert (view.name, view.query, view.shared) == (
        "Menunggak Cibiru", "owes=overdue&sort=owed", False,
    )  # fmt: skip
    text = ani.page(f"{LIST}?{view.query}").text
    assert 'aria-current="true">Menunggak Cibiru' in text and "PLG-1002" in text
    gone = ani.post(f"{LIST}/views/{view.id}/delete")
    after = ani.page(target(gone)).text
    assert "Menunggak Cibiru" not in after and f"/views/{view.id}/restore" in after
    ani.post(f"{LIST}/views/{view.id}/restore")
    assert "Menunggak Cibiru" in ani.page(LIST).text
    # The same name again is the same view.
    ani.post(f"{LIST}/views", name="Menunggak Cibiru", state="isolated", shared="y")
    assert [(one.query, one.shared) for one in factories.every(SavedView)] == [
        ("state=isolated", True)
    ]


def test_views_of_others(enter: Enter, people: dict[str, Customer]) -> None:
    ani, budi = enter("support"), enter("finance")
    ani.post(f"{LIST}/views", name="Rahasia Ani", q="tini")
    ani.post(f"{LIST}/views", name="Untuk semua", q="tini", shared="y")
    text = budi.page(LIST).text
    assert "Rahasia Ani" not in text and "Untuk semua" in text
    for view in factories.every(SavedView):
        budi.post(f"{LIST}/views/{view.id}/delete")
        budi.post(f"{LIST}/views/{view.id}/restore")
    assert all(one.deleted_at is None for one in factories.every(SavedView))
    # Who may not give lists out shares nothing.
    udin = enter("collector", "Cibiru")
    udin.post(f"{LIST}/views", name="Semua orang", q="x", shared="y")
    assert not factories.every(SavedView)[-1].shared


@pytest.mark.parametrize(
    "form", [{"name": "", "q": "x"}, {"name": "n" * 61, "q": "x"}, {"name": "x"}]
)
def test_what_is_no_view(enter: Enter, form: dict[str, str]) -> None:
    ani = enter("support")
    answer = ani.post(f"{LIST}/views", **form)
    assert 'class="alert bad"' in ani.page(target(answer)).text
    assert not factories.every(SavedView)


def test_files_hold_the_filter_and_no_formula(
    app: Flask, enter: Enter, people: dict[str, Customer]
) -> None:
    evil = factories.customer("PLG-1004", name="=HYPERLINK(1)", address="@cmd", area="Cibiru")
    two = factories.subscription(evil, login="+evil")
    factories.subscription(evil, login="dua")
    factories.invoice(two, total=165_000)
    ani = enter("finance")
    rows = _csv(ani.get(_asked(ani, "csv", q="1004")).data)
    assert [row["Nama"] for row in rows] == ["'=HYPERLINK(1)", "'=HYPERLINK(1)"]
    assert [row["Login"] for row in rows] == ["'+evil", "dua"] and rows[0]["Alamat"] == "'@cmd"
    # What is owed stands once.
    assert [row["Jumlah tagihan terbuka"] for row in rows] == ["165000", ""]
    everybody = _csv(ani.get(_asked(ani, "csv")).data)
    assert {row["Nomor"] for row in everybody} == {"PLG-1001", "PLG-1002", "PLG-1003", "PLG-1004"}
    book = load_workbook(io.BytesIO(ani.get(_asked(ani, "xlsx", owes="overdue")).data))
    assert [row[0].value for row in book.active.iter_rows(min_row=2)] == ["PLG-1002"]
    entry = next(one for one in factories.every(AuditEntry) if one.action == "customers.export")
    assert entry.after["count"] == 1 and entry.after["kind"] == "csv"


def _asked(visitor, kind: str, **wanted: str) -> str:  # type: ignore[no-untyped-def]
    visitor.page(f"{LIST}/export")
    return target(visitor.post(f"{LIST}/export", kind=kind, **wanted))


def _csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


def test_a_files_address_is_worth_nothing_to_others(
    enter: Enter, people: dict[str, Customer]
) -> None:
    ani, other = enter("finance"), enter("owner")
    address = _asked(ani, "csv")
    assert ani.get(address).mimetype == "text/csv"
    assert other.get(address).mimetype == "text/html"
    assert ani.get(address.replace("key=", "key=x")).mimetype == "text/html"
    assert enter("technician").get(address).status_code == 403
