"""Customers for staff: search, one customer with everything about them, editing, access.

A customer's page shows subscriptions, invoices, payments and messages, so it lives up here.
"""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, exists, select

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers import service
from portal.customers.models import Area, Customer
from portal.customers.service import CustomerData
from portal.dashboard import audit_view, isolation_view
from portal.dashboard.customer_view import lines as customer_lines
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.invoices.models import Invoice
from portal.messaging import conversation, inbound, optouts
from portal.messaging.kinds import KINDS
from portal.network import isolation
from portal.payments import queries as payments
from portal.payments.routes_staff import SOURCES
from portal.payments.service import credit_balance
from portal.subscriptions.finding import customer_matches
from portal.subscriptions.models import Subscription
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.sentences import say
from portal.web.setup import row_id

bp = Blueprint("customers", __name__, url_prefix="/admin/customers")

LENGTHS = {"name": 120, "address": 500, "area": 80}
ACTIONS = {"isolate": isolation.isolate_by_hand, "restore": isolation.restore_by_hand}


@bp.get("")
@staff("customers")
def index() -> Any:
    """Search as you type; the filters are in the URL."""
    text = request.args.get("q", "").strip()[:80]
    state, area = request.args.get("state", ""), request.args.get("area", 0, type=row_id)
    found = paginate(_search(text, state, area), scalars=True)
    ids = [customer.id for customer in found.rows]
    lines: dict[int, list[Subscription]] = {customer_id: [] for customer_id in ids}
    for line in db.session.scalars(
        select(Subscription).where(Subscription.customer_id.in_(ids)).order_by(Subscription.id)
    ):
        lines[line.customer_id].append(line)
    areas = db.session.scalars(select(Area).order_by(Area.name)).all()
    return page(
        "customers/index.html",
        block="table",
        page=found,
        lines=lines,
        areas=areas,
        q=text,
        state=state,
        area=area,
    )


def _search(text: str, state: str, area: int) -> Select[Any]:
    """By name, number, phone in any spelling, or service login."""
    # Who only ordered is no customer yet; those are a list of their own.
    ordered = Customer.status.in_(service.PROSPECTS)
    statement = select(Customer).order_by(Customer.number)
    statement = statement.where(ordered if state == "prospect" else ~ordered)
    if text:
        statement = statement.where(customer_matches(text))
    if area:
        statement = statement.where(Customer.area_id == area)
    if state in {"active", "isolated", "paused", "ended"}:
        statement = statement.where(
            exists().where(Subscription.customer_id == Customer.id, Subscription.state == state)
        )
    elif state == "arrears":
        statement = statement.where(
            exists().where(
                Invoice.customer_id == Customer.id,
                Invoice.state == "open",
                Invoice.due_on < today(),
            )
        )
    return statement


def _customer(customer_id: int) -> Customer:
    return db.session.get(Customer, customer_id) or abort(404)


@bp.get("/<int:customer_id>")
@staff("customers")
def show(customer_id: int) -> Any:
    """Everything about one customer."""
    customer = _customer(customer_id)
    lines = customer_lines(customer_id)
    subjects = [f"customer:{customer_id}", *(f"subscription:{view.line.id}" for view in lines)]
    audit = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject.in_(subjects))
        .order_by(AuditEntry.id.desc())
        .limit(10)
    ).all()
    return page(
        "customers/show.html",
        customer=customer,
        kinds=KINDS,
        lines=lines,
        invoices=invoices.of_customer(customer_id, today()),
        payments=payments.payments_of_customer(customer_id, 20),
        credit=credit_balance(customer_id),
        optional=[KINDS[kind] for kind in optouts.OPTIONAL],
        refused=optouts.of_customer(customer_id),
        said=conversation.with_customer(customer),
        audit=audit,
        actions=audit_view.ACTIONS,
        actors=audit_view.actors(audit),
        sources=SOURCES,
        flags=inbound.FLAGS,
        agreed=isolation_view.agreements(customer_id),
        typed={},
    )


@bp.get("/<int:customer_id>/edit")
@staff("customers")
def edit(customer_id: int) -> Any:
    """The form."""
    customer = _customer(customer_id)
    values = {
        "name": customer.name,
        "phone": PhoneNumber.parse(customer.phone).local(),
        "phone_alt": PhoneNumber.parse(customer.phone_alt).local() if customer.phone_alt else "",
        "address": customer.address,
        "area": customer.area.name if customer.area else "",
    }
    return page("customers/edit.html", customer=customer, values=values, errors={})


@bp.post("/<int:customer_id>/edit")
@staff("customers")
def save(customer_id: int) -> Any:
    """Change name, phones, address, area. A new phone ends the customer's sessions."""
    customer = _customer(customer_id)
    form = {
        name: request.form.get(name, "").strip()
        for name in ("name", "phone", "phone_alt", "address", "area")
    }
    errors = {
        name: _("Paling banyak %(limit)s huruf.", limit=limit)
        for name, limit in LENGTHS.items()
        if len(form[name]) > limit
    }
    if not form["name"]:
        errors["name"] = _("Nama wajib diisi.")
    numbers: dict[str, str | None] = {"phone_alt": None}
    for field in ("phone", "phone_alt"):
        if field == "phone_alt" and not form[field]:
            continue
        try:
            numbers[field] = str(PhoneNumber.parse(form[field]))
        except InvalidPhone as error:
            errors[field] = say(error)
    if errors:
        return page(
            "customers/edit.html", status=422, customer=customer, values=form, errors=errors
        )
    service.save(
        CustomerData(
            number=customer.number,
            name=form["name"],
            phone=numbers["phone"] or "",
            phone_alt=numbers["phone_alt"],
            address=form["address"],
            area=form["area"],
        )
    )
    db.session.commit()
    return go(url_for("customers.show", customer_id=customer_id), _("Data pelanggan disimpan."))


@bp.post("/<int:customer_id>/messages")
@staff("customers")
def change_messages(customer_id: int) -> Any:
    """Which of the optional WhatsApp messages the customer gets, as told to staff."""
    _customer(customer_id)
    optouts.choose(customer_id, request.form.getlist("wanted"), "staff")
    db.session.commit()
    return go(url_for("customers.show", customer_id=customer_id), _("Pilihan pesan disimpan."))


def _line(customer_id: int, subscription_id: int) -> Subscription:
    line = db.session.get(Subscription, subscription_id)
    if line is None or line.customer_id != customer_id:
        abort(404)
    return line


@bp.get("/<int:customer_id>/lines/<int:subscription_id>/access")
@staff("customers")
def confirm_access(customer_id: int, subscription_id: int) -> Any:
    """Ask before walling off or opening by hand."""
    line = _line(customer_id, subscription_id)
    return page("customers/access.html", customer=_customer(customer_id), line=line, error="")


@bp.post("/<int:customer_id>/lines/<int:subscription_id>/access")
@staff("customers")
def change_access(customer_id: int, subscription_id: int) -> Any:
    """Wall off or open by hand, with a reason."""
    line = _line(customer_id, subscription_id)
    change = ACTIONS.get(request.form.get("action", "")) or abort(400)
    try:
        changed = change(subscription_id, request.form.get("reason", ""))
    except ValueError as error:
        db.session.rollback()
        customer = _customer(customer_id)
        line = _line(customer_id, subscription_id)
        return page(
            "customers/access.html", status=422, customer=customer, line=line, error=say(error)
        )
    db.session.commit()
    done = _("Perintah dikirim ke router.") if changed else _("Keadaannya sudah berubah.")
    return go(url_for("customers.show", customer_id=customer_id), done)
