"""Reading the form of a customer, and of their first line: values, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.money import parse_rupiah
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.network.models import Router
from portal.plans.models import Plan
from portal.subscriptions.service import owner_of
from portal.web.parsing import parse_day
from portal.web.sentences import say
from portal.web.setup import row_id

LENGTHS = {"name": 120, "address": 500, "area": 80, "number": 40, "login": 80}
ABOUT = ("name", "phone", "phone_alt", "address", "area")
LINE = ("number", "plan", "login", "billing_day", "price", "router", "started_on")


@dataclass
class Typed:
    """What was typed, what it means, and what is wrong, by field. `price` in rupiah."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    phone: str = ""
    phone_alt: str | None = None
    plan: Plan | None = None
    billing_day: int = 1
    price: int = 0
    router_id: int | None = None
    started_on: date | None = None

    @property
    def phones(self) -> list[str]:
        return [one for one in (self.phone, self.phone_alt) if one]


def about(form: Mapping[str, str]) -> Typed:
    """Name, phones, address, area."""
    typed = Typed({name: form.get(name, "").strip() for name in ABOUT})
    _lengths(typed, ABOUT)
    if not typed.values["name"]:
        typed.errors["name"] = _("Nama wajib diisi.")
    try:
        typed.phone = str(PhoneNumber.parse(typed.values["phone"]))
    except InvalidPhone as error:
        typed.errors["phone"] = say(error)
    if typed.values["phone_alt"]:
        try:
            typed.phone_alt = str(PhoneNumber.parse(typed.values["phone_alt"]))
        except InvalidPhone as error:
            typed.errors["phone_alt"] = say(error)
    return typed


def new(form: Mapping[str, str]) -> Typed:
    """The same with a number of one's own and a line; both may be left empty."""
    typed = about(form)
    typed.values |= {name: form.get(name, "").strip() for name in LINE}
    _lengths(typed, LINE)
    number = typed.values["number"]
    if number and db.session.scalar(select(Customer.id).where(Customer.number == number)):
        typed.errors["number"] = _("Nomor pelanggan itu sudah dipakai.")
    if typed.values["plan"]:
        _line(typed)
    elif typed.values["login"]:
        typed.errors["plan"] = _("Pilih paket, atau kosongkan login layanan.")
    return typed


def _lengths(typed: Typed, names: tuple[str, ...]) -> None:
    for name in names:
        limit = LENGTHS.get(name, 40)
        if len(typed.values[name]) > limit:
            typed.errors[name] = _("Paling banyak %(limit)s huruf.", limit=limit)


def _line(typed: Typed) -> None:
    values, errors = typed.values, typed.errors
    typed.plan = _row(Plan, values["plan"])
    if typed.plan is None or not typed.plan.active:
        errors["plan"] = _("Pilih paket lain.")
        return
    owner = owner_of(values["login"]) if values["login"] else None
    if not values["login"]:
        errors["login"] = _("Login layanan wajib diisi.")
    elif owner:
        errors["login"] = _("Login ini sudah dipakai pelanggan %(number)s.", number=owner)
    _terms(typed, typed.plan)


def _terms(typed: Typed, plan: Plan) -> None:
    values, errors = typed.values, typed.errors
    day = values["billing_day"] or str(today().day)
    if not (day.isascii() and day.isdigit() and len(day) <= 2 and 1 <= int(day) <= 31):
        errors["billing_day"] = _("Isi tanggal 1 sampai 31.")
    else:
        typed.billing_day = int(day)
    try:
        typed.price = parse_rupiah(values["price"]) if values["price"] else plan.price
    except ValueError as error:
        errors["price"] = say(error)
    try:
        typed.started_on = parse_day(values["started_on"]) if values["started_on"] else today()
    except ValueError as error:
        errors["started_on"] = say(error)
    if values["router"]:
        router = _row(Router, values["router"])
        if router is None:
            errors["router"] = _("Pilih router lain.")
        typed.router_id = router.id if router else None


def _row(model: Any, typed: str) -> Any:
    try:
        return db.session.get(model, row_id(typed))
    except ValueError:
        return None


def choices() -> dict[str, Any]:
    """What the form offers."""
    return {
        "areas": db.session.scalars(select(Area.name).order_by(Area.name)).all(),
        "plans": db.session.scalars(
            select(Plan).where(Plan.active).order_by(Plan.price, Plan.name)
        ).all(),
        "routers": db.session.scalars(select(Router).order_by(Router.name)).all(),
    }
