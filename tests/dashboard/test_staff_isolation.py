"""Isolation on staff's screens and the customer's own page: why, what would be, and the answer."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.network import isolation, promises
from portal.network.models_isolation import IsolationStop, PaymentPromise, RapelTerm
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from portal.web.filters import date_id
from tests import factories
from tests.visitor import Visitor
from tests.web.house import somebody


@pytest.fixture
def late(app: Flask) -> Invoice:
    line = factories.subscription(factories.customer(name="Budi Santoso"), login="budi.1")
    return factories.invoice(line, due_on=today() - timedelta(days=30))


@pytest.fixture
def owner(app: Flask) -> Visitor:
    return somebody(app, factories.staff())


def state(bill: Invoice) -> str:
    return factories.fresh(Subscription, bill.subscription_id).state


def path(bill: Invoice, rest: str = "") -> str:
    return f"/admin/customers/{bill.customer_id}{rest}"


def promise(bill: Invoice, days: int = 3) -> int:
    made = promises.make(bill.customer_id, today() + timedelta(days=days), "gajian").id
    db.session.commit()
    return made


def test_a_promise_is_written_down_on_the_customers_page(owner: Visitor, late: Invoice) -> None:
    assert "Catat janji bayar" in owner.page(path(late)).text
    until = today() + timedelta(days=3)
    answer = owner.post(path(late, "/promises"), until_on=until.isoformat(), reason="gajian")
    assert (answer.status_code, answer.location) == (303, path(late))
    html = owner.page(path(late)).text
    assert f"Ditunda: janji bayar s/d {until.day} " in html
    assert "Tarik janji bayar" in html and "Catat janji bayar" not in html
    (made,) = factories.every(PaymentPromise)
    answer = owner.post(path(late, f"/promises/{made.id}/withdraw"), reason="ingkar")
    assert answer.status_code == 303
    assert factories.fresh(PaymentPromise, made.id).withdrawn_on == today()
    assert "ditarik" in owner.page(path(late)).text
    actions = [row.action for row in factories.every(AuditEntry)]
    assert actions[-2:] == ["promise.make", "promise.withdraw"]


@pytest.mark.parametrize(
    ("days", "reason", "words"),
    [
        ("besok", "gajian", "Pilih tanggal"),
        (-1, "gajian", "Tanggal janji sudah lewat."),
        (99, "gajian", "Tanggal janji terlalu jauh."),
        (1, " ", "Tulis alasannya."),
    ],
)
def test_what_is_wrong_with_a_promise_is_said(
    owner: Visitor, late: Invoice, days: int | str, reason: str, words: str
) -> None:
    day = days if isinstance(days, str) else (today() + timedelta(days=days)).isoformat()
    answer = owner.post(path(late, "/promises"), until_on=day, reason=reason)
    assert answer.status_code == 422
    assert words in answer.text and "Catat janji bayar" in answer.text
    assert factories.every(PaymentPromise) == []


def test_when_the_year_is_used_up_there_is_no_form(owner: Visitor, late: Invoice) -> None:
    settings.change("isolation.promises_per_year", 0)
    db.session.commit()
    html = owner.page(path(late)).text
    assert "Jatah janji bayar tahun ini sudah habis." in html
    assert "Catat janji bayar" not in html


def test_rapel_is_for_whoever_may_bill(app: Flask, owner: Visitor, late: Invoice) -> None:
    support = somebody(app, factories.staff(role="support"))
    assert "Simpan bulan rapel" not in support.page(path(late)).text
    assert support.post(path(late, "/rapel"), months="2", reason="panen").status_code == 403
    assert owner.post(path(late, "/rapel"), months="9", reason="panen").status_code == 422
    assert owner.post(path(late, "/rapel"), months="dua", reason="panen").status_code == 422
    assert owner.post(path(late, "/rapel"), months="2", reason="panen").status_code == 303
    assert factories.fresh(RapelTerm, late.customer_id).months == 2
    html = owner.page(path(late)).text
    assert "Boleh menunggak sampai 2 bulan." in html and "Ditunda: rapel" in html


def test_the_dry_run_shows_and_changes_nothing(owner: Visitor, late: Invoice) -> None:
    html = owner.page("/admin/isolation/dry-run").text
    assert "Akan diisolir · 1" in html and "budi.1" in html and "masa tenggang" in html
    assert state(late) == "active"
    isolation.run()
    promise(late)
    assert "Tetap terbuka · 1" in owner.page("/admin/isolation/dry-run").text


def test_the_board_says_why_and_until_when(owner: Visitor, late: Invoice) -> None:
    promise(late)
    html = owner.page("/admin/isolation").text
    assert "budi.1" in html and "Ditunda: janji bayar" in html
    assert date_id(today() + timedelta(days=4)) in html


def test_rapel_without_a_date_is_on_the_board(owner: Visitor, late: Invoice) -> None:
    promises.agree_rapel(late.customer_id, 2, "panen")
    db.session.commit()
    assert "Ditunda: rapel" in owner.page("/admin/isolation").text


@pytest.fixture
def stopped(late: Invoice) -> IsolationStop:
    settings.change("isolation.fuse_lines", 1)
    db.session.commit()
    isolation.run()
    return factories.every(IsolationStop)[0]


def test_the_banner_asks_twice_and_goes_on(
    owner: Visitor, late: Invoice, stopped: IsolationStop
) -> None:
    html = owner.page("/admin/isolation").text
    assert "Isolir otomatis berhenti" in html and "budi.1" in html and "Lanjutkan…" in html
    url = f"/admin/isolation/stops/{stopped.id}"
    assert "budi.1" in owner.page(f"{url}?answer=confirmed").text
    assert owner.post(url, answer="confirmed", reason="").status_code == 422
    assert owner.post(url, answer="apa", reason="x").status_code == 400
    assert owner.post(url, answer="confirmed", reason="dicek").status_code == 303
    isolation.run()
    assert state(late) == "isolated"
    html = owner.page("/admin/isolation").text
    assert "Isolir otomatis berhenti" not in html
    assert owner.page(f"{url}?answer=confirmed").status_code == 303


def test_cancelled_nothing_happens_today(
    owner: Visitor, late: Invoice, stopped: IsolationStop
) -> None:
    url = f"/admin/isolation/stops/{stopped.id}"
    assert "tidak diisolir hari ini" in owner.page(f"{url}?answer=cancelled").text
    owner.post(url, answer="cancelled", reason="salah tagih")
    isolation.run()
    assert state(late) == "active"


def test_support_sees_the_banner_without_the_buttons(
    app: Flask, late: Invoice, stopped: IsolationStop
) -> None:
    support = somebody(app, factories.staff(role="support"))
    html = support.page("/admin/isolation").text
    assert "Isolir otomatis berhenti" in html and "Lanjutkan…" not in html
    url = f"/admin/isolation/stops/{stopped.id}"
    assert support.post(url, answer="confirmed", reason="x").status_code == 403


def test_the_customer_reads_what_postpones_it(app: Flask, late: Invoice) -> None:
    customer = somebody(app, factories.fresh(Customer, late.customer_id))
    assert "Ditunda" not in customer.page("/").text
    promise(late)
    html = customer.page("/").text
    assert "Ditunda: janji bayar s/d" in html
    assert f"dibatasi pada {date_id(today() + timedelta(days=4))}" in html
