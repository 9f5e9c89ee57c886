"""What a browser, a spreadsheet and a reader of PDF would make of an answer."""

import csv
import io
import re
from html.parser import HTMLParser

from openpyxl import load_workbook
from pypdf import PdfReader

from portal.core.spreadsheet import DANGEROUS

ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-delete", "xlink:href"}
_RUNS = re.compile(r"[\x00-\x20]*(javascript|vbscript|data:text)[\s:]", re.I)


class _Browser(HTMLParser):
    """Notes what would run: scripts of the page's own, handlers, addresses that are programs."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        own = given.get("src", "").startswith("/static/")
        if tag == "script" and given.get("type") != "application/json" and not own:
            self.wrong.append(f"<script {given}>")
        self._script = tag in {"script", "style"}
        for name, value in given.items():
            if name.startswith(("on", "hx-on")) or name in {"style", "srcdoc"}:
                self.wrong.append(f"{tag} {name}={value[:60]}")
            if name in ADDRESSES and _RUNS.match(value):
                self.wrong.append(f"{tag} {name}={value[:60]}")
            if "<" in name or '"' in name or "=" in name:
                self.wrong.append(f"{tag} has an attribute {name[:60]}")
        if tag in {"img", "iframe", "object", "embed"} and given.get("src") in {"x", "=x"}:
            self.wrong.append(f"<{tag} {given}>")

    def handle_data(self, data: str) -> None:
        if self._script and "alert(1)" in data:
            self.wrong.append(f"in a script: {data[:60]}")

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def by_browser(html: str) -> list[str]:
    """What would run."""
    browser = _Browser()
    browser.feed(html)
    return browser.wrong


def by_spreadsheet(content: bytes, mimetype: str) -> list[str]:
    """The cells that would be formulas."""
    if mimetype == "text/csv":
        text = content.decode("utf-8-sig")
        first = text.partition("\n")[0]
        rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",")
        return [cell for row in rows for cell in row if _formula(cell)]
    book = load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    return [
        str(cell.value)
        for cell in cells
        if cell.data_type == "f" or (isinstance(cell.value, str) and _formula(cell.value))
    ]


def _formula(cell: str) -> bool:
    number = cell.lstrip("-").replace(".", "").replace(",", "").isdigit()
    return cell.startswith(DANGEROUS) and not number


def by_reader(content: bytes) -> tuple[str, list[str]]:
    """The words of a PDF, and what in it would do something by itself."""
    reader = PdfReader(io.BytesIO(content))
    text = "".join(page.extract_text() for page in reader.pages)
    wrong = [name for name in ("/OpenAction", "/AA", "/Names") if name in reader.trailer["/Root"]]
    for page in reader.pages:
        for note in page.get("/Annots") or []:
            action = note.get_object().get("/A", {})
            kind, where = action.get("/S"), str(action.get("/URI", ""))
            if kind != "/URI" or _RUNS.match(where) or "alert(1)" in where:
                wrong.append(f"{kind} {where}")
    return text, wrong
