"""What one person's pages let them ask, so that somebody else can ask the same; and everything
that belongs to a customer, so that one sees whether it changed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import Table, select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from portal.extensions import db
from tests.visitor import Visitor

SOURCES = Path(__file__).resolve().parents[2] / "portal"
_READ = re.compile(
    r"""(?:args|form|values|files)(?:\.get|\.getlist)?[(\[]\s*["']([a-z_][a-z_0-9]*)["']"""
)
_FIELD = re.compile(
    r"^\s+([a-z_]+) = (?:String|TextArea|Tel|Select|Hidden|Integer|Boolean)\w*Field"
)


@dataclass(frozen=True)
class Asked:
    """One request a page offers: a link, a form, what HTMX would fetch."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...] = ()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[Asked] = set()
        self._form: tuple[str, str] | None = None
        self._fields: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.found.add(Asked("GET", given["href"]))
        for name in ("hx-get", "hx-post", "hx-delete"):
            if given.get(name):
                self.found.add(Asked(name[3:].upper(), given[name]))
        if tag == "form":
            self._form = (given.get("method", "get").upper(), given.get("action", ""))
            self._fields = []
        if tag in {"input", "select", "option", "button", "textarea"} and self._form:
            name = given.get("name", "") or (self._fields[-1][0] if tag == "option" else "")
            if name and name != "csrf_token":
                self._fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            self.found.add(Asked(*self._form, tuple(self._fields)))
            self._form = None


def asked_on(answer: TestResponse, url: str) -> set[Asked]:
    """Everything this page offers; a form without an action goes to the page's own address."""
    if answer.mimetype != "text/html":
        return set()
    page = _Page()
    page.feed(answer.text)
    return {
        Asked(one.method, (one.url or url).partition("#")[0], one.fields)
        for one in page.found
        if not urlsplit(one.url).netloc and not one.url.startswith(("tel:", "mailto:", "/static"))
    }


def ask(visitor: Visitor, asked: Asked) -> TestResponse:
    """The same request by this visitor, with a token of their own."""
    values: dict[str, Any] = {}
    for name, value in asked.fields:
        values.setdefault(name, []).append(value)
    if asked.method == "GET":
        return visitor.client.get(asked.url, query_string=values or None, headers=visitor.headers)
    values["csrf_token"] = visitor.token
    return visitor.client.open(asked.url, method=asked.method, data=values, headers=visitor.headers)


def access_of(app: Flask, asked: Asked) -> tuple[str, str]:
    """Who may call what is asked: the mark of its view."""
    try:
        path = urlsplit(asked.url).path
        endpoint, _values = app.url_map.bind("localhost").match(path, method=asked.method)
    except (HTTPException, RequestRedirect):
        return "none", ""
    mark: tuple[str, str] = getattr(app.view_functions[endpoint], "access", ("none", ""))
    return mark


@cache
def field_names() -> frozenset[str]:
    """Every name any view reads from a query or a form."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        if "simulators" not in path.parts:
            text = path.read_text(encoding="utf-8")
            found |= set(_READ.findall(text))
            found |= {hit[1] for line in text.splitlines() if (hit := _FIELD.match(line))}
    return frozenset(found - {"csrf_token", "lang"})


def belongings(customer_id: int) -> dict[str, dict[Any, tuple[Any, ...]]]:
    """Table -> key -> row, of the customer and of all that hangs on the customer, by foreign
    keys; so a new table is in it by itself."""
    kept: dict[str, set[Any]] = {"customer": {customer_id}}
    found: dict[str, dict[Any, tuple[Any, ...]]] = {}
    tables = db.metadata.sorted_tables
    for _round in range(3):  # a line is reached from the customer, its bill from the line, …
        for table in tables:
            for row in _rows(table, kept):
                key = row[0]
                kept.setdefault(table.name, set()).add(key)
                found.setdefault(table.name, {})[key] = row
    db.session.rollback()
    return found


def _rows(table: Table, kept: dict[str, set[Any]]) -> Iterator[tuple[Any, ...]]:
    first = next(iter(table.primary_key.columns))
    columns = [first, *(column for column in table.columns if column is not first)]
    wanted = [
        column.in_(kept[key.column.table.name])
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in kept
    ]
    if table.name == "customer":
        wanted.append(first.in_(kept["customer"]))
    for condition in wanted:
        for row in db.session.execute(select(*columns).where(condition)):
            yield tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    return repr(value) if isinstance(value, dict | list) else value


def told(html: str, markers: Iterable[str]) -> list[str]:
    """Which of these the page tells."""
    return [marker for marker in markers if marker in html]
