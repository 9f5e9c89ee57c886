"""Making and changing a customer, and walling off or opening a line by hand."""

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from portal.core.phone import PhoneNumber
from portal.customers import service
from portal.customers.models import Customer
from portal.customers.service import CustomerData
from portal.desk import customer_form, duplicates
from portal.desk.blueprint import bp
from portal.desk.customer_form import Typed
from portal.desk.customer_page import customer_of_line, customer_or_404
from portal.extensions import db
from portal.infra import audit
from portal.network import isolation
from portal.network.registry import default_router
from portal.subscriptions import service as subscriptions
from portal.subscriptions.service import LoginTaken, SubscriptionData
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

ACTIONS = {"isolate": isolation.isolate_by_hand, "restore": isolation.restore_by_hand}


@bp.get("/new")
@staff("customers")
def create() -> Any:
    """The form of somebody new."""
    return _new_form(Typed(dict(request.args)))


def _new_form(typed: Typed, twins: list[duplicates.Twin] | None = None) -> Any:
    wrong = bool(typed.errors or twins)
    return page(
        "customers/new.html",
        status=422 if wrong else 200,
        values=typed.values,
        errors=typed.errors,
        twins=twins or [],
        choices=customer_form.choices(),
    )


@bp.post("/new")
@staff("customers")
def add() -> Any:
    """A customer, with a line when a plan is chosen; who may be known already is asked once."""
    typed = customer_form.new(request.form)
    if typed.errors:
        return _new_form(typed)
    if "known" not in request.form:
        values = typed.values
        twins = duplicates.of(values["name"], typed.phones, values["address"])
        if twins:
            return _new_form(typed, twins)
    try:
        customer = _add(typed)
        db.session.commit()
    except (IntegrityError, LoginTaken):  # somebody else took it a moment ago
        db.session.rollback()
        typed.errors["all"] = _("Nomor pelanggan atau login baru saja dipakai. Periksa lagi.")
        return _new_form(typed)
    done = _("Pelanggan %(number)s disimpan.", number=customer.number)
    return go(url_for(".show", customer_id=customer.id), done)


def _add(typed: Typed) -> Customer:
    values = typed.values
    customer, _said = service.save(
        CustomerData(
            number=values["number"] or service.next_number(),
            name=values["name"],
            phone=typed.phone,
            phone_alt=typed.phone_alt,
            address=values["address"],
            area=values["area"],
        )
    )
    audit.record("customer.create", f"customer:{customer.id}", after={"number": customer.number})
    if typed.plan is not None:
        fallback = default_router()
        data = SubscriptionData(values["login"], typed.price, typed.billing_day, typed.started_on)
        router_id = typed.router_id or (fallback.id if fallback else None)
        subscriptions.save(customer, typed.plan, data, router_id)
    return customer


@bp.get("/<int:customer_id>/edit")
@staff("customers")
def edit(customer_id: int) -> Any:
    """The form."""
    customer = customer_or_404(customer_id)
    values = {
        "name": customer.name,
        "phone": PhoneNumber.parse(customer.phone).local() if customer.phone else "",
        "phone_alt": PhoneNumber.parse(customer.phone_alt).local() if customer.phone_alt else "",
        "address": customer.address,
        "area": customer.area.name if customer.area else "",
    }
    return _edit_form(customer, Typed(values))


def _edit_form(customer: Customer, typed: Typed, twins: list[duplicates.Twin] | None = None) -> Any:
    return page(
        "customers/edit.html",
        status=422 if typed.errors or twins else 200,
        customer=customer,
        values=typed.values,
        errors=typed.errors,
        twins=twins or [],
        areas=customer_form.choices()["areas"],
    )


@bp.post("/<int:customer_id>/edit")
@staff("customers")
def save(customer_id: int) -> Any:
    """Change name, phones, address, area. A new phone ends the customer's sessions."""
    customer = customer_or_404(customer_id)
    typed = customer_form.about(request.form)
    if typed.errors:
        return _edit_form(customer, typed)
    twins = [] if "known" in request.form else _new_twins(customer, typed)
    if twins:
        return _edit_form(customer, typed, twins)
    values = typed.values
    service.save(
        CustomerData(
            number=customer.number,
            name=values["name"],
            phone=typed.phone,
            phone_alt=typed.phone_alt,
            address=values["address"],
            area=values["area"],
        )
    )
    db.session.commit()
    return go(url_for(".show", customer_id=customer_id), _("Data pelanggan disimpan."))


def _new_twins(customer: Customer, typed: Typed) -> list[duplicates.Twin]:
    """Who this change may make a double of; what was so before is nobody's news."""
    phones = [one for one in typed.phones if one not in (customer.phone, customer.phone_alt)]
    values = typed.values
    moved = (values["name"], values["address"]) != (customer.name, customer.address)
    return duplicates.of(values["name"], phones, values["address"], customer.id, alike=moved)


@bp.get("/<int:customer_id>/lines/<int:subscription_id>/access")
@staff("customers")
def confirm_access(customer_id: int, subscription_id: int) -> Any:
    """Ask before walling off or opening by hand."""
    customer = customer_or_404(customer_id)
    line = customer_of_line(customer_id, subscription_id)
    return page("customers/access.html", customer=customer, line=line, error="")


@bp.post("/<int:customer_id>/lines/<int:subscription_id>/access")
@staff("customers")
def change_access(customer_id: int, subscription_id: int) -> Any:
    """Wall off or open by hand, with a reason."""
    customer_or_404(customer_id)
    customer_of_line(customer_id, subscription_id)
    change = ACTIONS.get(request.form.get("action", "")) or abort(400)
    try:
        changed = change(subscription_id, request.form.get("reason", ""))
    except ValueError as error:
        db.session.rollback()
        return page(
            "customers/access.html",
            status=422,
            customer=customer_or_404(customer_id),
            line=customer_of_line(customer_id, subscription_id),
            error=say(error),
        )
    db.session.commit()
    done = _("Perintah dikirim ke router.") if changed else _("Keadaannya sudah berubah.")
    return go(url_for(".show", customer_id=customer_id), done)
