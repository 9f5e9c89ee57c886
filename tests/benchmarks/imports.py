"""A file of 20,000 customers through the import wizard: check, save, again, take back."""

import os
import tempfile
import time
from typing import Any

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.imports import runs, ticks
from portal.imports.models import ImportRun
from portal.imports.tables import opened
from tests.conftest import environment, migrate
from tests.imports.dumps import INDONUSA, ji_customer, ji_invoice, ji_package, mysqldump
from tests.imports.wizard import book

ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "20000"))
HEAD = ["no_pelanggan", "nama", "telepon", "alamat", "area", "paket", "harga", "login_layanan",
        "tanggal_tagihan", "tanggal_mulai"]  # fmt: skip


def _rows() -> list[list[Any]]:
    return [
        [f"B-{n:06d}", f"Orang {n}", f"0813{n:08d}", f"Jl. Nomor {n}", f"RW {n % 40:02d}",
         f"Rumah {n % 6}0", "150000", f"b{n:06d}", n % 28 + 1, "2025-01-05"]
        for n in range(ROWS)
    ]  # fmt: skip


def _until(name: str, run_id: int, *states: str) -> None:
    """Tick until it is there; says how long it took, and how much of that was ours."""
    began, worked = time.monotonic(), time.process_time()
    while True:
        ticks.continue_all()
        state = db.session.get_one(ImportRun, run_id, populate_existing=True).state
        db.session.rollback()
        if state in states:
            wall, cpu = time.monotonic() - began, time.process_time() - worked
            print(f"  {name}: {wall:.1f} s ({cpu:.1f} s of one core)", flush=True)
            return


def _run(data: bytes, source: str) -> int:
    run = runs.create(data, f"x.{source}", source, "owner", "bench")
    if source in {"csv", "xlsx"}:
        headers = opened(data).names
        runs.map_columns(run, headers, dict(zip(MAPPED, range(len(HEAD)), strict=True)), "")
    db.session.commit()
    return run.id


MAPPED = ("number", "name", "phone", "address", "area", "plan", "price", "login", "billing_day",
          "started_on")  # fmt: skip


def measure() -> None:
    """Each step, inside an application context with an empty database."""
    rows = _rows()
    table = "\n".join(";".join(map(str, row)) for row in [HEAD, *rows]).encode()
    first = _run(table, "csv")
    _until("check csv", first, "checked", "failed")
    runs.start(first)
    db.session.commit()
    _until("save", first, "done")
    again = _run(book([HEAD, *rows]), "xlsx")
    _until("check xlsx, all the same", again, "checked", "failed")
    runs.start(again)
    db.session.commit()
    _until("save, all the same", again, "done")
    runs.undo(first)
    db.session.commit()
    _until("undo", first, "undone")
    _until("check dump with invoices", _run(_dump(), "indonusa"), "checked", "failed")


def _dump() -> bytes:
    people = range(1, ROWS + 1)
    return mysqldump(INDONUSA, {
        "customers": [ji_customer(n, phone=f"0813{n:08d}") for n in people],
        "packages": [ji_package()],
        "areas": [{"id": 1, "name": "Timur"}],
        "invoices": [ji_invoice(n, month) for n in people for month in (10, 11)],
    }).encode()  # fmt: skip


def main() -> None:
    """On a database of its own: the seconds of each step."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("BENCH_IMPORT_URL") or f"sqlite:///{folder}/bench.db"
        migrate(url)
        app = create_app(Settings.from_env(environment(url)))
        print(f"\nimports: {ROWS} rows")
        with app.app_context():
            measure()
            db.session.remove()
            db.engine.dispose()
