"""What people and providers type is shown as text on every page, never run as markup."""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import String, Text, update

from portal.extensions import db
from tests import factories
from tests.visitor import Visitor
from tests.web.canary import CANARY, SCRIPT, check, house
from tests.web.house import address, routes
from tests.web.text_columns import FILLED, OURS, STRICT, UNSEEN

__all__ = ["house"]


def test_every_text_column_is_thought_of() -> None:
    """A new text column must be in FILLED, or be named there as not for people's words."""
    filled = {model.__tablename__: set(columns) for model, columns in FILLED.items()}
    missing = []
    for table in db.metadata.sorted_tables:
        if table.name.startswith(UNSEEN):
            continue
        for column in table.columns:
            known = filled.get(table.name, set()) | STRICT.get(table.name, set()) | OURS
            if isinstance(column.type, (String, Text)) and column.name not in known:
                missing.append(f"{table.name}.{column.name}")
    assert not missing


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
                if answer.mimetype in {"text/csv", "application/pdf"}:
                    continue  # no browser reads it as HTML; formulas are its own test
                text = answer.text
                check(text, full)
                shown += "&lt;script&gt;" in text
    assert shown >= (20 if who == "staff" else 4)


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
    from tests.imports.wizard import HEADER, URL, checked

    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    desk.page(URL)
    row = ",".join(['"' + CANARY.replace('"', '""') + '"'] * 9)
    run_id = checked(desk, HEADER.replace("area", f"{SCRIPT}") + row + "\n")
    answer = desk.get(f"{URL}/{run_id}")
    check(answer.text, "import")
    assert "&lt;script&gt;" in answer.text
