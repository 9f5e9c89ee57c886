"""The English catalog: complete, up to date, with the same places for values."""

import ast
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from flask import Flask

from portal.config import ROOT
from tests import factories
from tests.visitor import Visitor
from tests.web.house import address, house, routes

__all__ = ["house"]

PO = ROOT / "portal" / "translations" / "en" / "LC_MESSAGES" / "messages.po"


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every text of the screens, collected afresh."""
    pot = tmp_path_factory.mktemp("catalog") / "messages.pot"
    pybabel = str(Path(sys.executable).parent / "pybabel")
    subprocess.run(
        [
            pybabel,
            "-q",
            "extract",
            "-F",
            "babel.cfg",
            "-k",
            "_l",
            # Without this it leaves out folders that begin with "_", so the macros in _ui.
            "--ignore-dirs",
            ".*",
            "-o",
            str(pot),
            "portal",
        ],  # fmt: skip
        cwd=ROOT,
        check=True,
    )
    with pot.open("rb") as file:
        found = {str(message.id) for message in read_po(file) if message.id}
    assert "Dibayar %(date)s" in found, "the macros are left out"
    return found


def catalog() -> dict[str, str]:
    with PO.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="en") if m.id}


def test_every_text_has_its_english(wanted: set[str]) -> None:
    known = catalog()
    assert sorted(text for text in wanted if not known.get(text)) == []
    assert sorted(set(known) - wanted) == [], "texts that no screen shows any more"


RAISING = (
    "core/money.py",
    "core/period.py",
    "core/phone.py",
    "invoices/service.py",
    "messaging/service.py",
    "network/isolation.py",
    "payments/attention.py",
)


def test_sentences_raised_below_the_screens_are_marked(wanted: set[str]) -> None:
    """What a form shows of an error that knows no translation."""
    raised = set()
    for name in RAISING:
        tree = ast.parse((ROOT / "portal" / name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                text = node.exc.args[0]
                if isinstance(text, ast.Constant) and re.match(r"[A-Z].*\.$", str(text.value)):
                    raised.add(str(text.value))
    # A group's id is configured, never typed into a form.
    assert sorted(raised - wanted - {"ID grup WhatsApp tidak sah."}) == []


def test_values_have_their_places() -> None:
    for original, english in catalog().items():
        places = [sorted(re.findall(r"%\((\w+)\)s", text)) for text in (original, english)]
        assert places[0] == places[1], original


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("who", ["staff", "customer", "public"])
def test_english_pages_hold_no_indonesian(app: Flask, house: dict[str, Any], who: str) -> None:
    """No piece of text on any page is one the catalog has English for."""
    foreign = {text: english for text, english in catalog().items() if text != english}
    patterns = [(_pattern(text), _pattern(english)) for text, english in foreign.items()]
    visitor = Visitor(app)
    if who != "public":
        factories.log_in(visitor.client, factories.staff() if who == "staff" else house["budi"])
    left = set()
    for rule, method, _permission in routes(app, who):
        url = address(app, rule, house)
        # The guides are written for owners in Indonesia and are in no catalog.
        if method == "GET" and rule.endpoint != "whatsapp_settings.guide":
            visitor.client.get(f"{url}?lang=en")
            answer = visitor.get(url)
            for piece in _pieces(answer.text if answer.mimetype == "text/html" else ""):
                # "data of 10.00 WIB" looks like "data %(time)s", and is its English.
                if piece not in foreign.values() and any(
                    text.fullmatch(piece) and not english.fullmatch(piece)
                    for text, english in patterns
                ):
                    left.add((url, piece))
    # Reasons are stored in Indonesian when they happen; drivers speak it too.
    known = {"Tidak ada tagihan terbuka.", "Pesan hanya ditulis ke catatan server."}
    assert not {found for found in left if found[1] not in known}


def _pattern(text: str) -> re.Pattern[str]:
    """The text with anything in the places of its values."""
    return re.compile(re.sub(r"%\\?\((\w+)\\?\)s", ".*", re.escape(text)).replace("%%", "%"))


def _pieces(html: str) -> set[str]:
    """The texts between the tags, each with its blanks made one."""
    # What a customer is told stands in the customer's language, also where it is written.
    told = r'<div class="chat">.*?</div>\s*</div>|<textarea.*?</textarea>'
    ours = re.sub(told, "", html.partition("<body")[2], flags=re.S)
    texts = re.split(r"<[^>]*>", ours)
    return {" ".join(unescape(text).split()) for text in texts} - {""}


@pytest.mark.usefixtures("compiled")
def test_a_page_speaks_english_when_asked(app: Flask) -> None:
    page = app.test_client().get("/login?lang=en").text
    assert '<html lang="en">' in page and "Send code" in page


@pytest.fixture(scope="module")
def compiled() -> None:
    """The catalog as the application reads it."""
    subprocess.run(
        [
            str(Path(sys.executable).parent / "pybabel"),
            "-q",
            "compile",
            "-d",
            "portal/translations",
        ],
        cwd=ROOT,
        check=True,
    )
