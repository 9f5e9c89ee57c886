"""The pages about one line: asked twice, then done; what is typed wrong stays and is explained."""

from datetime import date

import pytest
from flask import Flask

from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import billing, terms
from portal.invoices.models import Invoice
from portal.invoices.models_terms import Charge, SubscriptionDiscount, TaxRate
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import PlanChange, Subscription, SubscriptionPause
from tests import factories
from tests.visitor import Visitor, target


@pytest.fixture
def line(app: Flask) -> Subscription:
    settings.change("billing.proration", "actual")
    db.session.commit()
    return factories.subscription(tariff=factories.plan("Rumah", 300_000))


def url(line: Subscription, action: str = "") -> str:
    return f"/admin/customers/{line.customer_id}/lines/{line.id}{action}"


def twice(desk: Visitor, path: str, **form: str) -> str:
    """Ask, see the question, confirm; where it leads."""
    asked = desk.post(path, **form)
    assert asked.status_code == 200 and 'name="confirmed"' in asked.text
    return target(desk.post(path, **form, confirmed="y"))


def test_the_customers_page_leads_there(desk: Visitor, line: Subscription) -> None:
    assert url(line) in desk.get(f"/admin/customers/{line.customer_id}").text
    other = factories.customer()
    assert desk.get(f"/admin/customers/{other.id}/lines/{line.id}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "typed", "until", "value", "shown"),
    [("amount", "25.000", "", 25_000, "Rp25.000"),
     ("percent", "12,5", "2026-12-31", 1_250, "12,5 %")],
)  # fmt: skip
def test_discount(
    desk: Visitor, line: Subscription, kind: str, typed: str, until: str, value: int, shown: str
) -> None:
    path = url(line, "/discounts")
    form = {"kind": kind, "value": typed, "until": until, "reason": "Mitra RT"}
    asked = desk.post(path, **form)
    assert shown in asked.text and factories.every(SubscriptionDiscount) == []
    assert twice(desk, path, **form) == url(line)
    (row,) = factories.every(SubscriptionDiscount)
    assert (row.kind, row.value, row.reason) == (kind, value, "Mitra RT")
    assert row.until_on == (date.fromisoformat(until) if until else None)
    assert shown in desk.page(url(line)).text
    assert target(desk.post(url(line, f"/discounts/{row.id}/stop"))) == url(line)
    assert shown not in desk.page(url(line)).text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"kind": "amount", "value": "banyak", "reason": "x"}, "Isi rupiah bulat"),
        ({"kind": "percent", "value": "1000", "reason": "x"}, "Isi persen"),
        ({"kind": "percent", "value": "10", "reason": " "}, "Tulis alasannya."),
        ({"kind": "amount", "value": "10", "until": "besok", "reason": "x"}, "Pilih tanggal"),
    ],
)
def test_discount_typed_wrong(
    desk: Visitor, line: Subscription, form: dict[str, str], sentence: str
) -> None:
    answer = desk.post(url(line, "/discounts"), **form)
    assert answer.status_code == 422 and sentence in answer.text
    assert f'value="{form["value"]}"' in answer.text


def test_a_discount_that_ended_yesterday_is_refused_when_confirmed(
    desk: Visitor, line: Subscription
) -> None:
    form = {"kind": "amount", "value": "10", "until": "2026-11-20", "reason": "x"}
    answer = desk.post(url(line, "/discounts"), **form, confirmed="y")
    assert answer.status_code == 422 and "sudah lewat" in answer.text
    assert factories.every(SubscriptionDiscount) == []


def test_fee(desk: Visitor, line: Subscription) -> None:
    path = url(line, "/charges")
    assert desk.post(path, description="", amount="1").status_code == 422
    assert twice(desk, path, description="Pasang baru", amount="250000") == url(line)
    (row,) = factories.every(Charge)
    assert (row.kind, row.amount, row.description) == ("fee", 250_000, "Pasang baru")
    cancel = url(line, f"/charges/{row.id}/cancel")
    assert desk.post(cancel, reason="").status_code == 422
    assert target(desk.post(cancel, reason="salah")) == url(line)
    assert terms.charges_of([line.id]) == []
    db.session.rollback()
    assert [e.action for e in factories.every(AuditEntry)][-2:] == ["charge.add", "charge.cancel"]


def test_pause_and_wake(desk: Visitor, line: Subscription) -> None:
    path = url(line, "/pause")
    assert desk.post(path, wake_on="", reason="mudik").status_code == 422
    late = desk.post(path, wake_on="2026-11-21", reason="mudik", confirmed="y")
    assert late.status_code == 422 and "Tanggal kembali" in late.text
    assert twice(desk, path, wake_on="2026-12-01", reason="mudik") == url(line)
    assert factories.fresh(Subscription, line.id).state == "paused"
    assert "mudik" in desk.page(url(line)).text
    assert twice(desk, url(line, "/wake")) == url(line)
    assert factories.fresh(Subscription, line.id).state == "active"
    assert factories.every(SubscriptionPause)[0].woke_on == date(2026, 11, 21)


def test_plan_change_with_its_quote(desk: Visitor, line: Subscription) -> None:
    fast = factories.plan("Cepat", 600_000)
    factories.plan("Tahunan", 100_000)
    billing.issue_chunk(Period.parse("2026-11"), only_due=False)
    db.session.commit()
    path = url(line, "/plan")
    form = {"plan": str(fast.id), "when": "now", "reason": "minta lebih cepat"}
    quote = desk.post(path, **form)
    assert "Rp100.000" in quote.text and "10 dari 30 hari" in quote.text
    assert factories.every(PlanChange) == []
    stale = desk.post(path, **form, expected="0", confirmed="y")
    assert stale.status_code == 422 and "Perhitungannya berubah" in stale.text
    assert target(desk.post(path, **form, expected="100000", confirmed="y")) == url(line)
    assert factories.fresh(Subscription, line.id).plan_id == fast.id
    assert [row.amount for row in factories.every(Charge)] == [100_000]


def test_plan_change_next_cycle_and_called_off(desk: Visitor, line: Subscription) -> None:
    fast = factories.plan("Cepat", 600_000)
    path = url(line, "/plan")
    form = {"plan": str(fast.id), "when": "next", "reason": "minta"}
    assert "Tidak ada" in desk.post(path, **form).text
    assert target(desk.post(path, **form, expected="0", confirmed="y")) == url(line)
    assert "Cepat" in desk.page(url(line)).text
    assert twice(desk, url(line, "/plan/cancel"), reason="tidak jadi") == url(line)
    assert factories.every(PlanChange)[0].cancelled_at is not None
    for wrong in ({"plan": "x"}, {"plan": "99999"}, {"plan": str(line.plan_id)}, {}):
        assert desk.post(path, reason="x", **wrong).status_code == 422
    bad = desk.post(path, **form, expected="x", confirmed="y")
    assert bad.status_code == 400


def test_end(desk: Visitor, line: Subscription) -> None:
    billing.issue_chunk(Period.parse("2026-11"), only_due=False)
    db.session.commit()
    assert "Rp90.000" in desk.post(url(line, "/end"), reason="pindah rumah").text
    assert desk.post(url(line, "/end"), reason="", confirmed="y").status_code == 422
    assert twice(desk, url(line, "/end"), reason="pindah rumah") == url(line)
    ended = factories.fresh(Subscription, line.id)
    assert (ended.state, ended.ended_on) == ("ended", date(2026, 11, 21))
    assert desk.page(url(line)).status_code == 200


def test_tax_by_date(desk: Visitor, line: Subscription) -> None:
    path = "/admin/settings/tax"
    answer = desk.post(path, valid_from="2027-01-01", rate="12", base="11/12")
    assert target(answer) == path
    (row,) = factories.every(TaxRate)
    assert (row.valid_from, row.rate_bp, row.numerator, row.denominator) == (
        date(2027, 1, 1), 1_200, 11, 12,
    )  # fmt: skip
    text = desk.page(path).text
    assert "12 %" in text and "11/12" in text
    assert target(desk.post(path, valid_from="2027-01-01", rate="11", base="1")) == path
    assert [row.rate_bp for row in factories.every(TaxRate)] == [1_100]
    for wrong in (
        {"valid_from": "2026-11-20", "rate": "12", "base": "1"},
        {"valid_from": "2027-02-01", "rate": "51", "base": "1"},
        {"valid_from": "2027-02-01", "rate": "12", "base": "13/12"},
        {"valid_from": "2027-02-01", "rate": "12", "base": "0"},
        {"valid_from": "x", "rate": "12", "base": "1"},
    ):
        assert desk.post(path, **wrong).status_code == 422
    assert len(factories.every(TaxRate)) == 1


def test_a_plan_with_its_terms(desk: Visitor, app: Flask) -> None:
    form = {"name": "Tiga", "price": "100000", "billing": "prepaid", "cycle_months": "3",
            "issue_day": "5"}  # fmt: skip
    assert target(desk.post("/admin/plans/new", **form)) == "/admin/plans"
    (plan,) = factories.every(Plan)
    assert (plan.billing, plan.cycle_months, plan.issue_day) == ("prepaid", 3, 5)
    for field, wrong in (("billing", "x"), ("cycle_months", "2"), ("issue_day", "29")):
        answer = desk.post(f"/admin/plans/{plan.id}", **{**form, field: wrong})
        assert answer.status_code == 422
    assert target(desk.post(f"/admin/plans/{plan.id}", **{**form, "billing": "postpaid"}))
    factories.subscription(tariff=factories.fresh(Plan, plan.id))
    period = Period.parse("2026-11")
    while not factories.every(Invoice):
        billing.issue_chunk(period, only_due=False)
        db.session.commit()
        period = period.next()
    answer = desk.post(f"/admin/plans/{plan.id}", **form)
    assert answer.status_code == 422 and "sudah punya tagihan" in answer.text
    kept = {**form, "billing": "postpaid", "price": "110000", "seen_price": "110000"}
    assert target(desk.post(f"/admin/plans/{plan.id}", **kept)) == "/admin/plans"


def test_the_run_page_says_what_it_leaves_out_and_can_be_paused(
    desk: Visitor, line: Subscription
) -> None:
    factories.subscription(state="paused")
    run = "/admin/invoices/run"
    text = desk.page(f"{run}?period=2026-11").text
    assert "Sedang cuti" in text and "Contoh tagihan" in text and line.login in text
    desk.post(run, period="2026-11", confirm="2026-11")
    assert "Jeda penerbitan" in desk.page(f"{run}?period=2026-11").text
    assert target(desk.post(f"{run}/pause", period="2026-11")) == f"{run}?period=2026-11"
    text = desk.page(f"{run}?period=2026-11").text
    assert "Penerbitan dijeda" in text and "Lanjutkan penerbitan" in text
    assert "hx-trigger" not in text
    assert target(desk.post(f"{run}/resume", period="2026-11"))
    assert "Jeda penerbitan" in desk.page(f"{run}?period=2026-11").text
    assert desk.post(f"{run}/pause", period="x").status_code == 422
