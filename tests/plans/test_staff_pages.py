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
    form = {"name": "Rumah 15 Mbps", "price": "150000", "due_days": "", "grace_days": "0"}
    asked = desk.post(f"{URL}/{found.id}", **form)
    assert "berlaku untuk 1 langganan mulai tagihan berikutnya: +Rp25.000 per bulan" in asked.text
    assert factories.fresh(Plan, found.id).price == 125_000
    # Seen for another price is not seen.
    assert "Belum disimpan" in desk.post(f"{URL}/{found.id}", **form, seen_price="140000").text
    answer = desk.post(f"{URL}/{found.id}", **form, seen_price="150000")
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


def test_who_is_on_a_plan_and_putting_it_away(desk: Visitor) -> None:
    found = factories.plan("Rumah 10 Mbps", 125_000)
    factories.subscription(tariff=found)
    factories.subscription(tariff=found, price=90_000, state="isolated")
    factories.subscription(tariff=found, state="ended")
    html = desk.page(URL).text
    assert "Rp215.000" in html and "1 harga khusus" in html
    assert target(desk.post(f"{URL}/{found.id}/archive", archived="1")) == URL
    kept = factories.fresh(Plan, found.id)
    assert (kept.active, kept.public) == (False, False)
    assert "Rumah 10 Mbps" not in desk.page(URL).text.split("<main")[1]
    assert "Rumah 10 Mbps" in desk.page(f"{URL}?show=archived").text
    desk.post(f"{URL}/{found.id}/archive", archived="")
    assert factories.fresh(Plan, found.id).active is True
    actions = [row.action for row in factories.every(AuditEntry)]
    assert actions[-2:] == ["plan.archive", "plan.restore"]
