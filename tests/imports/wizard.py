"""Walking the import wizard in tests: upload, map, tick, and files to upload."""

import io
import re
from typing import Any

from openpyxl import Workbook
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.imports import ticks
from portal.imports.models import ImportRun
from tests.visitor import Visitor, target

URL = "/admin/import"
HEADER = "no_pelanggan,nama,telepon,alamat,area,paket,harga,login_layanan,tanggal_tagihan\n"
GOOD = HEADER + (
    'PLG-1,Budi,081234567890,"Jl. Melati 5",RW 01,Rumah 20,165000,budi.01,1\n'
    'PLG-2,Tini,085712345678,"Jl. Mawar 2",RW 02,Rumah 10,125000,tini.02,10\n'
)


def upload(desk: Visitor, content: bytes | str, name: str = "pelanggan.csv") -> TestResponse:
    """Post a file; the page before it gave the token."""
    data = content.encode() if isinstance(content, str) else content
    if not desk.token:
        desk.get(URL)
    form = {"csrf_token": desk.token, "file": (io.BytesIO(data), name)}
    return desk.client.post(
        URL, data=form, headers=desk.headers, content_type="multipart/form-data"
    )


def run_of(answer: TestResponse) -> int:
    """The id in the address an answer leads to."""
    found = re.search(r"/admin/import/(\d+)", target(answer))
    assert found, (answer.status_code, answer.text[:2000])
    return int(found[1])


def suggested(html: str) -> dict[str, str]:
    """The form of the mapping page as it comes: field -> chosen."""
    chosen = {}
    for select in re.finditer(r'<select[^>]*name="(col-\d+)">(.*?)</select>', html, re.S):
        picked = re.search(r'value="([^"]*)" selected', select[2])
        chosen[select[1]] = picked[1] if picked else ""
    return chosen


def tick() -> None:
    """The worker's turn."""
    ticks.continue_all()
    db.session.rollback()


def checked(desk: Visitor, content: bytes | str, name: str = "pelanggan.csv") -> int:
    """Upload, take the suggested mapping, check; returns the run."""
    run_id = run_of(upload(desk, content, name))
    if state(run_id) == "new":
        page = desk.get(f"{URL}/{run_id}/columns")
        desk.post(f"{URL}/{run_id}/columns", **suggested(page.text))
    tick()
    return run_id


def imported(desk: Visitor, content: bytes | str, name: str = "pelanggan.csv") -> int:
    """All the way."""
    run_id = checked(desk, content, name)
    desk.post(f"{URL}/{run_id}/start")
    tick()
    return run_id


def state(run_id: int) -> str:
    return run(run_id).state


def run(run_id: int) -> Any:
    found = db.session.get_one(ImportRun, run_id, populate_existing=True)
    db.session.expunge(found)
    db.session.rollback()
    return found


def book(rows: list[list[Any]], merge: str = "", title: str = "Lembar1") -> bytes:
    """An XLSX of these rows."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    target_file = io.BytesIO()
    made.save(target_file)
    return target_file.getvalue()
