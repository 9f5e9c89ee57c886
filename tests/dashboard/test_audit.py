"""The audit log's page: filters in the URL, differences in words, no secrets, pages by key, CSV."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.dashboard import audit_diff, audit_search, audit_view
from portal.dashboard.audit_search import Wish
from portal.extensions import db
from portal.infra.audit import AuditEntry
from tests import factories
from tests.visitor import Visitor

START = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # 23.30 at the ISP


@pytest.fixture
def siti() -> Staff:
    return factories.staff()


@pytest.fixture
def desk(app: Flask, siti: Staff) -> Visitor:
    visitor = Visitor(app)
    factories.log_in(visitor.client, siti)
    return visitor


def note(action: str = "x.y", subject: str = "z:1", **more: Any) -> AuditEntry:
    about = {"at": START, "actor": "system", "before": {}, "after": {}, **more}
    return AuditEntry(action=action, subject=subject, **about)


def kept(*entries: AuditEntry) -> None:
    db.session.add_all(entries)
    db.session.commit()


def test_each_filter_finds_its_own(desk: Visitor, siti: Staff) -> None:
    kept(
        note("a.one", "plan:1", actor=f"staff:{siti.id}", ip="10.1.2.3", reason="salah ketik"),
        note("a.two", "customer:7", actor="customer:7", at=START + timedelta(hours=1)),
        note("a.three", "plan:11", actor="system", ip="10.1.9.9"),
    )
    for query, found in (
        (f"who=staff:{siti.id}", {"a.one"}),
        ("who=customer", {"a.two"}),
        ("action=a.three", {"a.three"}),
        ("object=plan:1", {"a.one"}),
        ("object=plan", {"a.one", "a.three"}),
        ("ip=10.1.", {"a.one", "a.three"}),
        ("ip=%25", set()),
        ("q=SALAH", {"a.one"}),
        ("from=2026-11-21", {"a.two"}),
        ("until=2026-11-20", {"a.one", "a.three"}),
        ("from=9999-12-31&until=0001-01-01", set()),
        ("from=nonsense", {"a.one", "a.two", "a.three"}),
    ):
        text = desk.get(f"/admin/audit?{query}").text
        entries = text.split('<article class="card entry">')[1:]
        shown = {one for one in ("a.one", "a.two", "a.three") if one in "".join(entries)}
        assert shown == found, query


def test_before_and_after_stand_side_by_side_in_words(desk: Visitor) -> None:
    entry = note(
        "plan.price",
        before={"price": 150_000, "name": "Rumah", "gone": 1},
        after={"price": 165_000, "name": "Rumah", "flag": True, "area": {"id": 3}},
    )
    told = {str(one.label): one for one in audit_diff.changes(entry)}
    assert (told["Harga"].before, told["Harga"].after) == ("Rp150.000", "Rp165.000")
    assert told["Harga"].kind == "changed" and told["Nama"].kind == "same"
    assert told["gone"].kind == "gone" and told["flag"].after == "ya"
    assert told["area.id"].after == "3"
    kept(entry)
    text = desk.get("/admin/audit").text
    assert "<del>Rp150.000</del>" in text and "<ins>Rp165.000</ins>" in text


@pytest.mark.parametrize(
    "name",
    ["password", "access_token", "app_secret", "cfg.api_key", "pin", "wablas.key", "totp_secret",
     "recovery_codes"],
)  # fmt: skip
def test_a_secret_is_never_shown_whoever_stored_it(desk: Visitor, name: str) -> None:
    nested: Any = "s3cr3t-value"
    for part in reversed(name.split(".")):
        nested = {part: nested}
    kept(
        note(before=nested, after=nested),
        note(subject="setting:gateway.token", after={"v": "s3cr3t-value"}),
    )
    for url in ("/admin/audit", "/admin/audit/file.csv"):
        text = desk.get(url).get_data(as_text=True)
        assert "s3cr3t" not in text and "diubah" in text


def test_odd_shapes_are_shown_and_break_nothing(desk: Visitor) -> None:
    kept(
        note(before=[1, 2], after="text"),  # type: ignore[arg-type]
        note(before=None, after={"a": [], "b": {}, "c": [{"d": 1}], "": None}),
        note(subject="customer:99999999999999999999", actor="staff:x"),
        note(subject="subscription:5"),
        note(subject="nothing"),
    )
    assert desk.get("/admin/audit").status_code == 200
    assert desk.get("/admin/audit/file.csv").status_code == 200
    for query in ("before=0", "before=99999999999999999999999", "after=-1", "before=x"):
        assert desk.get(f"/admin/audit?{query}").status_code == 200


def test_pages_by_key_lose_nothing_and_do_not_move(desk: Visitor) -> None:
    kept(*(note(f"n.{index:03d}") for index in range(120)))
    first = audit_search.part(Wish(), None, None)
    kept(note("later"))
    second = audit_search.part(Wish(), first.older, None)
    third = audit_search.part(Wish(), second.older, None)
    rows = [one.action for part in (first, second, third) for one in part.rows]
    assert rows == [f"n.{index:03d}" for index in reversed(range(120))]
    assert third.older is None and first.newer is None
    back = audit_search.part(Wish(), None, third.newer)
    assert [one.action for one in back.rows] == [one.action for one in second.rows]
    db.session.rollback()
    text = desk.get("/admin/audit?q=n.").text
    assert "Lebih lama" in text and "Lebih baru" not in text and "q=n." in text


def test_the_file_holds_the_filter_and_no_formulas(desk: Visitor, siti: Staff) -> None:
    formula = '=HYPERLINK("http://x","y")'
    kept(
        note("a.one", before={"name": "A"}, after={"name": formula}, reason="+1", ip="10.0.0.1"),
        note("a.two"),
    )
    answer = desk.get("/admin/audit/file.csv?action=a.one")
    assert answer.mimetype == "text/csv"
    rows = list(
        csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")), delimiter=";")
    )
    assert len(rows) == 2 and rows[1][0] == "2026-11-20 23:30:00"
    assert rows[1][6] == "'" + formula and rows[1][7] == "'+1"


def test_the_object_is_a_link_only_for_whom_it_opens(app: Flask, desk: Visitor) -> None:
    made = factories.plan()
    kept(note("plan.price", f"plan:{made.id}"), note("role.change", "role:finance"))
    assert f'href="/admin/plans/{made.id}"' in desk.get("/admin/audit").text
    hers = Visitor(app)
    factories.log_in(hers.client, factories.staff(role="finance"))
    text = hers.get("/admin/audit").text
    assert "/admin/staff/roles" not in text
    assert "role:finance" in text


def test_every_action_has_words() -> None:
    """What the code records under a fixed name is called something."""
    root = Path(audit_view.__file__).parents[1]
    written = re.compile(r'audit\.record\(\s*"([a-z_]+\.[a-z_.]+)"')
    found = {
        name
        for path in root.rglob("*.py")
        for name in written.findall(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 60
    assert found <= audit_view.ACTIONS.keys(), found - audit_view.ACTIONS.keys()


def test_of_two_lists_only_the_difference_stands(desk: Visitor) -> None:
    entry = note(
        "role.change",
        "role:support",
        before={"permissions": ["view", "money"], "until": "2026-11-22T17:06:21+00:00"},
        after={"permissions": ["view", "reports"], "until": "2026-11-24"},
    )
    told = {str(one.label): one for one in audit_diff.changes(entry)}
    assert (told["Izin"].before, told["Izin"].after) == ("Pembayaran", "Laporan")
    assert told["Sampai tanggal"].before == "23 Nov 2026 00.06 WIB"
    assert told["Sampai tanggal"].after == "24 Nov 2026"
