"""The customer's own pages: what they show, whose they show, and how many queries they cost."""

from datetime import date, timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices import links
from portal.invoices.models import Invoice
from portal.network import isolation
from portal.network.models import NetworkAccess
from portal.subscriptions.models import Subscription
from tests import factories
from tests.dashboard.test_customer_orders import order
from tests.statements import counted
from tests.visitor import Visitor, target

PAGES = ["/", "/me/invoices", "/me/history", "/me/profile"]


def many_invoices(line: Subscription, count: int) -> list[Invoice]:
    """Invoices of the last months, each half paid, the newest one unpaid."""
    made = []
    for back in range(count):
        month = 2026 * 12 + 10 - back
        period = f"{month // 12}-{month % 12 + 1:02d}"
        bill = factories.invoice(line, period=period, due_on=date(2026, 11, 25))
        made.append(bill)
    return made


def test_anonymous_goes_to_login(app: Flask) -> None:
    visitor = Visitor(app)
    assert target(visitor.get("/")) == "/login"
    for url in PAGES[1:]:
        assert target(visitor.get(url)) == f"/login?next={url}"


@pytest.mark.parametrize("url", [*PAGES, "/me/invoices/1", "/me/invoices?status=open"])
@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_pages_cost_a_fixed_number_of_queries(
    app: Flask, budi: Customer, line: Subscription, url: str, hx: bool
) -> None:
    """One invoice or thirty, one payment or ten: the same statements."""
    visitor = Visitor(app, hx=hx)
    factories.log_in(visitor.client, budi)
    first = many_invoices(line, 1)
    factories.payment(budi, 5_000, first)
    costs = []
    for _ in range(2):
        with counted() as statements:
            assert visitor.get(url).status_code == 200
        costs.append(len([text for text in statements if text.startswith("SELECT")]))
        for bill in many_invoices(factories.subscription(budi), 30)[:10]:
            factories.payment(budi, 7_000, [bill])
    assert costs[0] == costs[1] <= 13, costs


def test_get_never_writes(visitor: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line)
    found = order(bill)
    urls = [*PAGES, f"/me/invoices/{bill.id}", f"/me/orders/{found.order_id}"]
    with counted() as statements:
        for url in urls:
            assert visitor.get(url).status_code == 200
    assert {text.split()[0] for text in statements} <= {"SELECT", "BEGIN", "PRAGMA"}
    assert "BEGIN IMMEDIATE" not in statements


def test_home_with_one_bill(visitor: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line, total=183_150, due_on=date(2026, 11, 26))
    text = visitor.get("/").text
    assert "Halo, Budi Santoso" in text and "Rumah 20 Mbps" in text and "Aktif" in text
    assert "Rp183.150" in text and "Jatuh tempo 26 Nov 2026" in text and "5 hari lagi" in text
    assert f'action="/me/invoices/{bill.id}/pay"' in text and "Bayar sekarang" in text
    # 7 days of grace after the due date, asked from the decision function.
    assert "Akses internet dibatasi pada 4 Des 2026" in text
    assert "+6281211117890" not in text


def test_home_with_several_bills(visitor: Visitor, line: Subscription) -> None:
    factories.invoice(line, period="2026-10", due_on=date(2026, 11, 20))
    factories.invoice(line, period="2026-11", due_on=date(2026, 11, 30))
    text = visitor.get("/").text
    assert "2 tagihan belum dibayar" in text and "Rp330.000" in text
    assert 'action="/me/pay"' in text and "Bayar semua" in text
    assert "lewat 1 hari" in text and "Lewat jatuh tempo" in text


def test_home_counts_what_is_paid_already(
    visitor: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=100_000)
    factories.payment(budi, 40_000, [bill])
    text = visitor.get("/").text
    assert "Rp60.000" in text and "Dibayar sebagian" in text


def test_home_without_bills(visitor: Visitor, line: Subscription) -> None:
    text = visitor.get("/").text
    assert "Tidak ada tagihan" in text and "Tagihan berikutnya ± 1 Des 2026" in text
    assert "/pay" not in text


def test_home_isolated(visitor: Visitor, line: Subscription) -> None:
    """The red card comes first, says why in the decision's words, and how to end it."""
    factories.invoice(line, period="2026-10", due_on=date(2026, 11, 1))
    isolation.run()
    text = visitor.get("/").text
    assert text.index("Akses internet sedang dibatasi") < text.index("Halo, Budi")
    assert "masa tenggang 7 hari sudah lewat" in text and "Diisolir" in text
    assert "terbuka otomatis" in text


def test_home_isolated_by_hand_keeps_the_staff_note_inside(
    visitor: Visitor, line: Subscription
) -> None:
    isolation.isolate_by_hand(line.id, "sering menunggak, catatan dalam")
    db.session.commit()
    text = visitor.get("/").text
    assert "dibatasi oleh petugas" in text and "catatan dalam" not in text


def test_home_while_access_comes_back(visitor: Visitor, budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line, period="2026-10", due_on=date(2026, 11, 1))
    isolation.run()
    db.session.get_one(NetworkAccess, line.id).actual = "isolated"
    db.session.commit()
    factories.payment(budi, bill.total, [bill])
    text = visitor.get("/").text
    assert "Sedang dibuka" in text and "sedang dibatasi" not in text


def test_home_shows_credit(visitor: Visitor, budi: Customer, line: Subscription) -> None:
    factories.payment(budi, 50_000)
    assert "Rp50.000" in visitor.get("/").text


def test_a_held_line_names_the_day_staff_granted(visitor: Visitor, line: Subscription) -> None:
    factories.invoice(line, period="2026-10", due_on=date(2026, 11, 1))
    isolation.run()
    isolation.restore_by_hand(line.id, "janji bayar", days=3)
    db.session.commit()
    assert "dibatasi pada 25 Nov 2026" in visitor.get("/").text


def test_invoices_by_status_and_page(visitor: Visitor, budi: Customer, line: Subscription) -> None:
    bills = many_invoices(line, 30)
    factories.payment(budi, bills[0].total, [bills[0]])
    assert visitor.get("/me/invoices").text.count('class="item"') == 25
    assert visitor.get("/me/invoices?page=2").text.count('class="item"') == 5
    assert visitor.get("/me/invoices?status=paid").text.count('class="item"') == 1
    assert visitor.get("/me/invoices?status=open&page=2").text.count('class="item"') == 4
    assert visitor.get("/me/invoices?status=void'--").text.count('class="item"') == 25
    part = Visitor(visitor.client.application, hx=True)
    factories.log_in(part.client, budi)
    text = part.get("/me/invoices?status=paid").text
    assert "<html" not in text and 'id="list"' in text


def test_one_invoice(visitor: Visitor, budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line, total=100_000)
    factories.payment(budi, 40_000, [bill], method="qris")
    text = visitor.get(f"/me/invoices/{bill.id}").text
    assert bill.number in text and "November 2026" in text and "Rumah 20 Mbps" in text
    assert "Sudah dibayar" in text and "Rp60.000" in text and "QRIS" in text
    assert "hx-trigger" not in text, "nothing is pending, so nothing polls"


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_foreign_and_unknown_objects_are_not_found(app: Flask, budi: Customer, hx: bool) -> None:
    """T9: 404 and not 403, so that nobody learns what exists."""
    foreign = factories.invoice()
    found = order(foreign)
    visitor = Visitor(app, hx=hx)
    factories.log_in(visitor.client, budi)
    for url in (
        f"/me/invoices/{foreign.id}",
        "/me/invoices/999999",
        "/me/invoices/-1",
        "/me/invoices/1e3",
        f"/me/orders/{found.order_id}",
        "/me/orders/LKTXXXX",
        "/me/orders/%2e%2e",
    ):
        assert visitor.get(url).status_code == 404, url
    visitor.page("/me/profile")
    for url in (
        f"/me/invoices/{foreign.id}/pay",
        "/me/invoices/999999/pay",
        f"/me/orders/{found.order_id}/check",
    ):
        assert visitor.post(url).status_code == 404, url


def test_nobody_else_is_on_my_pages(visitor: Visitor, line: Subscription) -> None:
    stranger = factories.customer(name="Orang Lain")
    foreign = factories.invoice(factories.subscription(stranger), total=777_777)
    factories.payment(stranger, 777_777, [foreign])
    for url in PAGES:
        text = visitor.get(url).text
        assert "Orang Lain" not in text and "777.777" not in text and foreign.number not in text


def test_history(visitor: Visitor, budi: Customer, line: Subscription) -> None:
    assert "Belum ada pembayaran" in visitor.get("/me/history").text
    bills = many_invoices(line, 2)
    factories.payment(budi, 330_000, bills, method="qris")
    text = visitor.get("/me/history").text
    assert "Rp330.000" in text and "PAY-20261121-00001" in text
    assert "November 2026" in text and "Oktober 2026" in text


@pytest.mark.parametrize(
    "url",
    ["/me/profile/language", "/me/profile/leave-everywhere", "/me/pay", "/me/invoices/1/pay"],
)
def test_nothing_is_posted_without_a_token(visitor: Visitor, url: str) -> None:
    assert visitor.post(url).status_code == 419


def test_the_next_invoice_after_a_paid_one(
    visitor: Visitor, budi: Customer, clock: FixedClock
) -> None:
    factories.subscription(budi, billing_day=31)
    clock.move(days=100)  # 1 March 2027: the 28th of February is over
    assert "± 31 Mar 2027" in visitor.get("/").text
    assert clock.today() == date(2026, 11, 21) + timedelta(days=100)


def test_history_by_year_and_kind_and_the_rest_on_demand(
    app: Flask, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    """Three years of payments: a page of 25, then the rest in its place, also by plain links."""
    visitor = Visitor(app, hx=True)
    factories.log_in(visitor.client, budi)
    for _ in range(30):
        factories.payment(budi, 10_000, [factories.invoice(line, total=10_000)])
        clock.move(days=31)
        line = factories.subscription(budi)
    html = visitor.get("/me/history").text
    assert html.count("Rp10.000") == 25 and "(5 lagi)" in html and "<html" not in html
    more = visitor.get("/me/history?page=2&more=1").text
    assert more.count("Rp10.000") == 5 and "<table" not in more and "more-here" not in more
    whole = visitor.page("/me/history?page=2").text
    assert whole.count("Rp10.000") == 5 and "<html" in whole
    assert visitor.get("/me/history?year=2026").text.count("Rp10.000") == 2
    assert visitor.get("/me/history?year=2027").text.count("Rp10.000") == 12
    assert "Tidak ada pembayaran dengan pilihan ini" in visitor.get("/me/history?year=2001").text
    assert "Tidak ada pembayaran" in visitor.get("/me/history?status=reversal").text
    for odd in ("year=abc", "year=99999", "year=-1", "status=x", "page=0", "page=99999999999999"):
        assert visitor.get(f"/me/history?{odd}").status_code == 200, odd
    bills = visitor.get("/me/invoices").text
    assert "(5 lagi)" in bills and "Semua tahun" in bills
    assert visitor.get("/me/invoices?page=2&more=1").text.count('class="item"') == 5


def test_a_bill_can_be_handed_on_by_its_own_link(
    visitor: Visitor, budi: Customer, line: Subscription
) -> None:
    """For somebody else to pay it; a paid one has nothing to hand on."""
    bill = factories.invoice(line)
    html = visitor.page(f"/me/invoices/{bill.id}").text
    link = links.url(bill.id, bill.link_version)
    assert f'data-url="{link}"' in html and "https://wa.me/?text=" in html
    factories.payment(budi, bill.total, [bill])
    assert link not in visitor.page(f"/me/invoices/{bill.id}").text
