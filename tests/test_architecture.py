"""Guards of the house: names that are strings must mean something, documents must not lie."""

import importlib
import re

from flask import Flask

from jobs.schedule import BY_NAME, ENTRIES
from portal.config import ROOT
from portal.infra import queue
from portal.local.run import LANES


def test_every_job_name_is_a_job_on_a_lane_somebody_works() -> None:
    for name, lane in queue.LANE_OF.items():
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function)), name
        assert lane in LANES
    assert set(LANES) == set(queue.LANES)
    assert len(BY_NAME) == len(ENTRIES)


# Included by a page, or answered on their own to a fragment request.
PARTS = {
    "_agreements.html",
    "_confirm.html",
    "_head.html",
    "_isolation_list.html",
    "_pay.html",
    "_account.html",
    "_steps.html",
    "settings_fields.html",
    "channels.html",
    "channels_row.html",
    "channels_connect.html",
    "settings_areas.html",
    "channels_check.html",
    "channels_limits.html",
    "templates_row.html",
    "templates_summary.html",
    "builder_dialog.html",
    "builder_fields.html",
    "builder_form.html",
    "builder_look.html",
    "builder_preview.html",
    "builder_result.html",
    "_where.html",
    "_pick.html",
    "_what.html",
    "_ways.html",
    "_other_amount.html",
    "pick_total.html",
    "attention_payers.html",
}


def test_every_page_extends_a_base() -> None:
    folder = ROOT / "portal" / "templates"
    for path in folder.rglob("*.html"):
        if path.name.startswith("base") or path.parent.name in {"_ui"}:
            continue
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text and "| safe" not in text, path
        assert "style=" not in text, path
        # Scripts are our files; none is written into a page.
        assert text.count("<script") == text.count("<script src=\"{{ static_url('"), path
        if path.name not in PARTS and not path.name.startswith("_"):
            assert text.startswith("{% extends"), path


def test_every_driver_has_a_test() -> None:
    for family, tests in (("messaging/drivers", "messaging"), ("payments/gateways", "payments")):
        for path in (ROOT / "portal" / family).glob("*.py"):
            if path.stem in {"__init__", "base"} or path.stem.startswith("_"):
                continue
            if "DRIVER =" not in path.read_text(encoding="utf-8"):
                continue
            found = list((ROOT / "tests" / "drivers" / tests).glob(f"test_{path.stem}*.py"))
            assert found, path


def test_the_map_of_the_house_names_real_places() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## The house")[0]
    for path in re.findall(r"`((?:portal|jobs)/[\w/.]+\.py)`", table):
        assert (ROOT / path).is_file(), path


def test_every_page_of_the_docs_is_in_their_index_and_leads_somewhere() -> None:
    docs = ROOT / "docs"
    pages = [ROOT / "README.md", *docs.rglob("*.md")]
    index = (docs / "README.md").read_text(encoding="utf-8")
    for page in pages:
        name = page.relative_to(docs) if docs in page.parents else None
        if name and name.parts[0] != "decisions" and name.name != "README.md":
            assert f"({name.as_posix()})" in index, f"docs/README.md does not name {name}"
        for led in re.findall(
            r"\]\(([\w./-]+(?:\.md|\.png|/))(?:#[\w-]*)?\)", page.read_text("utf-8")
        ):
            assert (page.parent / led).exists(), f"{page.name} leads to {led}"


def test_models_and_migrations_agree(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output


def test_code_files_stay_readable() -> None:
    long = [
        str(path.relative_to(ROOT))
        for folder in ("portal", "jobs", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 300
    ]
    assert long == []
