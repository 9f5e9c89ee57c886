"""The steps of `create_app`: configuration, extensions, features. The only wiring there is."""

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from portal import extensions
from portal.config import ROOT, Settings
from portal.core.clock import Clock, SystemClock, machine_time
from portal.infra import database, logs, outbound, queue, secrets
from portal.web.squeeze import SqueezedFiles

if TYPE_CHECKING:
    from portal.accounts.rules import Rules

# Every module that declares tables; Alembic and the foreign keys need all of them.
MODEL_MODULES = (
    "infra.audit",
    "infra.heartbeat",
    "infra.inbox",
    "infra.locks",
    "infra.numbering",
    "infra.schedule",
    "settings.models",
    "accounts.models",
    "accounts.models_sessions",
    "accounts.models_roles",
    "customers.models",
    "plans.models",
    "subscriptions.models",
    "invoices.models",
    "invoices.models_terms",
    "payments.models",
    "media.models",
    "documents.models",
    "messaging.models",
    "messaging.models_channels",
    "messaging.models_inbound",
    "messaging.models_meta",
    "broadcasts.models",
    "imports.models",
    "imports.models",
    "network.models",
    "network.models_isolation",
    "customers.models_telegram",
    "customers.models_phone",
    "orders.models",
    "signup.models",
    "counter.models",
    "telegram.models",
    "desk.models",
    "tickets.models",
)

# Every feature with routes or commands, in the order of the house.
BLUEPRINTS = (
    "portal.health.routes",
    "portal.health.routes_staff",
    "portal.accounts.routes_staff",
    "portal.accounts.routes_password",
    "portal.accounts.routes_account",
    "portal.accounts.routes_resets",
    "portal.customers.routes_login",
    "portal.customers.routes_phone",
    "portal.plans.routes_staff",
    "portal.settings.routes_staff",
    "portal.invoices.routes_staff",
    "portal.invoices.routes_tax",
    "portal.media.routes_public",
    "portal.media.routes_staff",
    "portal.payments.routes_customer",
    "portal.payments.routes_link",
    "portal.payments.routes_link_pay",
    "portal.payments.routes_return",
    "portal.payments.routes_staff",
    "portal.payments.routes_transfers",
    "portal.payments.routes_corrections",
    "portal.payments.routes_books",
    "portal.payments.hooks",
    "portal.messaging.routes_staff",
    "portal.messaging.routes_resend",
    "portal.messaging.routes_by_hand",
    "portal.messaging.routes_inbound",
    "portal.messaging.routes_texts",
    "portal.messaging.routes_builder",
    "portal.messaging.routes_settings",
    "portal.messaging.routes_channels",
    "portal.messaging.routes_templates",
    "portal.messaging.routes_costs",
    "portal.messaging.hooks",
    "portal.messaging.routes_areas",
    "portal.signup.routes_staff",
    "portal.signup.routes_dialog",
    "portal.notices.routes_staff",
    "portal.broadcasts.routes_staff",
    "portal.imports.routes_staff",
    "portal.imports.routes_runs",
    "portal.documents.routes_staff",
    "portal.documents.routes_customer",
    "portal.documents.routes_link",
    "portal.documents.routes_app",
    "portal.counter.routes_staff",
    "portal.counter.routes_settlements",
    "portal.counter.routes_closings",
    "portal.reports.routes_staff",
    "portal.orders.routes_public",
    "portal.orders.routes_paying",
    "portal.orders.routes_change",
    "portal.orders.routes_staff",
    "portal.tickets.routes_customer",
    "portal.tickets.routes_staff",
    "portal.tickets.routes_announcements",
    "portal.network.routes_staff",
    "portal.dashboard.routes_run",
    "portal.dashboard.routes_customer",
    "portal.dashboard.routes_profile",
    "portal.dashboard.routes_captive",
    "portal.dashboard.routes_staff",
    "portal.desk.routes",
    "portal.desk.routes_peek",
    "portal.desk.routes_bulk",
    "portal.desk.routes_areas",
    "portal.desk.routes_lines",
    "portal.dashboard.routes_lines",
    "portal.dashboard.routes_isolation",
    "portal.dashboard.routes_audit",
    "portal.dashboard.routes_people",
    "portal.dashboard.routes_roles",
)
# Who has something for the to-do list of the first page: `todo.items()`.
TODO = (
    "portal.payments.todo",
    "portal.network.todo",
    "portal.messaging.todo",
    "portal.orders.todo",
    "portal.tickets.todo",
    "portal.counter.todo",
    "portal.invoices.todo",
    "portal.signup.todo",
)
# Who says what settings would change: `effects.effects(values)`.
EFFECTS = ("portal.invoices.effects", "portal.network.effects", "portal.messaging.effects")
COMMANDS = (
    "portal.accounts.commands",
    "portal.imports.commands",
    "portal.messaging.commands",
    "portal.messaging.commands_wa",
    "portal.network.commands",
    "portal.health.commands",
    "portal.health.commands_drivers",
    "portal.demo.commands",
)


def configure(app: Flask, settings: Settings) -> None:
    """Flask's own configuration, from the typed settings."""
    logs.configure(settings.log_level, as_json=settings.production)
    app.extensions["loket.settings"] = settings
    outbound.configure(settings.outbound_allow)
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TESTING=settings.app_env == "test",
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(settings.database_url),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        # Longer than any session the owner may allow: the row on the server decides.
        PERMANENT_SESSION_LIFETIME=timedelta(days=366),
        # An hour's limit kills forms in tabs left open; the token dies with the session.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        BABEL_DEFAULT_LOCALE="id",
        BABEL_DEFAULT_TIMEZONE="Asia/Jakarta",
        TEMPLATES_AUTO_RELOAD=settings.app_env == "development",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        # Forwarded headers are believed for exactly this many proxies, never by default.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    static = ROOT / "portal" / "static"
    static_files = WhiteNoise(
        app.wsgi_app,
        root=str(static) if static.is_dir() else None,
        prefix="static/",
        max_age=31536000,
        autorefresh=settings.app_env == "development",
    )
    app.wsgi_app = SqueezedFiles(static_files)  # type: ignore[assignment, method-assign]


def bind_extensions(app: Flask, settings: Settings, clock: Clock | None) -> None:
    """Database, cipher, bell, clock, login, CSRF, translations, web helpers."""
    from importlib import import_module

    for name in MODEL_MODULES:
        import_module(f"portal.{name}")
    extensions.db.init_app(app)
    extensions.migrate.init_app(
        app, extensions.db, directory=str(ROOT / "migrations"), render_as_batch=True
    )
    with app.app_context():
        database.configure(extensions.db.engine)
    app.extensions["loket.secrets"] = secrets.box(settings.encryption_keys)
    queue.init_app(app, settings.redis_url)
    app.extensions["loket.clock"] = clock or _clock(app, settings)

    from portal.web import setup

    setup.init_app(app)


def _clock(app: Flask, settings: Settings) -> Clock:
    """The machine's clock, or the server's that several machines share; outside production the
    demo may move it."""
    from portal.infra import database_clock
    from portal.infra.demo_clock import offset_reader

    source = machine_time if settings.sqlite else database_clock.reader(app)
    if settings.production:
        return SystemClock(source=source)
    return SystemClock(offset=offset_reader(app), source=source)


def register_features(app: Flask) -> None:
    """Blueprints, commands, user loaders and the table of reactions."""
    from importlib import import_module

    from portal.desk import peeking
    from portal.reactions import REACTIONS

    app.extensions["loket.reactions"] = REACTIONS
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(name).bp)
    peeking.init_app(app)
    app.extensions["loket.plan_uses"] = import_module("portal.subscriptions.plan_use").uses
    app.extensions["loket.todo"] = [import_module(name).items for name in TODO]
    app.extensions["loket.effects"] = [import_module(name).effects for name in EFFECTS]
    for name in COMMANDS:
        app.cli.add_command(import_module(name).cli)
    _user_loaders(app)


def _user_loaders(app: Flask) -> None:
    from portal.accounts import door
    from portal.accounts.roles import changes_of
    from portal.accounts.service import load_staff
    from portal.customers.service import load_customer

    app.extensions["loket.user_loaders"] = {"staff": load_staff, "customer": load_customer}
    app.extensions["loket.role_changes"] = changes_of
    app.extensions["loket.company"] = company
    app.extensions["loket.login_rules"] = login_rules
    app.extensions["loket.door"] = door.check


def login_rules() -> "Rules":
    """How long logins last and who needs a second factor; accounts may not import settings."""
    from portal.accounts.rules import Rules
    from portal.settings import service

    return Rules(
        staff_idle=timedelta(minutes=service.integer("login.staff_idle_minutes")),
        staff_longest=timedelta(hours=service.integer("login.staff_hours")),
        customer_idle=timedelta(days=service.integer("login.customer_days")),
        totp_roles=frozenset(service.words("login.totp_roles")),
    )


def company() -> tuple[str, str, str]:
    """Name, CS phone (E.164) and the version of the logo ("" for none), for every page; the web
    layer may not import settings."""
    from portal.settings import service

    name, phone = service.text("company.name"), service.text("company.cs_phone")
    return name, phone, str(service.internal("company.icon", ""))
