"""The wizard: upload, columns, dry run, saving with progress, undo; and who may see what."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.imports import shelf
from portal.imports.models import ImportChange, ImportPiece, ImportRun
from portal.infra.audit import AuditEntry
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests import factories
from tests.imports.wizard import (
    GOOD,
    HEADER,
    URL,
    checked,
    imported,
    run,
    run_of,
    state,
    suggested,
    tick,
    upload,
)
from tests.visitor import Visitor, target


def pieces() -> list[bytes]:
    """Everything that is kept of files."""
    found = [bytes(one) for one in db.session.scalars(select(ImportPiece.content))]
    db.session.rollback()
    return found


def actions() -> list[str]:
    return [row.action for row in factories.every(AuditEntry)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_example_imports(desk: Visitor, kind: str) -> None:
    assert f'href="{URL}/template.{kind}"' in desk.get(URL).text
    example = desk.get(f"{URL}/template.{kind}")
    assert "attachment" in example.headers["Content-Disposition"]
    assert example.headers["Cache-Control"] == "no-store"
    run_id = imported(desk, example.data, f"contoh.{kind}")
    assert state(run_id) == "done"
    assert [row.phone for row in factories.every(Customer)] == ["+6281234567890", "+6285712345678"]


def test_upload_columns_check_save(desk: Visitor, siti: Staff) -> None:
    run_id = run_of(upload(desk, GOOD))
    page = desk.get(f"{URL}/{run_id}/columns")
    assert "Budi" in page.text and "Jl. Melati 5" in page.text
    assert suggested(page.text)["col-2"] == "phone"
    assert target(desk.post(f"{URL}/{run_id}/columns", **suggested(page.text))).endswith(
        f"/{run_id}"
    )
    assert "Sedang diperiksa" in desk.get(f"{URL}/{run_id}").text
    tick()
    report = desk.get(f"{URL}/{run_id}").text
    assert "Simpan 2 baris yang benar" in report and "Rumah 20" in report and "RW 02" in report
    assert factories.every(Customer) == []
    desk.post(f"{URL}/{run_id}/start")
    assert 'hx-trigger="every 2s"' in desk.get(f"{URL}/{run_id}").text
    tick()
    assert [row.number for row in factories.every(Customer)] == ["PLG-1", "PLG-2"]
    assert [row.login for row in factories.every(Subscription)] == ["budi.01", "tini.02"]
    done = desk.get(f"{URL}/{run_id}").text
    assert "Batalkan impor ini" in done and "hx-trigger" not in done
    assert {"imports.upload", "imports.start", "imports.done"} <= set(actions())
    assert factories.every(AuditEntry)[0].actor == f"staff:{siti.id}"


def test_twice_changes_nothing(desk: Visitor) -> None:
    imported(desk, GOOD)
    again = imported(desk, GOOD)
    assert run(again).summary["same"] == 2 and run(again).result == {"rows": 2, "same": 2}
    assert len(factories.every(Customer)) == len(factories.every(Subscription)) == 2
    assert len([one for one in factories.every(ImportChange) if one.run_id == again]) == 0


def test_changed_fields_are_shown_old_and_new(desk: Visitor) -> None:
    imported(desk, GOOD)
    run_id = checked(desk, GOOD.replace("Jl. Mawar 2", "Jl. Kenanga 9").replace("125000", "99000"))
    assert run(run_id).summary["changed"] == 1 and run(run_id).summary["same"] == 1
    changes = [(one["label"], one["old"], one["new"])
               for one in shelf.get_json(run_id, "check")["changes"]]  # fmt: skip
    db.session.rollback()
    assert changes == [
        ("Alamat", "Jl. Mawar 2", "Jl. Kenanga 9"),
        ("Harga per bulan", "125000", "99000"),
    ]
    assert "Jl. Kenanga 9" in desk.get(f"{URL}/{run_id}").text


def test_bad_rows_come_back_with_a_reason_and_can_be_repaired(desk: Visitor) -> None:
    content = GOOD + "PLG-3,Cici,tidak ada,,,Rumah 10,125000,cici,1\n=1+1,Dede,0812,,,,0,x,99\n"
    run_id = checked(desk, content)
    assert run(run_id).summary["bad"] == 2
    page = desk.get(f"{URL}/{run_id}").text
    assert "tidak ada" in page and "Unduh baris yang salah" in page
    bad = desk.get(f"{URL}/{run_id}/bad.csv").data.decode("utf-8-sig")
    lines = bad.splitlines()
    assert lines[0].endswith(";alasan") and len(lines) == 3
    assert lines[1].startswith("PLG-3;Cici;tidak ada;") and "telepon:" in lines[1]
    assert lines[2].startswith("'=1+1;")  # no formula in what we hand out
    repaired = bad.replace("tidak ada", "081299990000")
    again = imported(desk, repaired)
    assert run(again).summary["new"] == 1 and run(again).summary["bad"] == 1
    assert [row.number for row in factories.every(Customer)] == ["PLG-3"]


def test_duplicates_in_the_file_and_in_the_books(desk: Visitor) -> None:
    factories.subscription(factories.customer("LAIN-1", phone="+6281234567890"), login="tini.02")
    twice = GOOD + "PLG-1,Budi,081234567890,,,Rumah 20,165000,budi.01,1\n"
    run_id = checked(desk, twice)
    page = desk.get(f"{URL}/{run_id}").text
    assert "Login layanan ini sudah dipakai pelanggan LAIN-1." in page
    assert "sudah ada di baris 2" in page
    assert "Nomor ini juga milik pelanggan LAIN-1." in page
    assert run(run_id).summary == {**run(run_id).summary, "new": 1, "bad": 2}


def test_columns_by_contents_and_remembered(desk: Visitor) -> None:
    content = "A,B,C,D,E,F\nP-1,Budi,081234567890,Rumah 20 Mbps,165000,x\n" + (
        "P-2,Tini,085712345678,Rumah 10 Mbps,125000,y\n"
    )
    run_id = run_of(upload(desk, content))
    page = desk.get(f"{URL}/{run_id}/columns").text
    chosen = suggested(page)
    assert chosen == {"col-0": "number", "col-1": "name", "col-2": "phone", "col-3": "plan",
                      "col-4": "price", "col-5": ""}  # fmt: skip
    assert "Ditebak dari isinya" in page
    desk.post(f"{URL}/{run_id}/columns", **{**chosen, "col-5": "login"})
    tick()
    again = desk.get(f"{URL}/{run_of(upload(desk, content))}/columns").text
    assert suggested(again)["col-5"] == "login" and "dipakai lagi" in again


def test_a_mapping_must_be_whole(desk: Visitor) -> None:
    run_id = run_of(upload(desk, GOOD))
    chosen = suggested(desk.get(f"{URL}/{run_id}/columns").text)
    answer = desk.post(f"{URL}/{run_id}/columns", **{**chosen, "col-2": ""})
    assert answer.status_code == 422 and "Telepon" in answer.text and "error-summary" in answer.text
    answer = desk.post(f"{URL}/{run_id}/columns", **{**chosen, "col-3": "name"})
    assert answer.status_code == 422 and "dua kolom" in answer.text
    assert suggested(answer.text)["col-3"] == "name" and state(run_id) == "new"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "x.csv", "Pilih berkas"),
        (b"  \r\n", "x.csv", "kosong"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, "x.xls", ".xls"),
        (b"PK\x03\x04broken", "x.xlsx", "rusak"),
        (b"CREATE TABLE x (id int); INSERT INTO x VALUES (1);", "x.sql", "PHPNuxBill"),
    ],
)
def test_what_is_no_list_is_refused(desk: Visitor, content: bytes, name: str, words: str) -> None:
    answer = upload(desk, content, name)
    assert answer.status_code == 422 and words in answer.text
    assert factories.every(ImportRun) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [";", "\t"])
def test_encodings_and_separators(desk: Visitor, encoding: str, mark: str) -> None:
    rows = [["no_pelanggan", "nama", "telepon", "paket", "harga"],
            ["P-1", "Café Ñusa", "081234567890", "Rumah", "150000"]]  # fmt: skip
    content = "\r\n".join(mark.join(row) for row in rows).encode(encoding)
    imported(desk, content)
    assert factories.every(Customer)[0].name == "Café Ñusa"


def test_bad_rows_file_opens_in_excel_and_the_template_keeps_zeros(desk: Visitor) -> None:
    sheet = load_workbook(io.BytesIO(desk.get(f"{URL}/template.xlsx").data)).active
    assert sheet is not None and sheet["C2"].value == "081234567890"
    assert [cell.value for cell in sheet[1]][0] == HEADER.split(",")[0]


def test_new_plans_and_areas_are_made_once(desk: Visitor) -> None:
    run_id = imported(desk, GOOD)
    assert run(run_id).summary["plans_new"] == run(run_id).summary["areas_new"] == 2
    assert len(factories.every(Plan)) == len(factories.every(Area)) == 2


def test_what_a_file_says_is_text(desk: Visitor) -> None:
    script = "<script>alert(1)</script>"
    content = GOOD.replace("Budi", script).replace("RW 01", script).replace("Rumah 20", script)
    run_id = imported(desk, content + f"{script},{script},{script},,,,,,\n", f"{script}.csv")
    for page in (URL, f"{URL}/{run_id}"):
        assert script not in desk.get(page).text
    second = run_of(upload(desk, content.replace("telepon", script), f"{script}.csv"))
    assert script not in desk.get(f"{URL}/{second}/columns").text


def test_what_the_file_does_not_say_stays(desk: Visitor) -> None:
    """Without address, area, login or day none is emptied, and nobody gets a second line."""
    imported(desk, GOOD.replace("081234567890", "081234567890 / 081299998888"))
    short = "no_pelanggan,nama,telepon,paket,harga\nPLG-1,Budi,081234567890,Rumah 20,165000\n"
    run_id = checked(desk, short + "PLG-2,Tini Baru,085712345678,Rumah 10,125000\n")
    assert (run(run_id).summary["same"], run(run_id).summary["changed"]) == (1, 1)
    desk.post(f"{URL}/{run_id}/start")
    tick()
    first, second = factories.every(Customer)
    assert (first.address, first.phone_alt) == ("Jl. Melati 5", "+6281299998888")
    assert second.name == "Tini Baru" and second.area is not None
    assert [(line.login, line.billing_day) for line in factories.every(Subscription)] == [
        ("budi.01", 1), ("tini.02", 10),
    ]  # fmt: skip
    factories.subscription(second, login="tini.toko")
    run_id = checked(desk, short.replace("PLG-1,Budi,081234567890", "PLG-2,Tini,085712345678"))
    assert run(run_id).summary["bad"] == 1
    assert "punya beberapa layanan" in desk.get(f"{URL}/{run_id}").text
