"""The demo's data: a made-up ISP with customers, a staff login, a little paid history.

Everything goes through the real services. Idempotent: a second call finds the marker and
does nothing. Refuses a database that holds anybody's real data.
"""

from datetime import datetime, time

from flask import current_app
from sqlalchemy import func, select, update

from portal.accounts import service as accounts
from portal.accounts.models import Staff
from portal.config import ROOT, Settings
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.imports.service import run_import
from portal.infra import timekeeping
from portal.invoices import billing
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.network import registry
from portal.payments import service as payments
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription

MARKER = "demo.seeded"
EXAMPLE = ROOT / "examples" / "pelanggan.csv"
WITH_HISTORY = 40
WITH_OPEN_INVOICE = 12


class NotADemo(RuntimeError):
    """This database or environment must not be filled with demo data."""


def seed() -> bool:
    """Fill an empty database; False when it already was. Commits. Raises NotADemo."""
    config: Settings = current_app.extensions["loket.settings"]
    if config.production:
        raise NotADemo("Demo data is for development only (APP_ENV=production).")
    if settings.internal(MARKER):
        _ensure_staff(config)
        db.session.commit()
        return False
    if db.session.scalar(select(func.count()).select_from(Customer)):
        raise NotADemo("This database already holds customers that are not the demo's.")
    _company(config)
    _ensure_staff(config)
    if config.router_sim_url:
        router = {"base_url": config.router_sim_url, "token": "dev-router"}
        registry.ensure_router("Router simulator", "simulator", router)
    db.session.commit()
    report = run_import(EXAMPLE.read_bytes(), dry_run=False)
    if not report.ok:
        raise NotADemo(f"examples/pelanggan.csv has errors: {report.errors[0].sentence}")
    _colleagues(config)
    db.session.execute(update(Plan).values(public=True))
    for months_ago in (2, 1):
        _history(months_ago)
    _open_invoices()
    settings.set_internal(MARKER, True)
    db.session.commit()
    return True


def _company(config: Settings) -> None:
    for key, value in (
        ("company.name", "NusaLink"),
        ("company.cs_phone", "+6281280001111"),
        # The demo's codes are all asked for from one address.
        ("login.codes_per_ip_hour", 1000),
        # Open all day: whoever tries the demo in the evening should not wait until eight.
        ("messages.hours_from", "00:00"),
        ("messages.hours_until", "00:00"),
        ("orders.install_fee", 150_000),
        # Nobody pays in a demo that travels through time; the fuse would stop the story there.
        ("isolation.fuse_bp", 10_000),
    ):
        settings.change(key, value, "system:demo")


def _ensure_staff(config: Settings) -> None:
    """The login that `make run` prints; its password comes from the environment."""
    email = config.get("DEMO_STAFF_EMAIL")
    password = config.get("DEMO_STAFF_PASSWORD")
    if not (email and password):
        return
    if db.session.scalar(select(Staff).where(Staff.email == email)) is None:
        accounts.create_staff(email, "Pemilik NusaLink", password, "owner")


def _colleagues(config: Settings) -> None:
    """One of each other role, with the owner's password; the collector has two areas."""
    email, password = config.get("DEMO_STAFF_EMAIL"), config.get("DEMO_STAFF_PASSWORD")
    if not (email and password):
        return
    domain = email.partition("@")[2]
    accounts.create_staff(f"kasir@{domain}", "Rina Kasir", password, "finance")
    accounts.create_staff(f"cs@{domain}", "Dewi CS", password, "support")
    accounts.create_staff(f"teknisi@{domain}", "Joko Teknisi", password, "technician")
    collector = accounts.create_staff(f"penagih@{domain}", "Udin Penagih", password, "collector")
    for line_id in _first_lines(2):
        area = db.session.get_one(Subscription, line_id).customer.area
        if area is not None:
            area.collector_id = collector.id
    db.session.commit()


def _first_lines(count: int) -> list[int]:
    return list(db.session.scalars(select(Subscription.id).order_by(Subscription.id).limit(count)))


def _history(months_ago: int) -> None:
    """A month that was billed and paid before Loket: real rows, no messages sent."""
    real = timekeeping.clock()
    period = Period.of(real.today())
    for _ in range(months_ago):
        period = period.previous()
    noon = datetime.combine(period.first_day, time(12), real.zone)
    then = FixedClock(noon, real.zone)
    current_app.extensions["loket.clock"] = then
    try:
        lines = _first_lines(WITH_HISTORY)
        while billing.issue_chunk(period, only_due=False, lines=lines):
            pass
        then.move(days=3, hours=2)
        _pay_all(period, then)
    finally:
        current_app.extensions["loket.clock"] = real
    _silence("riwayat contoh, tidak dikirim")
    db.session.commit()


def _pay_all(period: Period, clock: FixedClock) -> None:
    invoices = db.session.execute(
        select(Invoice.id, Invoice.customer_id, Invoice.total)
        .where(Invoice.period == str(period))
        .order_by(Invoice.id)
    ).all()
    for invoice_id, customer_id, total in invoices:
        clock.move(minutes=17)
        payments.record_payment(
            customer_id=customer_id,
            amount=total,
            source="demo",
            method="tunai",
            paid_at=clock.now(),
            invoice_ids=[invoice_id],
            note="riwayat contoh",
        )


def _silence(reason: str) -> None:
    """Messages about history are kept, with the reason they never left."""
    db.session.flush()
    db.session.execute(
        update(Message).where(Message.state == "pending").values(state="cancelled", reason=reason)
    )


def _open_invoices() -> None:
    """This month's invoice for the first few, so that a newcomer finds one to pay."""
    period = Period.of(timekeeping.today())
    billing.issue_chunk(period, only_due=False, lines=_first_lines(WITH_OPEN_INVOICE))
    db.session.commit()
