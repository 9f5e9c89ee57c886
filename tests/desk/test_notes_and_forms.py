"""Notes keep their history; a customer is made with a line, warned of doubles, and closed."""

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.desk.models import CustomerNote, NoteEdit
from portal.infra.audit import AuditEntry
from portal.messaging.models import Message
from portal.subscriptions.models import Subscription
from tests import factories
from tests.desk.conftest import Enter
from tests.visitor import Visitor, target

LIST = "/admin/customers"


def test_notes(enter: Enter, people: dict[str, Customer]) -> None:
    ani, toni = enter("support"), enter("technician")
    url = f"{LIST}/{people['budi'].id}/notes"
    ani.post(url, body=" Anjing galak \n di depan ", pin="y")
    note = factories.every(CustomerNote)[0]
    assert note.body == "Anjing galak \n di depan" and note.pinned
    assert "Anjing galak" in ani.page(f"{LIST}/{people['budi'].id}").text
    toni.page(url)
    toni.post(f"{url}/{note.id}", body="Anjing sudah pindah", version="1")
    text = toni.page(url).text
    assert "Anjing sudah pindah" in text and "Anjing galak" in text and "Riwayat (1)" in text
    # Somebody else was quicker: nothing is lost and nothing written over.
    late = ani.post(f"{url}/{note.id}", body="Versi lama", version="1")
    assert late.status_code == 422 and "Versi lama" in late.text
    assert factories.fresh(CustomerNote, note.id).body == "Anjing sudah pindah"
    assert [one.body for one in factories.every(NoteEdit)] == ["Anjing galak \n di depan"]
    empty = ani.post(url, body="  ")
    assert empty.status_code == 422 and 'aria-invalid="true"' in empty.text
    # Not by way of another customer.
    other = f"{LIST}/{people['tini'].id}/notes/{note.id}"
    assert ani.post(other, body="x", version="2").status_code == 404


NEW = {
    "name": "Rini Baru", "phone": "0813 1111 2222", "address": "Jl. Anggrek 7", "area": "Cibiru",
    "login": "rini.01", "billing_day": "7",
}  # fmt: skip


def test_a_customer_with_a_line(enter: Enter) -> None:
    ani, plan = enter("support"), factories.plan()
    ani.page(f"{LIST}/new")
    answer = ani.post(f"{LIST}/new", **NEW, plan=str(plan.id), price="150.000")
    made = factories.every(Customer)[-1]
    assert target(answer) == f"{LIST}/{made.id}"
    assert (made.name, made.phone) == ("Rini Baru", "+6281311112222")
    assert made.number.startswith("PLG-") and made.area.name == "Cibiru"
    line = factories.every(Subscription)[-1]
    assert (line.login, line.billing_day, line.custom_price) == ("rini.01", 7, 150_000)
    entry = next(one for one in factories.every(AuditEntry) if one.action == "customer.create")
    assert entry.subject == f"customer:{made.id}"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Nama wajib diisi."),
        ({"phone": "12"}, ""),
        ({"login": ""}, "Login layanan wajib diisi."),
        ({"login": "budi.01"}, "Login ini sudah dipakai pelanggan PLG-1001."),
        ({"number": "PLG-1001"}, "Nomor pelanggan itu sudah dipakai."),
        ({"plan": "999"}, "Pilih paket lain."),
        ({"billing_day": "32"}, "Isi tanggal 1 sampai 31."),
        ({"started_on": "kemarin"}, "Pilih tanggal"),
        ({"price": "1,5"}, ""),
        ({"plan": ""}, "Pilih paket, atau kosongkan login layanan."),
    ],
)
def test_a_wrong_form_loses_nothing(
    enter: Enter, people: dict[str, Customer], wrong: dict[str, str], sentence: str
) -> None:
    ani, plan = enter("support"), factories.plan()
    before = len(factories.every(Customer)), len(factories.every(Subscription))
    answer = ani.post(f"{LIST}/new", **({**NEW, "plan": str(plan.id)} | wrong))
    assert answer.status_code == 422 and sentence in answer.text
    assert 'aria-invalid="true"' in answer.text and 'value="Jl. Anggrek 7"' in answer.text
    assert (len(factories.every(Customer)), len(factories.every(Subscription))) == before


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"phone": "+62 812 3456 7890"}, "nomor telepon sama"),
        ({"name": "Bpk. Budi Santosa", "address": "Jl Melati No 5"}, "nama dan alamat mirip"),
    ],
)
def test_doubles_are_asked_about_once(
    enter: Enter, people: dict[str, Customer], typed: dict[str, str], why: str
) -> None:
    ani = enter("support")
    form = {"name": "Rini Baru", "phone": "081311112222", "address": "Jl. Anggrek 7"} | typed
    asked = ani.post(f"{LIST}/new", **form)
    assert asked.status_code == 422 and why in asked.text and "PLG-1001" in asked.text
    assert len(factories.every(Customer)) == 3
    ani.post(f"{LIST}/new", **form, known="y")
    assert len(factories.every(Customer)) == 4
    # Changing somebody into a double asks too; changing something else does not.
    joko = people["joko"]
    own = {"name": joko.name, "phone": joko.phone, "address": joko.address, "area": "Cibiru"}
    assert ani.post(f"{LIST}/{joko.id}/edit", **(own | typed)).status_code == 422
    assert target(ani.post(f"{LIST}/{joko.id}/edit", **(own | {"area": "Lain"})))


def test_closing_shows_what_it_means(app: Flask, enter: Enter, people: dict[str, Customer]) -> None:
    siti, tini = enter("finance"), people["tini"]
    phone = Visitor(app)
    factories.log_in(phone.client, tini)
    assert phone.get("/me/profile").status_code == 200
    url = f"{LIST}/{tini.id}/close"
    text = siti.page(url).text
    assert "tini.02" in text and "Rp165.000 tetap harus dibayar" in text
    assert siti.post(url, reason=" ").status_code == 422
    assert factories.fresh(Customer, tini.id).status == "active"
    siti.post(url, reason="Pindah rumah")
    assert factories.fresh(Customer, tini.id).status == "closed"
    line = next(one for one in factories.every(Subscription) if one.login == "tini.02")
    assert line.state == "ended"
    assert target(phone.get("/me/profile")).startswith("/login")
    again = siti.post(url, reason="Pindah rumah")
    assert again.status_code == 422 and "sudah ditutup" in again.text
    siti.post(f"{LIST}/{tini.id}/reopen")
    assert factories.fresh(Customer, tini.id).status == "active"
    assert enter("support").get(url).status_code == 403


def test_a_pay_link_is_sent_once(enter: Enter, people: dict[str, Customer]) -> None:
    ani, tini = enter("support"), people["tini"]
    for _press in range(2):
        ani.post(f"{LIST}/{tini.id}/pay-link")
    sent = factories.every(Message)
    assert [(one.kind, one.recipient) for one in sent] == [("overdue_notice", tini.phone)]
    answer = ani.post(f"{LIST}/{people['budi'].id}/pay-link")
    assert "Tidak ada tagihan terbuka." in ani.page(target(answer)).text


def test_tabs_by_address_and_as_fragments(app: Flask, siti, people) -> None:  # type: ignore[no-untyped-def]
    """Each tab is a page; HTMX gets the same without what is around it."""
    whole, part = Visitor(app), Visitor(app, hx=True)
    for visitor in (whole, part):
        factories.log_in(visitor.client, siti)
    for tab in ("", "/invoices", "/payments", "/services", "/messages", "/notes", "/log"):
        url = f"{LIST}/{people['tini'].id}{tab}"
        page, block = whole.get(url).text, part.get(url).text
        assert f'href="{url}"' in page and "<html" in page and "<html" not in block
        assert block.count('aria-current="page"') == 1 and 'id="tabbed"' in block
