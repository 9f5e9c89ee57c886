"""The staff's first page, the isolation board and the audit log."""

import re
from datetime import date, timedelta

from flask import Flask

from portal.core.period import Period
from portal.dashboard import plots_view
from portal.extensions import db
from portal.infra.timekeeping import now, today
from portal.invoices import books
from portal.messaging import channel_config, channel_order, channels, meters
from portal.messaging.models import Message
from portal.network import isolation, promises
from portal.network.models import NetworkAccess
from portal.orders.models import ServiceOrder
from portal.payments.models import AttentionItem
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor

URL = "/admin"


def message(state: str, lane: str = "messages") -> None:
    db.session.add(
        Message(
            dedupe_key=f"{state}:{lane}:{len(factories.every(Message))}",
            kind="broadcast",
            lane=lane,
            recipient="+6281234567890",
            params={},
            state=state,
            next_at=now(),
            created_at=now(),
        )
    )
    db.session.commit()


def figure(html: str, label: str) -> str:
    """The number under this label."""
    return html.split(f"<small>{label}</small><b>")[1].split("</b>")[0]


def waiting(html: str) -> list[tuple[str, int, str]]:
    """(title, count, address) of the to-do list."""
    found = re.findall(
        r'<li><a href="([^"]+)"><span class="badge many \w+">([\d.]+)</span>'
        r'<span class="grow">([^<]+)<',
        html,
    )
    return [(title, int(count), url) for url, count, title in found]


def test_figures(desk: Visitor) -> None:
    budi = factories.customer()
    factories.customer(status="closed")
    line = factories.subscription(budi)
    old = factories.invoice(line, "2026-10", date(2026, 11, 1), 100_000)
    this = factories.invoice(line, "2026-11", date(2026, 11, 25), 200_000)
    factories.invoice(factories.subscription(budi), "2026-11", total=999_000, state="void")
    factories.payment(budi, 30_000, [old])
    factories.payment(budi, 50_000, [this])
    factories.subscription(budi, state="isolated")
    message("failed")
    text = desk.get(URL).text
    assert figure(text, "Pelanggan aktif") == "1"
    assert figure(text, "Ditagih") == "Rp200.000" and "1 tagihan" in text
    assert figure(text, "Terkumpul") == "Rp50.000" and "25 %" in text
    assert figure(text, "Tunggakan") == "Rp70.000" and "1 pelanggan" in text
    assert figure(text, "Diisolir") == "1" and figure(text, "WA bermasalah") == "1"
    # The lists say the same money: what is left, not what was billed once.
    for query in ("state=overdue", "state=overdue&age=30"):
        assert "belum dibayar Rp70.000" in desk.get(f"/admin/invoices?{query}").text


def test_figures_lead_to_their_rows(desk: Visitor) -> None:
    """What a figure counts is what its list shows."""
    line = factories.subscription()
    factories.invoice(line, due_on=date(2026, 11, 1))
    message("failed")
    message("unknown")
    text = desk.get(URL).text
    for link in ("/admin/customers?state=current", "/admin/invoices?state=overdue"):
        assert f'href="{link}"' in text
        assert line.login in desk.get(link).text or "1 baris" in desk.get(link).text
    # The log does not count: with a million rows that would take longer than reading a page.
    assert 'href="/admin/messages?status=failed"' in text
    assert (
        len(
            re.findall(
                r'href="/admin/messages/\d+"', desk.get("/admin/messages?status=failed").text
            )
        )
        == 1
    )


def test_an_empty_house(desk: Visitor) -> None:
    text = desk.get(URL).text
    assert figure(text, "Ditagih") == "Rp0" and "0 %" in text
    assert "Belum ada pembayaran." in text


def test_a_quiet_house_says_so(desk: Visitor) -> None:
    channel_config.choose("console")
    db.session.commit()
    assert "Tidak ada. Semua berjalan." in desk.get(URL).text


def test_what_needs_a_person(desk: Visitor) -> None:
    channel_config.choose("console")
    meters.pause(channels.active(), "misconfigured", "Token ditolak.", 3600)  # type: ignore[arg-type]
    db.session.add(AttentionItem(dedupe_key="1", kind="double", sentence="x", created_at=now()))
    db.session.commit()
    line = factories.subscription(state="isolated")
    row = isolation.access_row(line.id)
    row.actual, row.last_error = "open", "Router tidak menjawab."
    db.session.commit()
    message("failed")
    message("unknown")
    assert waiting(desk.get(URL).text) == [
        ("Uang yang belum cocok", 1, "/admin/payments/attention"),
        ("Saluran WhatsApp dijeda: Token ditolak.", 1, "/admin/settings/whatsapp"),
        ("Langganan belum sesuai router", 1, "/admin/routers"),
        ("Pesan belum pasti sampai", 1, "/admin/messages?status=unknown"),
        ("Pesan gagal terkirim", 1, "/admin/messages?status=failed"),
    ]


def test_every_resting_channel_in_force_is_named(desk: Visitor) -> None:
    channel_config.choose("console")
    other = channel_config.add("console", "Nomor kedua")
    channel_order.stand_in(other)
    for channel, why in zip(
        channels.in_order(), ("Token ditolak.", "Perangkat keluar."), strict=True
    ):
        meters.pause(channel, "misconfigured", why, 3600)
    db.session.commit()
    text = desk.get(URL).text
    assert "Saluran Nomor kedua dijeda: Perangkat keluar." in text
    assert "dijeda: Token ditolak." in text


def test_money_is_not_for_everybody(app: Flask) -> None:
    """A technician sees counts, not the turnover."""
    budi = factories.customer()
    factories.payment(budi, 777_000)
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff(role="technician"))
    text = desk.get(URL).text
    assert "Pelanggan aktif" in text and ">Rp" not in text and budi.name not in text


def test_isolation_board(desk: Visitor) -> None:
    assert "Tidak ada yang diisolir" in desk.get("/admin/isolation").text
    walled = factories.subscription(login="walled", state="isolated")
    factories.invoice(walled, due_on=date(2026, 10, 1), total=165_000)
    soon, fine = factories.subscription(login="soon"), factories.subscription(login="fine")
    factories.invoice(soon, due_on=date(2026, 11, 15), total=100_000)
    for line, next_on in ((walled, None), (soon, date(2026, 11, 23)), (fine, None)):
        row = isolation.access_row(line.id)
        row.next_on, row.actual = next_on, "open"
    db.session.get_one(NetworkAccess, walled.id).last_error = "Router tidak menjawab."
    db.session.commit()
    text = desk.get("/admin/isolation").text
    assert text.index("Tunggakan Rp165.000") < text.index("Akan diisolir 23 Nov 2026 bila")
    assert "Router tidak menjawab." in text and "23 Nov 2026" in text and "fine" not in text


def test_the_board_speaks_the_readers_language(desk: Visitor) -> None:
    """What is stored stays Indonesian; who is postponed without a date is on the board."""
    line = factories.subscription(login="rapel.1")
    factories.invoice(line, due_on=date(2026, 10, 1), total=165_000)
    promises.agree_rapel(line.customer_id, 2, "panen")
    isolation.settle_line(line.id)
    db.session.commit()
    row = factories.fresh(NetworkAccess, line.id)
    assert (row.decision, row.next_on) == ("postponed", None)
    assert row.reason == "Ditunda: rapel sampai 2 bulan, 1 bulan tertunggak (Rp165.000)."
    assert row.reason in desk.get("/admin/isolation").text
    text = desk.get("/admin/isolation?lang=en").text
    assert "Postponed: may owe up to 2 months, owes 1 (Rp165.000)." in text
    assert "Ditunda" not in text


def test_the_menu_marks_where_one_is(desk: Visitor) -> None:
    budi = factories.customer()
    text = desk.page(f"/admin/customers/{budi.id}").text
    menu = text.split("<nav")[1].split("</nav>")[0]
    assert menu.count('aria-current="page"') == 1
    assert 'href="/admin/customers" aria-current="page"' in menu


def test_the_month_is_chosen_and_kept_within_a_year(desk: Visitor) -> None:
    line = factories.subscription()
    factories.invoice(line, "2026-09", date(2026, 10, 1), 70_000, state="paid")
    factories.invoice(line, "2026-11", total=90_000)
    assert figure(desk.get(f"{URL}?period=2026-09").text, "Ditagih") == "Rp70.000"
    for nonsense in ("2031-01", "x", "2026-13"):
        assert figure(desk.get(f"{URL}?period={nonsense}").text, "Ditagih") == "Rp90.000"


def test_each_age_leads_to_its_invoices(desk: Visitor) -> None:
    """The bands do not overlap and leave nothing out; the list of each adds up to it."""
    line = factories.subscription()
    for number, (days, total) in enumerate(
        ((1, 1_000), (30, 2_000), (31, 4_000), (60, 8_000), (61, 16_000))
    ):
        due_on = today() - timedelta(days=days)
        factories.invoice(line, f"2026-0{number + 1}", due_on, total)
    factories.invoice(line, "2026-11", today(), 999_000)
    text = desk.get(URL).text
    for age, amount in (("30", "Rp3.000"), ("60", "Rp12.000"), ("61", "Rp16.000")):
        url = f"/admin/invoices?state=overdue&amp;age={age}"
        assert amount in text.split(f'href="{url}"')[1].split("</tr>")[0]
        assert f"belum dibayar {amount}<" in desk.get(url.replace("&amp;", "&")).text


def test_credit_notes_and_other_months_stay_out_of_a_bar(app: Flask) -> None:
    budi = factories.customer()
    line = factories.subscription(budi)
    old = factories.invoice(line, "2026-10", total=100_000)
    factories.invoice(line, "2026-08", total=999_000, state="void")
    factories.payment(budi, 60_000, [old])
    rows = dict(plots_view.money("2026-11").lines)
    assert rows["Oktober 2026"] == (100_000, 60_000) and rows["Agustus 2026"] == (0, 0)
    assert len(rows) == 12 and list(rows)[-1] == "November 2026"


def test_lines_that_come_and_go(app: Flask) -> None:
    factories.subscription(started_on=date(2026, 10, 31))
    gone = factories.subscription(started_on=date(2025, 10, 1), state="ended")
    db.session.get_one(Subscription, gone.id).ended_on = date(2026, 11, 1)
    db.session.commit()
    rows = dict(plots_view.comings("2026-11").lines)
    assert rows["Oktober 2026"] == (1, 0) and rows["November 2026"] == (0, 1)


def test_the_to_do_list_is_what_one_may_open(app: Flask) -> None:
    """A technician gets work and routers first; nothing about money is named."""
    db.session.add(AttentionItem(dedupe_key="1", kind="double", sentence="x", created_at=now()))
    order = ServiceOrder(
        number="PSN-1", token="t" * 43, kind="install", state="queued", state_since=now(),
        customer_id=factories.customer(status="prospect").id, name="Rina Pasang Baru",
        placed_at=now(), expires_at=now(),
    )  # fmt: skip
    db.session.add(order)
    db.session.commit()
    url = f"/admin/orders/{order.id}"
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff(role="technician"))
    text = desk.get(URL).text
    assert waiting(text) == [("Pesanan menunggu dikerjakan", 1, "/admin/orders")]
    assert f'href="{url}"' in text and "Rina Pasang Baru" in text
    assert "Router" in text and "Umur tunggakan" not in text


def test_the_books_of_last_month_are_asked_for(desk: Visitor) -> None:
    titles = [title for title, _count, _url in waiting(desk.get(URL).text)]
    assert not any("Buku" in title for title in titles)  # nothing was billed then
    factories.invoice(factories.subscription(), "2026-10", state="paid")
    assert ("Buku Oktober 2026 belum dikunci", 1, "/admin/books") in waiting(desk.get(URL).text)
    books.lock(Period.parse("2026-10"), "selesai", "staff:1")
    db.session.commit()
    assert "Buku Oktober" not in desk.get(URL).text
