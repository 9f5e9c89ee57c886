"""Customers for staff: what they cost to show, changing them, walling off and opening by hand."""

from datetime import date, timedelta

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.infra.audit import AuditEntry
from portal.network.models import NetworkAccess
from portal.subscriptions.models import Subscription
from tests import factories
from tests.desk.test_list import LIST
from tests.statements import counted
from tests.visitor import Visitor, target


@pytest.mark.parametrize("what", ["list", "one", "isolation", "audit", "dashboard"])
def test_pages_cost_a_fixed_number_of_queries(app: Flask, siti: Staff, what: str) -> None:
    """Three customers or thirty, one invoice or twenty: the same statements."""
    desk = Visitor(app)
    factories.log_in(desk.client, siti)
    budi = factories.customer()
    url = {
        "list": LIST,
        "one": f"{LIST}/{budi.id}",
        "isolation": "/admin/isolation",
        "audit": "/admin/audit",
        "dashboard": "/admin",
    }[what]
    costs = []
    for rows in (3, 27):
        for n in range(rows):
            tini = factories.customer()
            line = factories.subscription(tini, state="isolated")
            factories.subscription(budi)
            bill = factories.invoice(line, due_on=date(2026, 11, 1))
            factories.payment(tini, 1_000, [bill])
            mine = factories.subscription(budi, state="isolated")
            factories.invoice(mine, period=f"20{10 + n % 15}-0{n % 9 + 1}")
            _access(line.id), _access(mine.id)
        with counted() as statements:
            assert desk.get(url).status_code == 200
        costs.append(len([text for text in statements if text.startswith("SELECT")]))
    assert costs[0] == costs[1], costs
    assert costs[0] <= 24 or what not in {"list", "one"}, costs


def _access(subscription_id: int) -> None:
    from portal.extensions import db
    from portal.network.isolation import access_row

    row = access_row(subscription_id)
    row.decision, row.reason, row.actual = "isolate", "Menunggak.", "isolated"
    db.session.commit()


def test_one_customer(desk: Visitor, app: Flask) -> None:
    budi = factories.customer("PLG-1", "Budi Santoso", "+6281234567890", "+6285711112222")
    line = factories.subscription(budi, login="budi.01")
    bill = factories.invoice(line, due_on=date(2026, 11, 1), total=165_000)
    factories.payment(budi, 200_000, [bill])
    text = desk.page(f"{LIST}/{budi.id}").text
    for shown in ("PLG-1", "0812-3456-7890", "0857-1111-2222", "budi.01", "Jl. Melati 5"):
        assert shown in text
    assert bill.number in text and "Lunas" in text and "Rp200.000" in text and "Rp35.000" in text
    assert f'href="{LIST}/{budi.id}/lines/{line.id}/access"' in text and "Isolir…" in text
    assert desk.get(f"{LIST}/99999").status_code == 404


def edit(desk: Visitor, person: Customer, **changes: str):  # type: ignore[no-untyped-def]
    """Post the form as the page shows it, with these changes."""
    form = {
        "name": person.name,
        "phone": person.phone,
        "phone_alt": person.phone_alt or "",
        "address": person.address,
        "area": "Cibiru",
    }
    return desk.post(f"{LIST}/{person.id}/edit", **(form | changes))


def test_edit_form_shows_what_is_stored(desk: Visitor) -> None:
    budi = factories.customer(phone="+6281234567890", phone_alt="+6285711112222")
    text = desk.get(f"{LIST}/{budi.id}/edit").text
    for value in ("Budi Santoso", "0812-3456-7890", "0857-1111-2222", "Jl. Melati 5", "Cibiru"):
        assert f'value="{value}"' in text
    assert desk.get(f"{LIST}/99999/edit").status_code == 404


def test_edit_saves_audits_and_comes_back(desk: Visitor, siti: Staff) -> None:
    budi = factories.customer()
    phone = desk.client.application.test_client()
    factories.log_in(phone, budi)
    answer = edit(desk, budi, name=" Budi S. ", address="Jl. Mawar 1", area="Baru")
    assert target(answer) == f"{LIST}/{budi.id}"
    now = factories.fresh(Customer, budi.id)
    assert (now.name, now.address, now.area.name) == ("Budi S.", "Jl. Mawar 1", "Baru")
    assert phone.get("/me/profile").status_code == 200
    assert "Data pelanggan disimpan." in desk.page(target(answer)).text
    entry = factories.every(AuditEntry)[-1]
    assert (entry.action, entry.subject) == ("customer.change", f"customer:{budi.id}")
    assert entry.actor == f"staff:{siti.id}"
    assert entry.before["name"] == "Budi Santoso" and entry.after["name"] == "Budi S."
    assert "phone" not in entry.before


def test_saving_without_a_change_writes_no_audit(desk: Visitor) -> None:
    budi = factories.customer()
    before = len(factories.every(AuditEntry))
    assert target(edit(desk, budi)) == f"{LIST}/{budi.id}"
    assert len(factories.every(AuditEntry)) == before


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Nama wajib diisi."),
        ("name", "n" * 121, "Paling banyak 120 huruf."),
        ("phone", "12", ""),
        ("phone", "", ""),
        ("phone", "bukan nomor", ""),
        ("phone_alt", "0812", ""),
        ("address", "x" * 501, "Paling banyak 500 huruf."),
        ("area", "a" * 81, "Paling banyak 80 huruf."),
    ],
)
def test_wrong_values_stay_typed(desk: Visitor, field: str, typed: str, sentence: str) -> None:
    """422, the sentence beside the field, what was typed kept, nothing stored."""
    budi = factories.customer()
    answer = edit(desk, budi, **{"address": "Jl. Lain 9", field: typed})
    assert answer.status_code == 422
    text = answer.text
    assert f'value="{typed}"' in text and sentence in text
    place = text.split(f'id="f-{field}"')[1].split("</div>")[0]
    assert 'aria-invalid="true"' in place and 'class="err"' in place
    if field != "address":
        assert 'value="Jl. Lain 9"' in text
    now = factories.fresh(Customer, budi.id)
    assert (now.name, now.phone, now.address) == (budi.name, budi.phone, budi.address)


def test_a_new_phone_ends_the_customers_sessions(app: Flask, desk: Visitor) -> None:
    budi = factories.customer(phone="+6281234567890")
    phone_in_hand = Visitor(app)
    factories.log_in(phone_in_hand.client, budi)
    assert phone_in_hand.get("/me/profile").status_code == 200
    edit(desk, budi, phone="0857 1111 2222")
    assert factories.fresh(Customer, budi.id).phone == "+6285711112222"
    assert target(phone_in_hand.get("/me/profile")).startswith("/login")
    # A change of anything else does not.
    again = factories.fresh(Customer, budi.id)
    factories.log_in(phone_in_hand.client, again)
    edit(desk, again, name="Budi S.")
    assert phone_in_hand.get("/me/profile").status_code == 200


def access(desk: Visitor, line: Subscription, **form: str):  # type: ignore[no-untyped-def]
    return desk.post(f"{LIST}/{line.customer_id}/lines/{line.id}/access", **form)


def test_isolating_by_hand(desk: Visitor, siti: Staff) -> None:
    line = factories.subscription()
    page = f"{LIST}/{line.customer_id}/lines/{line.id}/access"
    text = desk.get(page).text
    assert "Isolir layanan" in text and 'value="isolate"' in text
    answer = access(desk, line, action="isolate", reason=" Perangkat disalahgunakan ")
    assert target(answer) == f"{LIST}/{line.customer_id}"
    assert factories.fresh(Subscription, line.id).state == "isolated"
    row = factories.fresh(NetworkAccess, line.id)
    assert (row.decision, row.reason) == ("by_hand", "Perangkat disalahgunakan")
    assert row.next_at is not None
    entry = factories.every(AuditEntry)[-1]
    assert entry.action == "subscription.isolated" and entry.actor == f"staff:{siti.id}"
    assert entry.reason == "Perangkat disalahgunakan"
    assert "Perintah dikirim ke router." in desk.page(target(answer)).text
    changes = desk.page(f"{LIST}/{line.customer_id}/log").text.split("Perubahan</h2>")[1]
    assert "Langganan diisolir" in changes and "Perangkat disalahgunakan" in changes


def test_opening_by_hand_holds_for_three_days(desk: Visitor, clock: FixedClock) -> None:
    line = factories.subscription(state="isolated")
    factories.invoice(line, due_on=date(2026, 10, 1))
    text = desk.get(f"{LIST}/{line.customer_id}/lines/{line.id}/access").text
    assert "Buka akses" in text and 'value="restore"' in text
    answer = access(desk, line, action="restore", reason="Janji bayar besok")
    assert target(answer) == f"{LIST}/{line.customer_id}"
    assert factories.fresh(Subscription, line.id).state == "active"
    row = factories.fresh(NetworkAccess, line.id)
    assert row.hold_until == date(2026, 11, 24)
    assert row.next_on == row.hold_until + timedelta(days=1)


@pytest.mark.parametrize("action", ["isolate", "restore"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_access_needs_a_reason(desk: Visitor, action: str, reason: str) -> None:
    state = "active" if action == "isolate" else "isolated"
    line = factories.subscription(state=state)
    answer = access(desk, line, action=action, reason=reason)
    assert answer.status_code == 422 and "Tulis alasannya." in answer.text
    assert factories.fresh(Subscription, line.id).state == state


def test_a_stale_form_changes_nothing(desk: Visitor) -> None:
    """Somebody else was quicker, or pressed twice."""
    line = factories.subscription(state="isolated")
    answer = access(desk, line, action="isolate", reason="x")
    assert "Keadaannya sudah berubah." in desk.page(target(answer)).text
    assert factories.fresh(Subscription, line.id).state == "isolated"
    paused = factories.subscription(state="paused")
    access(desk, paused, action="restore", reason="x")
    assert factories.fresh(Subscription, paused.id).state == "paused"


@pytest.mark.parametrize("action", ["", "delete"])
def test_an_unknown_action_is_refused(desk: Visitor, action: str) -> None:
    line = factories.subscription(state="isolated")
    assert access(desk, line, action=action, reason="x").status_code == 400
    assert factories.fresh(Subscription, line.id).state == "isolated"


def test_a_line_of_somebody_else_is_not_found(desk: Visitor) -> None:
    mine, other = factories.subscription(), factories.subscription()
    url = f"{LIST}/{mine.customer_id}/lines/{other.id}/access"
    assert desk.get(url).status_code == 404
    assert desk.post(url, action="isolate", reason="x").status_code == 404
    assert factories.fresh(Subscription, other.id).state == "active"
