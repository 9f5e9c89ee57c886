"""The import page: upload, report, confirm; nothing is stored before the confirmation."""

import io
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.imports import routes_staff
from portal.imports.parse import MOST_BYTES
from portal.infra.audit import AuditEntry
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor, target

URL = "/admin/imports"
HEADER = "no_pelanggan,nama,telepon,alamat,area,paket,harga,login_layanan,tanggal_tagihan\n"
GOOD = HEADER + (
    'PLG-1,Budi,081234567890,"Jl. Melati 5",RW 01,Rumah 20,165000,budi.01,1\n'
    'PLG-2,Tini,085712345678,"Jl. Mawar 2",RW 02,Rumah 10,125000,tini.02,10\n'
)


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Uploads of this test alone."""
    place = tmp_path / "uploads"
    monkeypatch.setattr(routes_staff, "UPLOADS", place)
    return place


def upload(desk: Visitor, content: bytes | str, name: str = "pelanggan.csv") -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    form = {"csrf_token": desk.token, "file": (io.BytesIO(data), name)}
    return desk.client.post(
        URL, data=form, headers=desk.headers, content_type="multipart/form-data"
    )


def test_the_page_offers_an_example_that_imports(desk: Visitor) -> None:
    assert f'href="{URL}/template.csv"' in desk.get(URL).text
    example = desk.get(f"{URL}/template.csv")
    assert example.content_type == "text/csv; charset=utf-8"
    assert "attachment" in example.headers["Content-Disposition"]
    report = upload(desk, example.data)
    assert report.status_code == 200 and "Simpan 2 baris yang benar" in report.text


def test_upload_report_confirm(desk: Visitor, siti: Staff, uploads: Path) -> None:
    report = upload(desk, GOOD)
    assert report.status_code == 200 and "Periksa impor" in report.text
    assert "Simpan 2 baris yang benar" in report.text
    assert factories.every(Customer) == []
    (kept,) = uploads.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600 and kept.read_text() == GOOD
    assert kept.name not in report.text
    done = desk.post(f"{URL}/confirm")
    assert done.status_code == 200 and "Semua baris sudah tersimpan." in done.text
    assert [row.number for row in factories.every(Customer)] == ["PLG-1", "PLG-2"]
    assert [row.login for row in factories.every(Subscription)] == ["budi.01", "tini.02"]
    assert list(uploads.iterdir()) == []
    entry = factories.every(AuditEntry)[-1]
    assert (entry.action, entry.actor) == ("customers.import", f"staff:{siti.id}")
    assert entry.after == {"new": 2, "changed": 0, "errors": 0}
    # Twice pressed, or the tab reloaded: nothing left to do.
    assert target(desk.post(f"{URL}/confirm")) == URL
    assert len(factories.every(Customer)) == 2


def test_the_same_file_again_changes_nothing(desk: Visitor) -> None:
    for _round in range(2):
        upload(desk, GOOD)
        desk.post(f"{URL}/confirm")
    assert len(factories.every(Customer)) == len(factories.every(Subscription)) == 2
    assert factories.every(AuditEntry)[-1].after == {"new": 0, "changed": 0, "errors": 0}


def test_wrong_rows_are_named_and_left_out(desk: Visitor) -> None:
    content = GOOD + "PLG-3,Joko,bukan nomor,Jl,RW,Rumah 20,165000,joko.03,1\n"
    report = upload(desk, content)
    assert "Simpan 2 baris yang benar" in report.text
    row = report.text.split("bukan nomor")[0].rsplit("<tr>", 1)[1]
    assert "<td>4</td>" in row and "telepon" in row
    done = desk.post(f"{URL}/confirm")
    assert "Baris yang salah tidak disimpan" in done.text
    assert len(factories.every(Customer)) == 2


def test_a_file_without_a_good_row_offers_no_saving(desk: Visitor) -> None:
    report = upload(desk, HEADER + "PLG-3,Joko,bukan nomor,Jl,RW,Rumah 20,165000,joko.03,1\n")
    assert report.status_code == 200 and "Pilih berkas lain" in report.text
    assert f'action="{URL}/confirm"' not in report.text


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0 a photo",
        b"PK\x03\x04 an .xlsx",
        b"just words",
        b"\n\n\n",
        b"no_pelanggan,nama\n1,2\n",
        b"\x00\x01\x02",
        b'no_pelanggan;nama\n"never closed',
    ],
)
def test_what_is_no_customer_file_is_said(desk: Visitor, content: bytes) -> None:
    answer = upload(desk, content)
    assert answer.status_code in {200, 422}
    assert "Simpan " not in answer.text.replace("Simpan pengaturan", "")
    assert "<td>" in answer.text or 'class="err"' in answer.text
    desk.post(f"{URL}/confirm")
    assert factories.every(Customer) == []


def test_nothing_chosen_and_too_big(desk: Visitor) -> None:
    empty = desk.post(URL)
    assert empty.status_code == 422 and "Pilih berkas CSV dahulu." in empty.text
    assert upload(desk, b"").status_code == 422
    big = upload(desk, b"x" * (MOST_BYTES + 1))
    assert big.status_code == 422 and "lebih besar dari 5 MB" in big.text
    assert upload(desk, b"x" * (9 * 1024 * 1024)).status_code == 413


def test_confirm_takes_only_this_browsers_file(app: Flask, desk: Visitor, uploads: Path) -> None:
    upload(desk, GOOD)
    other = Visitor(app)
    factories.log_in(other.client, factories.staff())
    other.page("/admin/plans/new")
    assert target(other.post(f"{URL}/confirm")) == URL
    with other.client.session_transaction("/admin/") as session:
        session["import"] = "../../etc/passwd"
    assert target(other.post(f"{URL}/confirm")) == URL
    assert factories.every(Customer) == []


def test_old_uploads_are_cleared(desk: Visitor, uploads: Path) -> None:
    import os

    uploads.mkdir()
    old = uploads / ("a" * 32 + ".csv")
    old.write_text("x")
    os.utime(old, (0, 0))
    upload(desk, GOOD)
    assert not old.exists() and len(list(uploads.iterdir())) == 1
