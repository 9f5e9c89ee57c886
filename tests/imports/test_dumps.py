"""Dumps of the two systems: who is taken, what of them, what is told, and nothing secret."""

import gzip
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner
from openpyxl import load_workbook
from sqlalchemy import text

from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.health import invariants
from portal.imports import shelf
from portal.imports.models import ImportRun
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices import billing, books
from portal.invoices.models import Invoice
from portal.invoices.models_terms import Charge
from portal.messaging.models import Message
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests import factories
from tests.imports.dumps import (
    INDONUSA,
    PHPNUXBILL,
    SECRET,
    ji_customer,
    ji_invoice,
    ji_package,
    mysqldump,
    nux_customer,
    nux_plan,
    nux_recharge,
    pg_dump,
)
from tests.imports.wizard import URL, checked, imported, run, state, tick
from tests.visitor import Visitor

NUX = {
    "tbl_customers": [
        nux_customer(1, pppoe_username="budi.pppoe", balance="25000.00"),
        nux_customer(2, phonenumber="0", username="081277770002"),
        nux_customer(3, status="Banned"),
        nux_customer(4),  # no recharge
        nux_customer(5),  # a voucher of hours
        nux_customer(6),  # gone since August
        nux_customer(7, phonenumber="bukan nomor"),
        nux_customer(8),  # ended last week
    ],
    "tbl_plans": [
        nux_plan(),
        nux_plan(2, name_plan="Jam-jaman", price="5000", validity=3, validity_unit="Hrs"),
        nux_plan(3, name_plan="Tiga bulan", price="420000", validity=3),
    ],
    "tbl_user_recharges": [
        nux_recharge(1), nux_recharge(2, plan_id=3, namebp="Tiga bulan", expiration="2027-01-10"),
        nux_recharge(3), nux_recharge(5, plan_id=2, namebp="Jam-jaman"),
        nux_recharge(6, status="off", expiration="2026-08-12"), nux_recharge(7),
        nux_recharge(8, status="off", expiration="2026-11-14"),
    ],
    "tbl_routers": [{"id": 1, "name": "Pusat", "ip_address": "10.0.0.1", "password": SECRET}],
    "tbl_customers_fields": [
        {"id": 1, "customer_id": 1, "field_name": "Modem Bill", "field_value": "50000:2"}
    ],
    "tbl_transactions": [{"id": 1, "price": "150000", "recharged_on": "2026-11-05"}],
    "tbl_voucher": [{"id": 1, "code": "ABC"}, {"id": 2, "code": "DEF"}],
    "tbl_users": [{"id": 1, "username": "admin", "password": SECRET}],
}  # fmt: skip
JI = {
    "customers": [
        ji_customer(1, total_debt="350000.00", phone_alt="081288880001"),
        ji_customer(2, credit_balance="30000.00", discount_type="nominal",
                    discount_value="20000.00"),
        ji_customer(3, status="terminated", total_debt="200000.00"),
        ji_customer(4, status="isolated", total_debt="999.00", is_rapel=1),
        ji_customer(5, status="suspended"),
        ji_customer(6, deleted_at="2026-01-01 00:00:00"),
        ji_customer(7, pppoe_username=None, discount_type="percentage", discount_value="10.00",
                    is_taxed=1, billing_date=25),
    ],
    "packages": [ji_package()],
    "areas": [{"id": 1, "name": "Dusun Timur"}],
    "routers": [{"id": 1, "name": "R1", "password": SECRET}],
    "invoices": [
        ji_invoice(1, 10, status="partial", paid_amount="50000.00", remaining_amount="150000.00"),
        ji_invoice(1, 11),
        ji_invoice(2, 11, status="paid", remaining_amount="0.00"),
        ji_invoice(3, 9), ji_invoice(4, 9, status="overdue"),
        ji_invoice(4, 10, status="cancelled"), ji_invoice(7, 11, status="paid",
                                                          remaining_amount="0.00"),
    ],
    "payments": [{"id": 1, "amount": "50000.00", "status": "verified",
                  "created_at": "2026-10-21 09:00:00"}],
    "users": [{"id": 1, "name": "Admin", "password": SECRET}],
}  # fmt: skip


def lines() -> dict[str, Subscription]:
    return {line.login: line for line in factories.every(Subscription)}


def numbers() -> list[str]:
    return [one.number for one in factories.every(Customer)]


def difference(run_id: int, desk: Visitor) -> list[tuple[Any, ...]]:
    data = desk.get(f"{URL}/{run_id}/differences.xlsx").data
    sheet = load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def books_are_sound() -> None:
    broken = [one.name for one in invariants.INVARIANTS if one.older_than is None
              and db.session.execute(text(one.sql)).first()]  # fmt: skip
    db.session.rollback()
    assert broken == []


@pytest.mark.parametrize("packed", [False, True])
def test_phpnuxbill(desk: Visitor, packed: bool) -> None:
    sql = mysqldump(PHPNUXBILL, NUX).encode()
    run_id = checked(desk, gzip.compress(sql) if packed else sql, "nux.sql")
    seen = run(run_id)
    assert seen.source == "phpnuxbill" and state(run_id) == "checked"
    assert (seen.summary["new"], seen.summary["bad"], seen.summary["left_out"]) == (3, 1, 5)
    page = desk.get(f"{URL}/{run_id}").text
    for words in ("diblokir", "Tidak punya paket di sana", "voucher jam", "dianggap berhenti",
                  "Modem Bill 50000:2", "tbl_voucher", "bukan nomor"):  # fmt: skip
        assert words in page, words
    bad = desk.get(f"{URL}/{run_id}/bad.csv").data.decode("utf-8-sig")
    assert "pel7;Orang 7;bukan nomor" in bad
    desk.post(f"{URL}/{run_id}/start")
    tick()
    assert numbers() == ["pel1", "081277770002", "pel8"]
    found = lines()
    assert set(found) == {"budi.pppoe", "081277770002", "pel8"}
    budi = found["budi.pppoe"]
    assert (budi.price, budi.billing_day, budi.auto_from) == (150_000, 5, date(2026, 12, 5))
    assert found["081277770002"].price == 140_000
    customer = factories.every(Customer)[0]
    assert customer.address == "Jl. O'Neil \\ 5 RT 1" and customer.phone == "+6281200000001"
    assert [(one.amount, one.kind) for one in factories.every(Charge)] == [(-25_000, "proration")]
    assert factories.every(Invoice) == [] == factories.every(Message)
    books_are_sound()


def test_indonusa_open_invoices_credit_and_days(desk: Visitor) -> None:
    run_id = imported(desk, mysqldump(INDONUSA, JI), "ji.sql")
    assert run(run_id).source == "indonusa" and state(run_id) == "done"
    assert numbers() == ["JI-0001", "JI-0002", "JI-0004", "JI-0007"]
    first = factories.every(Customer)[0]
    assert first.phone_alt == "+6281288880001" and first.area is not None
    assert first.area.name == "Dusun Timur" and "RT/RW 01/02" in first.address
    found = lines()
    assert (found["ppp2"].price, found["JI-0007"].price) == (180_000, 180_000)
    assert found["JI-0007"].auto_from == date(2026, 12, 1)
    assert [plan.price for plan in factories.every(Plan)] == [200_000]
    invoices = [(one.number, one.period, one.total, one.due_on.isoformat(), one.state)
                for one in factories.every(Invoice)]  # fmt: skip
    assert invoices == [
        ("LAMA/INV-202610-00001", "2026-10", 150_000, "2026-10-20", "open"),
        ("LAMA/INV-202611-00001", "2026-11", 200_000, "2026-11-20", "open"),
        ("LAMA/INV-202609-00004", "2026-09", 200_000, "2026-09-20", "open"),
    ]
    assert factories.every(Message) == []
    page = desk.get(f"{URL}/{run_id}").text
    for words in ("total_debt di sana 999", "rapel", "kena PPN", "Sudah berhenti di sana"):
        assert words in page, words
    billing.issue_chunk(Period.parse("2026-11"), only_due=True)
    db.session.commit()
    assert len(factories.every(Invoice)) == 3  # November is billed there already
    books_are_sound()


def test_again_changes_nothing_and_undo_takes_all_back(desk: Visitor) -> None:
    sql = mysqldump(INDONUSA, JI)
    first = imported(desk, sql)
    again = imported(desk, sql)
    assert run(again).result == {"rows": 4, "same": 4}
    assert len(factories.every(Invoice)) == 3 and len(factories.every(Charge)) == 1
    desk.post(f"{URL}/{first}/undo")
    tick()
    assert state(first) == "undone" and factories.every(Customer) == []
    assert factories.every(Invoice) == factories.every(Charge) == []


def test_an_old_invoice_that_is_paid_keeps_its_customer(desk: Visitor, clock: Any) -> None:
    run_id = imported(desk, mysqldump(INDONUSA, JI))
    clock.move(minutes=1)
    bill = factories.every(Invoice)[0]
    factories.payment(db.session.get_one(Customer, bill.customer_id), bill.total, [bill])
    desk.post(f"{URL}/{run_id}/undo")
    tick()
    assert numbers() == ["JI-0001"] and len(factories.every(Invoice)) == 2
    books_are_sound()


def test_pg_dump_says_the_same(desk: Visitor) -> None:
    run_id = imported(desk, pg_dump(INDONUSA, JI), "ji-pg.sql")
    assert run(run_id).result["new"] == 4 and len(factories.every(Invoice)) == 3


def test_phpnuxbills_own_json_backup(desk: Visitor) -> None:
    run_id = imported(desk, json.dumps({name: list(rows) for name, rows in NUX.items()}), "a.json")
    assert run(run_id).source == "phpnuxbill" and len(numbers()) == 3


def test_the_difference_report_before_and_after(desk: Visitor) -> None:
    factories.subscription(factories.customer("HANYA-SINI"))
    run_id = checked(desk, mysqldump(INDONUSA, JI))
    before = {(row[0], row[2]): row[3:] for row in difference(run_id, desk)}
    assert before["JI-0001", "Tidak ada di sini"] == ("aktif", "Belum diimpor.")
    assert before["HANYA-SINI", "Hanya ada di sini"][1] == "aktif"
    desk.post(f"{URL}/{run_id}/start")
    tick()
    rows = difference(run_id, desk)
    after = {(row[0], row[2]): row[3:] for row in rows}
    assert after[None, "Utang, yang diambil"] == ("Rp550.000", "Rp550.000")
    assert after[None, "Utang, yang tidak diambil"] == ("Rp200.000", "Rp0")
    assert after[None, "Saldo, yang diambil"] == ("Rp30.000", "Rp30.000")
    assert after[None, "Jumlah harga per bulan, yang diambil"] == ("Rp760.000", "Rp760.000")
    assert after["JI-0003", "Tidak ada di sini"] == ("berhenti", "Sudah berhenti di sana.")
    assert after["JI-0004", "Akses"] == ("diisolir", "aktif")
    assert not [key for key in after if key[0] == "JI-0001"]
    assert (None, "Tabel yang tidak diambil: users") in after
    assert desk.get(f"{URL}/{run_id}/differences.csv").data.startswith(b"\xef\xbb\xbf")


def test_passwords_are_nowhere(desk: Visitor) -> None:
    """Neither in what was read, nor in the log, nor in any table; the file itself is encrypted."""
    for data, schema in ((NUX, PHPNUXBILL), (JI, INDONUSA)):
        run_id = imported(desk, mysqldump(schema, data))
        for kind in ("rows", "check", "bad", "differences"):
            assert SECRET.encode() not in (shelf.get(run_id, kind) or b"")
        db.session.rollback()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(table.select()):
            assert SECRET not in str(tuple(row)), table.name
    db.session.rollback()


def test_a_broken_dump_says_so(desk: Visitor) -> None:
    sql = mysqldump(INDONUSA, JI)
    for broken in (
        gzip.compress(sql.encode())[:-400],
        sql[: sql.index("INV-202609-00004")].encode(),
    ):
        run_id = checked(desk, broken, "x.sql")
        assert state(run_id) == "failed" and "terpotong" in desk.get(f"{URL}/{run_id}").text


def test_the_command(runner: FlaskCliRunner, tmp_path: Path, desk: Visitor) -> None:
    file, report = tmp_path / "ji.sql.gz", tmp_path / "beda.csv"
    file.write_bytes(gzip.compress(mysqldump(INDONUSA, JI).encode()))
    arguments = ["customers", "import-dump", str(file), "--from", "indonusa"]
    dry = runner.invoke(args=[*arguments, "--dry-run", "--report", str(report)])
    assert dry.exit_code == 0, dry.output
    assert "Uji coba" in dry.output and "4 pelanggan baru" in dry.output
    assert factories.every(Customer) == [] == factories.every(ImportRun)
    assert "JI-0003" in report.read_text("utf-8-sig") and report.stat().st_mode & 0o777 == 0o600
    done = runner.invoke(args=arguments)
    assert done.exit_code == 0 and len(numbers()) == 4
    again = runner.invoke(args=arguments)
    assert again.exit_code == 0 and "4 sama" in again.output and len(numbers()) == 4
    assert {"imports.start", "imports.done"} <= {one.action for one in factories.every(AuditEntry)}
    wrong = runner.invoke(args=[*arguments[:-1], "phpnuxbill"])
    assert wrong.exit_code == 1 and "bukan dump PHPNuxBill" in wrong.output
    first = min(one.id for one in factories.every(ImportRun))
    desk.post(f"{URL}/{first}/undo")
    tick()
    assert numbers() == []


def test_an_old_invoice_does_not_change_a_closed_month(desk: Visitor) -> None:
    """Its due day stays, but October's reports were handed in: it counts from today."""
    books.lock(Period.parse("2026-10"), "Lapor PPN", "siti")
    db.session.commit()
    imported(desk, mysqldump(INDONUSA, JI).encode(), "ji.sql")
    old = next(one for one in factories.every(Invoice) if one.period == "2026-10")
    assert old.due_on.month == 10 and old.issued_on == today()
    books_are_sound()
