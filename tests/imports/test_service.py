"""The database half of the import: what is counted, what is kept, and twice is once."""

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.imports import comparing, service
from portal.imports.service import ImportReport, run_import
from portal.infra.audit import AuditEntry
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests.network.routers import WAIT, Beside

HEADER = "no_pelanggan,nama,telepon,area,paket,harga,login_layanan,tanggal_tagihan,tanggal_mulai\n"
BUDI = "A1,Budi,081234567801,Timur,Rumah 10,150000,budi.1,5,2025-01-05"
SRI = "A2,Sri,081234567802,Barat,Rumah 20,200000,sri.1,1,2025-02-01"
SRI_SHOP = "A2,Sri,081234567802,Barat,Rumah 10,140000,sri.toko,1,2025-03-01"
TABLES = (Customer, Subscription, Plan, Area, AuditEntry)


def take(*lines: str, dry_run: bool = False) -> ImportReport:
    report = run_import((HEADER + "\n".join(lines) + "\n").encode(), dry_run=dry_run)
    db.session.rollback()
    return report


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (
        report.new,
        report.changed,
        report.same,
        report.subscriptions_new,
        report.plans_new,
    )


def everything() -> list[list[tuple[Any, ...]]]:
    """Every row of every table an import may touch."""
    rows = [
        [tuple(row) for row in db.session.execute(model.__table__.select()).all()]
        for model in TABLES
    ]
    db.session.rollback()
    return rows


def test_new_then_same_then_changed(app: Flask) -> None:
    assert counts(take(BUDI, SRI, SRI_SHOP)) == (2, 0, 0, 3, 2)
    before = everything()
    assert counts(take(BUDI, SRI, SRI_SHOP)) == (0, 0, 2, 0, 0)
    after = everything()
    assert after[:4] == before[:4], "nothing but the note that an import took place"
    moved = BUDI.replace("150000", "175000")
    assert counts(take(moved, SRI, SRI_SHOP)) == (0, 1, 1, 0, 0)


def test_what_the_rows_say_is_what_is_kept(app: Flask) -> None:
    take(BUDI, SRI, SRI_SHOP)
    rows = db.session.query(
        Customer.number, Subscription.login, Plan.name, Subscription.custom_price, Area.name
    )
    joined = (
        rows.join(Subscription, Subscription.customer_id == Customer.id)
        .join(Plan, Plan.id == Subscription.plan_id)
        .join(Area, Area.id == Customer.area_id)
        .order_by(Subscription.login)
    )
    assert [tuple(row) for row in joined] == [
        ("A1", "budi.1", "Rumah 10", None, "Timur"),
        ("A2", "sri.1", "Rumah 20", None, "Barat"),
        ("A2", "sri.toko", "Rumah 10", 140_000, "Barat"),
    ]
    db.session.rollback()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Budi,", "Budi Santoso,"),
        ("081234567801", "081234567899"),
        ("Timur", "Utara"),
        (",5,", ",6,"),
        ("Rumah 10", "Rumah 30"),
    ],
)
def test_each_kind_of_change_counts_once(app: Flask, old: str, new: str) -> None:
    take(BUDI)
    assert counts(take(BUDI.replace(old, new)))[:4] == (0, 1, 0, 0)


def test_one_more_line_of_a_known_customer_is_a_change(app: Flask) -> None:
    take(SRI, BUDI)
    assert counts(take(SRI, SRI_SHOP)) == (0, 1, 0, 1, 0)


def test_what_the_file_does_not_say_stays(app: Flask) -> None:
    """A file of fewer columns empties nothing, and makes no second line."""
    take(BUDI)
    db.session.query(Customer).one().address = "Jl. Melati 5"
    db.session.commit()
    short = b"no_pelanggan,nama,telepon,paket,harga\nA1,Budi S.,081234567801,Rumah 10,150000\n"
    report = run_import(short, dry_run=False)
    db.session.rollback()
    assert report.ok and counts(report) == (0, 1, 0, 0, 0)
    budi = db.session.query(Customer).one()
    assert (budi.name, budi.address, budi.area and budi.area.name) == (
        "Budi S.", "Jl. Melati 5", "Timur"
    )  # fmt: skip
    assert db.session.query(Subscription).one().billing_day == 5
    db.session.rollback()


def test_who_was_closed_stays_closed(app: Flask) -> None:
    take(BUDI)
    db.session.query(Customer).one().status = "closed"
    db.session.commit()
    before = everything()
    report = take(BUDI.replace("Budi", "Budi S."))
    assert [one.sentence for one in report.errors] == [comparing.CLOSED]
    assert everything()[:4] == before[:4]


def test_a_dry_run_tells_the_same_and_changes_nothing(app: Flask) -> None:
    take(SRI)
    before = everything()
    lines = (SRI.replace("Barat", "Selatan"), SRI_SHOP, BUDI, "A9,,0812,,,,,,")
    tried = take(*lines, dry_run=True)
    assert everything() == before
    done = take(*lines)
    assert counts(tried) == counts(done) == (1, 1, 0, 2, 1)
    assert tried.errors == done.errors != []


def test_a_dry_run_of_many_chunks_keeps_none(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    lines = [BUDI.replace("A1", f"B{n}").replace("budi.1", f"b{n}") for n in range(7)]
    assert take(*lines, dry_run=True).new == 7
    assert db.session.query(Customer).count() == 0
    db.session.rollback()
    assert take(*lines).new == 7


def test_bad_rows_are_named_and_the_good_ones_taken(app: Flask) -> None:
    report = take(BUDI, "A9,Tanpa Nomor,0812,,Rumah 10,150000,x.1,1,", SRI)
    assert counts(report)[:3] == (2, 0, 0)
    assert [(error.line, error.column) for error in report.errors] == [(3, "telepon")]


def test_a_login_of_somebody_else_is_an_error_and_takes_nothing(app: Flask) -> None:
    take(BUDI)
    thief = SRI.replace("sri.1", "budi.1")
    report = take(thief)
    assert counts(report) == (0, 0, 0, 0, 0)
    assert [(error.line, error.column) for error in report.errors] == [(2, "login_layanan")]
    assert "A1" in report.errors[0].sentence
    assert db.session.query(Customer).count() == 1
    db.session.rollback()


def test_a_crash_between_chunks_is_finished_by_the_next_import(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    lines = [BUDI.replace("A1", f"B{n}").replace("budi.1", f"b{n}") for n in range(5)]
    take(*lines[:2])  # the first chunk was committed, then the process died
    assert counts(take(*lines))[:3] == (3, 0, 2)


def test_values_stay_within_their_columns(app: Flask) -> None:
    """PostgreSQL refuses what SQLite keeps; the parser must have said it before."""
    for column, text in (
        ("Budi", "N" * 500),
        ("A1", "K" * 500),
        ("Rumah 10", "P" * 500),
        ("budi.1", "l" * 500),
    ):
        report = take(BUDI.replace(column, text))
        assert len(report.errors) == 1, column
    assert db.session.query(Customer).count() == 0
    db.session.rollback()
    assert take(BUDI.replace("Timur", "T" * 500)).errors == [], "an area is only cut"


def test_two_imports_of_one_file_at_once(app: Flask) -> None:
    lines = [BUDI.replace("A1", f"C{n}").replace("budi.1", f"c{n}") for n in range(60)]
    start = threading.Barrier(3)

    def go() -> ImportReport:
        start.wait(WAIT)
        return take(*lines)

    reports = [racer.join() for racer in [Beside(app, go) for _ in range(3)]]
    assert [report.errors for report in reports] == [[], [], []]
    assert sorted(report.new for report in reports) == [0, 0, 60]
    assert sum(report.same for report in reports) == 120
    assert db.session.query(Customer).count() == db.session.query(Subscription).count() == 60
    db.session.rollback()


ROW = st.builds(
    "{},Nama {},08123456780{},{},Rumah {},{},{},{},".format,
    st.sampled_from(["D1", "D2", "D3"]),
    st.sampled_from("xy"),
    st.integers(1, 3),
    st.sampled_from(["Timur", "Barat", ""]),
    st.sampled_from([10, 20]),
    st.sampled_from([100_000, 150_000]),
    st.sampled_from(["d.1", "d.2", "d.3", "d.4"]),
    st.integers(1, 31),
)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ROW, min_size=1, max_size=6))
def test_importing_twice_is_importing_once(app: Flask, lines: list[str]) -> None:
    """Unless one file says two things of one customer, a second import finds all the same."""
    tried = take(*lines, dry_run=True)
    first = take(*lines)
    assert counts(tried) == counts(first)
    assert first.rows == len(lines) - len([e for e in first.errors if "baris" in e.sentence])
    second = take(*lines)
    assert (second.new, second.subscriptions_new, second.plans_new) == (0, 0, 0)


def imported(runner: FlaskCliRunner, path: Path, *options: str) -> Any:
    return runner.invoke(args=["customers", "import", str(path), *options])


def test_the_command_says_what_it_did_and_how_it_went(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "pelanggan.csv"
    path.write_text(HEADER + BUDI + "\n")
    tried = imported(runner, path, "--dry-run")
    assert tried.exit_code == 0 and "Uji coba" in tried.output
    assert "1 pelanggan baru" in tried.output
    done = imported(runner, path)
    assert done.exit_code == 0 and "Uji coba" not in done.output
    again = imported(runner, path)
    assert again.exit_code == 0 and "0 pelanggan baru, 0 berubah, 1 sama" in again.output


def test_the_command_fails_for_bad_rows_and_takes_the_good(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "pelanggan.csv"
    path.write_text(HEADER + BUDI + "\nA9,X,12,,Rumah 10,1,x,1,\n")
    result = imported(runner, path)
    assert result.exit_code == 1
    assert "baris 3, kolom telepon" in result.output and "1 pelanggan baru" in result.output
    assert imported(runner, tmp_path / "tidak ada.csv").exit_code == 2
    path.write_bytes(b"\x00\xff")
    assert imported(runner, path).exit_code == 1
