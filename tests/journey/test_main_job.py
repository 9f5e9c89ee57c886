"""The whole main job through HTTP, with the real worker, scheduler and simulators.

One stack for the module; the tests are chapters and run in order.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.stack import ROOT, Browser, Stack, services, until

AWKWARD = (
    "sep=;\r\n"
    "No Pelanggan;Nama;No HP;Alamat;Wilayah;Paket;Harga;Login Layanan;"
    "Tgl Tagihan;Tgl Mulai;Catatan\r\n"
    'AWK-1;"Sri\r\nWahyuni";8131000001;"Jl. ""Baru"" 1";Timur;Khusus 5;Rp 90.000,00;'
    "sri;31;05/01/2026;x\r\n"
    "AWK-2;Joko *Bintang*;6,281310000002E+12;;Timur;Khusus 5;90000;joko;tgl 15;5 Januari 2026;\r\n"
    "AWK-3;Rusak;6.28E+12;;Timur;Khusus 5;90000;rusak;1;2026-01-05;\r\n"
    "AWK-4;<b>Tebal</b>;'081310000004;;Timur;Khusus 5;95000;tebal;29;46000;\r\n"
    "\r\n"
    "AWK-1;Sri Wahyuni;8131000001;;Timur;Khusus 5;90000;sri;31;;\r\n"
).encode("utf-8-sig")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("journey") / "var", **services("loket_journey"))
    stack.start()
    yield stack
    stack.stop()


def open_invoice(browser: Browser) -> str:
    """The pay path of the first open invoice on the home page."""
    found = re.search(r"/me/invoices/\d+/pay", browser.get("/").text)
    assert found, browser.last.text
    return found[0]


def start_paying(stack: Stack, browser: Browser) -> dict[str, Any]:
    """Press Bayar and choose the gateway's page; the order as the gateway knows it."""
    answer = browser.post(open_invoice(browser), follow=False, choice="pakasir:")
    assert answer.status_code == 303
    requests.get(answer.headers["Location"], timeout=10).raise_for_status()
    return stack.orders()[0]


def shows_paid(browser: Browser, order_id: str) -> bool:
    return "PAY-" in browser.get(f"/me/orders/{order_id}").text


def test_import_and_invoice_run(stack: Stack) -> None:
    staff = stack.staff()
    staff.get("/admin/import")
    page = staff.upload("/admin/import", "lama.csv", AWKWARD)
    choices = page.text.split("<select")[1:]
    guessed = [re.search(r'name="(col-\d+)".*value="(\w+)" selected', one) for one in choices]
    staff.post(page.url.removeprefix(stack.url), **{one[1]: one[2] for one in guessed if one})
    address = staff.last.url.removeprefix(stack.url)
    report = until(lambda: found if "6.28E+12" in (found := staff.get(address)).text else None, 30)
    assert "AWK-1" in report.text
    assert "AWK-2" not in staff.get("/admin/customers?q=AWK").text, "a check must store nothing"
    staff.get(address)
    staff.post(f"{address}/start")
    until(lambda: "AWK-4" in staff.get("/admin/customers?q=AWK").text, 30, "the saving")
    listed = staff.get("/admin/customers?q=AWK").text
    assert [number in listed for number in ("AWK-1", "AWK-2", "AWK-3", "AWK-4")] == [
        True,
        True,
        False,
        True,
    ]
    assert "<b>Tebal</b>" not in listed
    again = stack.flask("customers", "import", "examples/pelanggan.csv")
    assert "0 pelanggan baru, 0 berubah, 300 sama" in again.stdout

    period = re.search(r'name="period" value="([^"]+)"', staff.get("/admin/invoices/run").text)
    assert period
    staff.post("/admin/invoices/run", period=period[1], confirm=period[1])
    fragment = {"HX-Request": "true"}
    until(
        lambda: "306" in staff.session.get(
            f"{stack.url}/admin/invoices/run?period={period[1]}", headers=fragment, timeout=10
        ).text,
        60,
        "306 invoices",
    )  # fmt: skip
    everything = until(lambda: all_invoiced(stack, 306), 90, "306 messages")
    assert max(everything.values()) == 1, "an invoice was announced twice"
    assert stack.inbox("081310000002", "invoice_notification")[0]["driver"] == "meta"


def all_invoiced(stack: Stack, wanted: int) -> Counter[str] | None:
    rows = requests.get(f"{stack.sims}/inbox.json", timeout=20).json()
    keys = Counter(row["idempotency_key"] for row in rows if row["kind"] == "invoice_notification")
    return keys if len(keys) >= wanted else None


def test_pay_on_the_pay_page(stack: Stack) -> None:
    browser = stack.customer("081290000001")
    order = start_paying(stack, browser)
    assert not shows_paid(browser, order["order_id"])
    requests.post(
        f"{stack.sims}/pakasir/checkout/{order['order_id']}", data={"method": "bri_va"}, timeout=10
    ).raise_for_status()
    until(lambda: shows_paid(browser, order["order_id"]), 15, "the payment on the page")
    receipt = until(lambda: stack.inbox("081290000001", "payment_confirmation"), 15, "the receipt")
    assert len(receipt) == 1 and "165.000" in receipt[0]["text"]


def test_ten_webhooks_and_a_wrong_amount_pay_once(stack: Stack) -> None:
    browser = stack.customer("081290000002")
    order = start_paying(stack, browser)
    hook = {"order_id": order["order_id"], "amount": 1, "status": "completed"}
    answer = requests.post(f"{stack.url}/webhooks/pakasir", json=hook, timeout=10)
    assert answer.status_code == 200
    assert not shows_paid(browser, order["order_id"]), "a claim was believed"
    pay = f"{stack.sims}/pakasir/orders/{order['order_id']}/pay"
    requests.post(pay, json={"times": 10}, timeout=10).raise_for_status()
    until(lambda: shows_paid(browser, order["order_id"]), 30, "the payment on the page")
    until(lambda: stack.inbox("081290000002", "payment_confirmation"), 15, "the receipt")
    staff = stack.staff()
    # Callbacks are worked off side by side; the odd one may be the last.
    until(
        lambda: order["order_id"] in staff.get("/admin/payments/attention").text,
        60,
        "the wrong amount on the list",
    )
    assert browser.get("/me/history").text.count("PAY-") >= 1
    assert len(stack.inbox("081290000002", "payment_confirmation")) == 1


def test_v1_simulation_pays_an_order(stack: Stack) -> None:
    browser = stack.customer("085790000003")
    order = start_paying(stack, browser)
    body = {name: order[name] for name in ("project", "order_id", "amount")}
    requests.post(
        f"{stack.sims}/pakasir/api/paymentsimulation", json={**body, "api_key": "x"}, timeout=10
    ).raise_for_status()
    until(lambda: shows_paid(browser, order["order_id"]), 30, "the payment on the page")


def test_money_without_a_webhook_is_found(stack: Stack) -> None:
    browser = stack.customer("081290000004")
    order = start_paying(stack, browser)
    pay = f"{stack.sims}/pakasir/orders/{order['order_id']}/pay"
    requests.post(pay, json={"webhook": False}, timeout=10).raise_for_status()
    until(lambda: shows_paid(browser, order["order_id"]), 60, "the poller")


def test_switching_the_driver_takes_the_next_message(stack: Stack) -> None:
    staff = stack.staff()
    staff.get("/admin/settings/whatsapp")
    saved = staff.post(
        "/admin/settings/whatsapp",
        **{
            "driver": "gateway",
            "cfg-mode": "post",
            "cfg-url": f"{stack.sims}/gateway/ext/{{secret}}/wa",
            "cfg-secret": "rahasia/1",
            "cfg-auth": "none",
            "cfg-dedupes": "no",
            "use": "1",
        },
    )
    assert saved.status_code == 200, saved.text
    staff.post("/admin/settings/whatsapp/use", driver="gateway")
    stack.customer("081290000005")
    code = stack.inbox("081290000005", "otp_code")[0]
    assert code["driver"] == "gateway"
    raw = requests.get(f"{stack.sims}/inbox/raw/{code['id']}.json", timeout=10).json()
    assert raw["path"].endswith("/gateway/ext/rahasia%2F1/wa"), raw["path"]
    assert raw["body"]["action"] == "send" and raw["body"]["to"] == "6281290000005"
    assert raw["headers"]["Idempotency-Key"] == raw["body"]["idempotency_key"]
    assert raw["body"]["idempotency_key"].startswith("otp_code:")
    status = staff.get("/admin/settings/whatsapp/status").json()
    assert status["driver"] == "gateway"
    staff.get("/admin/settings/whatsapp")
    staff.post("/admin/settings/whatsapp/use", driver="meta")
    stack.customer("085790000006")
    assert stack.inbox("085790000006", "otp_code")[0]["driver"] == "meta"


def somebody_late() -> dict[str, str]:
    """Somebody of the example whose billing day has just been: whatever day it is today, no second
    invoice comes in the 18 days after."""
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
    before = [str((today - timedelta(days=back)).day) for back in range(12)]
    with (ROOT / "examples" / "pelanggan.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["no_pelanggan"] > "PLG-0012"]
    return min(
        (row for row in rows if row["tanggal_tagihan"] in before),
        key=lambda row: before.index(row["tanggal_tagihan"]),
    )


def test_late_isolated_paid_restored(stack: Stack) -> None:
    late = somebody_late()
    phone, login = late["telepon"], late["login_layanan"]
    # Issued today: due in 10 days, 7 days of grace, walled off the day after.
    stack.flask("demo", "advance", "18d")
    users = requests.get(f"{stack.sims}/router/users.json", timeout=10).json()
    isolated = {user["login"] for user in users if user["state"] == "isolated"}
    assert login in isolated
    for kind in ("payment_reminder", "overdue_notice", "isolation_notice"):
        keys = [row["idempotency_key"] for row in stack.inbox(phone, kind)]
        expected = 1 if kind == "isolation_notice" else 3
        assert len(keys) == len(set(keys)) == expected, (kind, keys)
    assert not stack.inbox("081290000001", "isolation_notice"), "a payer was isolated"

    browser = stack.customer(phone)
    order = start_paying(stack, browser)
    requests.post(
        f"{stack.sims}/pakasir/orders/{order['order_id']}/pay", timeout=10
    ).raise_for_status()
    router = f"{stack.sims}/router/users/{login}"
    until(lambda: requests.get(router, timeout=10).json()["state"] == "open", 20, "access to open")
    until(lambda: stack.inbox(phone, "access_opened"), 15, "the message")
    assert len(stack.inbox(phone, "access_opened")) == 1
    assert len(stack.inbox(phone, "payment_confirmation")) == 1


def test_the_books_balance(stack: Stack) -> None:
    doctor = stack.flask("doctor", check=False)
    assert doctor.returncode == 0, doctor.stdout
    rows = requests.get(f"{stack.sims}/inbox.json", timeout=20).json()
    keys = Counter(row["idempotency_key"] for row in rows if row["idempotency_key"])
    assert [key for key, count in keys.items() if count > 1] == []
