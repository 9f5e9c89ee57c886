"""Plans for staff: list, add, change; issued invoices keep their price."""

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.infra.audit import AuditEntry
from portal.invoices.models import Invoice
from portal.plans.models import Plan
from tests import factories
from tests.visitor import Visitor, target

URL = "/admin/plans"


def test_list(desk: Visitor) -> None:
    assert "Belum ada paket." in desk.get(URL).text
    found = factories.plan("Rumah 10 Mbps", 125_000)
    text = desk.get(URL).text
    assert "Rumah 10 Mbps" in text and "Rp125.000" in text and f"{URL}/{found.id}" in text


def test_add(desk: Visitor, siti: Staff) -> None:
    answer = desk.post(
        f"{URL}/new", name=" Rumah 30 Mbps ", price="Rp 1.250.000", due_days="5", grace_days=""
    )
    assert target(answer) == URL
    found = factories.every(Plan)[0]
    assert (found.name, found.price) == ("Rumah 30 Mbps", 1_250_000)
    assert (found.due_days, found.grace_days) == (5, None)
    assert "Paket ditambahkan." in desk.page(URL).text
    entry = factories.every(AuditEntry)[-1]
    assert (entry.action, entry.actor) == ("plan.create", f"staff:{siti.id}")


def test_change(desk: Visitor, siti: Staff) -> None:
    found = factories.plan("Rumah 10 Mbps", 125_000)
    line = factories.subscription(tariff=found)
    bill = factories.invoice(line)
    shown = desk.get(f"{URL}/{found.id}").text
    assert 'value="Rumah 10 Mbps"' in shown and 'value="125000"' in shown
    answer = desk.post(
        f"{URL}/{found.id}", name="Rumah 15 Mbps", price="150000", due_days="", grace_days="0"
    )
    assert target(answer) == URL
    now = factories.fresh(Plan, found.id)
    assert (now.name, now.price, now.due_days, now.grace_days) == (
        "Rumah 15 Mbps",
        150_000,
        None,
        0,
    )
    kept = factories.fresh(Invoice, bill.id)
    assert (kept.plan_name, kept.total) == ("Rumah 10 Mbps", 125_000)
    actions = {row.action: row for row in factories.every(AuditEntry)}
    assert actions["plan.price"].before == {"price": 125_000}
    assert actions["plan.change"].after["name"] == "Rumah 15 Mbps"
    assert actions["plan.price"].actor == f"staff:{siti.id}"


def test_saving_without_a_change_writes_no_audit(desk: Visitor) -> None:
    found = factories.plan("Rumah 10 Mbps", 125_000)
    before = len(factories.every(AuditEntry))
    desk.post(f"{URL}/{found.id}", name=found.name, price="125.000", due_days="", grace_days="")
    assert len(factories.every(AuditEntry)) == before


@pytest.mark.parametrize("known", [False, True], ids=["new", "change"])
@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Nama paket wajib diisi, paling banyak 120 huruf."),
        ("name", "n" * 121, "Nama paket"),
        ("name", "Sudah Ada", "Nama paket ini sudah dipakai."),
        ("price", "", ""),
        ("price", "gratis", ""),
        ("price", "0", "Harga harus lebih dari nol."),
        ("price", "-1000", ""),
        ("price", "99999999999999", ""),
        ("price", "150.000,50", ""),
        ("due_days", "91", "Isi 0 sampai 90 hari"),
        ("due_days", "-1", "Isi 0 sampai 90 hari"),
        ("due_days", "²", "Isi 0 sampai 90 hari"),
        ("grace_days", "lima", "Isi 0 sampai 90 hari"),
    ],
)
def test_wrong_values_stay_typed(
    app: Flask, desk: Visitor, known: bool, field: str, typed: str, sentence: str
) -> None:
    factories.plan("Sudah Ada", 1_000)
    mine = factories.plan("Rumah 10 Mbps", 125_000)
    url = f"{URL}/{mine.id}" if known else f"{URL}/new"
    form = {"name": "Paket Lain", "price": "77000", "due_days": "3", "grace_days": "4"}
    answer = desk.post(url, **(form | {field: typed}))
    assert answer.status_code == 422
    place = answer.text.split(f'id="f-{field}"')[1].split("</div>")[0]
    assert sentence in place and 'class="err"' in place
    assert f'value="{typed}"' in answer.text
    assert len(factories.every(Plan)) == 2
    assert factories.fresh(Plan, mine.id).price == 125_000


def test_unknown_plan(desk: Visitor) -> None:
    assert desk.get(f"{URL}/99").status_code == 404
    assert desk.post(f"{URL}/99", name="x", price="1").status_code == 404
