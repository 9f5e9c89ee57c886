"""`flask drivers`, and that the documentation says the same and has a guide for each."""

from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner

from portal.health.commands_drivers import matrix
from portal.messaging.registry import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"


def test_every_driver_is_listed(runner: FlaskCliRunner) -> None:
    said = runner.invoke(args=["drivers"]).output
    for driver in REGISTRY:
        assert f"message  {driver.kind}" in said
    assert "payment  pakasir" in said


def test_the_documented_table_is_the_real_one(app: Flask) -> None:
    text = (DOCS / "drivers.md").read_text(encoding="utf-8")
    documented = text.split("<!-- matrix -->")[1].split("<!-- /matrix -->")[0].strip()
    assert documented.splitlines() == matrix()


def test_every_driver_has_a_guide_for_owners(app: Flask) -> None:
    for driver in REGISTRY:
        if driver.kind == "console":
            continue  # sends nothing; nothing to set up
        assert (DOCS / "drivers" / f"{driver.kind}.md").exists(), driver.kind
