"""What people and providers type is shown as text on every page, never run as markup."""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import update

from portal.extensions import db
from portal.web.access import PERMISSIONS
from tests import factories
from tests.imports import wizard
from tests.visitor import Visitor
from tests.web.canary import CANARY, SCRIPT, check, house
from tests.web.house import address, make_known, routes
from tests.web.opened import by_reader, by_spreadsheet
from tests.web.seeding import fill, mappers
from tests.web.text_columns import OURS, STRICT

__all__ = ["house"]
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_every_text_column_holds_the_canary(house: dict[str, Any]) -> None:
    """Of every table there is a row, and every column that is not ours was filled."""
    empty = [name for name, rows in house["filled"].items() if not rows]
    assert not empty
    assert len(house["filled"]) > 100
    columns = {
        f"{column.table.name}.{column.name}"
        for mapper in mappers()
        for column in mapper.local_table.columns
    }
    spared = {f"{table}.{name}" for table, names in STRICT.items() for name in names}
    assert spared <= columns, "a column that is gone is not named any more"
    assert {name.partition(".")[2] for name in columns} >= OURS


@pytest.mark.parametrize("who", ["staff", "customer", "public"])
def test_no_page_shows_markup_that_somebody_typed(
    app: Flask, house: dict[str, Any], who: str
) -> None:
    owner = factories.staff()
    if who == "staff":
        people = type(owner)
        db.session.execute(update(people).values(name=CANARY))
        db.session.execute(update(people).where(people.id == owner.id).values(email=CANARY))
        db.session.commit()
    shown = 0
    typed = urlencode(dict.fromkeys(("q", "next", "period", "state", "status", "kind"), CANARY))
    for hx in (False, True):
        visitor = Visitor(app, hx)
        if who != "public":
            factories.log_in(visitor.client, owner if who == "staff" else house["budi"])
        urls = [
            address(app, rule, house)
            for rule, method, _permission in routes(app, who)
            if method == "GET"
        ]
        if who == "customer":
            urls.append("/")
        if who == "staff":
            urls += [
                "/admin/payments/attention?state=resolved",
                "/admin/settings/whatsapp?driver=meta",
            ]
        for url in urls:
            for full in (url, url + ("&" if "?" in url else "?") + typed):
                answer = visitor.get(full)
                if answer.mimetype not in {"text/html", "image/svg+xml"}:
                    continue  # no browser reads it as HTML; formulas are their own test
                text = answer.text
                check(text, full)
                shown += "&lt;script&gt;" in text
    assert shown >= (20 if who == "staff" else 4)


@pytest.mark.parametrize("role", sorted(set(PERMISSIONS) - {"owner"}))
def test_no_role_is_shown_markup(app: Flask, house: dict[str, Any], role: str) -> None:
    """What the other roles open: the same pages in other words and with other parts."""
    person = factories.staff(role=role)
    make_known(person, house)
    visitor = Visitor(app)
    factories.log_in(visitor.client, person)
    shown = 0
    for rule, method, permission in routes(app, "staff"):
        if method == "GET" and (not permission or permission in PERMISSIONS[role]):
            url = address(app, rule, house)
            answer = visitor.get(url)
            assert answer.status_code < 500, url
            if answer.mimetype == "text/html":
                check(answer.text, url)
                shown += "&lt;script&gt;" in answer.text
    assert shown >= 3


def test_no_address_is_a_program(app: Flask, house: dict[str, Any]) -> None:
    """A text that begins as a program does is no link anywhere."""
    program = "javascript:alert(1)//"
    fill(program, program)
    db.session.commit()
    people = {"staff": factories.staff(), "customer": house["budi"], "public": None}
    for who, person in people.items():
        visitor = Visitor(app)
        if person is not None:
            factories.log_in(visitor.client, person)
        for rule, method, _permission in routes(app, who):
            if method == "GET":
                url = address(app, rule, house)
                answer = visitor.get(url)
                if answer.mimetype == "text/html":
                    check(answer.text, url)
                assert not answer.headers.get("Location", "").startswith("javascript"), url


def test_files_hold_no_formula_and_no_program(app: Flask, house: dict[str, Any]) -> None:
    """CSV and XLSX whose every text begins with an equals sign; documents with tags in them."""
    people = {"staff": factories.staff(), "customer": house["budi"], "public": None}
    seen = {"text/csv": 0, "application/pdf": 0, SHEET: 0}
    for who, person in people.items():
        visitor = Visitor(app)
        if person is not None:
            factories.log_in(visitor.client, person)
        urls = [
            address(app, rule, {**house, "file_kind": kind})
            for rule, method, _permission in routes(app, who)
            if method == "GET"
            for kind in (("csv", "xlsx") if "file_kind" in rule.arguments else ("csv",))
        ]
        for url in urls:
            answer = visitor.get(url)
            if answer.mimetype not in seen:
                continue
            seen[answer.mimetype] += 1
            if answer.mimetype == "application/pdf":
                text, wrong = by_reader(answer.data)
                assert "<script>" in text.replace("\n", "") and not wrong, (url, wrong, text)
            else:
                assert not (wrong := by_spreadsheet(answer.data, answer.mimetype)), (url, wrong)
    assert all(seen.values()), seen


def test_forms_show_wrong_values_as_text(app: Flask, house: dict[str, Any]) -> None:
    """What comes back in a 422."""
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    desk.page("/admin/plans/new")
    one = f"/admin/settings/whatsapp/channels/{house['channel_key']}"
    line = f"/admin/customers/{house['customer_id']}/lines/{house['subscription_id']}"
    forms = [
        (f"/admin/customers/{house['customer_id']}/edit", ("name", "phone", "address", "area")),
        ("/admin/plans/new", ("name", "price", "due_days", "grace_days")),
        ("/admin/plans/new", ("billing", "cycle_months", "issue_day")),
        ("/admin/invoices/run", ("period", "confirm")),
        ("/admin/settings/tax", ("valid_from", "rate", "base")),
        (f"{line}/discounts", ("kind", "value", "until", "reason")),
        (f"{line}/charges", ("description", "amount")),
        (f"{line}/pause", ("wake_on", "reason")),
        (f"{line}/plan", ("plan", "when", "reason")),
        (f"{line}/end", ("reason",)),
        ("/admin/settings", ("company.name", "company.cs_phone", "billing.due_days")),
        ("/admin/settings/whatsapp", ("cfg-url", "cfg-token")),
        ("/admin/settings/whatsapp/test", ("number", "kind")),
        ("/admin/settings/whatsapp/channels", ("name", "driver")),
        (f"{one}/name", ("name",)),
        (f"{one}/limits", ("limit-per_minute", "limit-warm_from")),
        ("/admin/login", ("email", "password")),
    ]
    for url, names in forms:
        answer = desk.post(url, **dict.fromkeys(names, CANARY))
        check(answer.text, url)
    anonymous = Visitor(app)
    anonymous.page("/login")
    answer = anonymous.post("/login", phone=CANARY)
    assert answer.status_code == 422
    check(answer.text, "/login")


def test_an_imported_file_is_shown_as_text(app: Flask) -> None:
    """Its name, its columns, its rows, on every page of the wizard."""
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    desk.page("/admin/plans/new")
    row = ",".join(['"' + CANARY.replace('"', '""') + '"'] * 9)
    content = wizard.HEADER.replace("area", SCRIPT) + row + "\n"
    run_id = wizard.checked(desk, content, f"{SCRIPT}.csv")
    shown = 0
    for url in ("/admin/import", f"/admin/import/{run_id}", f"/admin/import/{run_id}/columns"):
        answer = desk.page(url)
        check(answer.text, url)
        shown += "&lt;script&gt;" in answer.text
    assert shown
