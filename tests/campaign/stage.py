"""The scene of the trial: database, settings, six channels, and the messages of a phase."""

import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from random import Random

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from portal import create_app
from portal.config import Settings
from portal.core.clock import Clock
from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.messaging import channel_config, service
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from portal.messaging.service import NewMessage
from tests.campaign.behaviour import GET, GRAPH, KEYED, POST
from tests.campaign.statuses import SECRET
from tests.campaign.verdict import RESTLESS
from tests.conftest import environment, migrate

CHANNELS = {
    "meta": GRAPH,
    "keyed": KEYED,
    "held": POST,
    "get": GET,
    "jwt": KEYED,
    "meta2": GRAPH,
}
MIXED = ("held", "jwt", "meta")
PARAMS = {
    "name": "Budi",
    "amount": 165_000,
    "payment_number": "PAY-20261121-00001",
    "paid_at": "2026-11-21T03:00:00+00:00",
    "status": "Lunas",
    "cs_phone": "+6281280001111",
    "text": "Ada pemeliharaan malam ini.",
}
KINDS = ("payment_confirmation", "payment_confirmation", "broadcast", "access_opened")


def database(url: str, folder: Path) -> str:
    """A fresh migrated database: a file, or a database of the given server."""
    if not url:
        url = f"sqlite:///{folder / 'campaign.db'}"
    else:
        import psycopg

        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute('DROP DATABASE IF EXISTS "loket_campaign" WITH (FORCE)')
            connection.execute('CREATE DATABASE "loket_campaign"')
        url = make_url(url).set(database="loket_campaign").render_as_string(hide_password=False)
    migrate(url)
    return url


def application(url: str, redis_url: str, clock: Clock | None) -> Flask:
    """Without rate limits: they would only make the trial longer."""
    env = environment(url, WHATSAPP_LIMITS="off", LOG_LEVEL="CRITICAL", REDIS_URL=redis_url)
    return create_app(Settings.from_env(env), clock)


def _config(name: str, base: str) -> dict[str, str]:
    url = f"{base}/{name}"
    if CHANNELS[name] == GRAPH:
        about = {"access_token": "token-of-the-campaign", "app_secret": SECRET}
        return about | {"base_url": url, "phone_number_id": "100"}
    if CHANNELS[name] == GET:
        return {"mode": "get", "get_url": f"{url}/send?number=[number]&text=[text]"}
    found = {"mode": "post", "url": f"{url}/ext/{{secret}}/wa", "secret": "s3cret-of-campaign"}
    found["dedupes"] = "yes" if CHANNELS[name] == KEYED else "no"
    return found | ({"auth": "jwt", "token": "token-of-jwt"} if name == "jwt" else {})


def furnish(app: Flask, base: str) -> dict[str, int]:
    """Settings and channels; returns the channels' ids by name."""
    from portal.settings import service as settings

    found = {}
    with app.app_context():
        settings.change("messages.hours_from", "00:00")
        settings.change("messages.hours_until", "00:00")
        for name in CHANNELS:
            row = channel_config.create(_kind(name), name)
            errors = channel_config.save(_kind(name), _config(name, base), row.id)
            assert not errors, errors
            found[name] = row.id
        db.session.commit()
    return found


def _kind(name: str) -> str:
    return "meta" if CHANNELS[name] == GRAPH else "gateway"


def choose(app: Flask, ids: dict[str, int], names: Sequence[str]) -> None:
    """The first is the main channel, the others stand in, in this order."""
    with app.app_context():
        channel_config.choose(_kind(names[0]), ids[names[0]])
        for place, name in enumerate(names[1:], 1):
            statement = update(Channel).where(Channel.id == ids[name])
            db.session.execute(statement.values(enabled=True, priority=20 + place))
        db.session.commit()


def fill(app: Flask, phase: str, number: int, count: int, random: Random) -> None:
    """The messages of a phase, each to a number of its own."""
    messages = []
    for serial in range(count):
        kind = random.choice(KINDS)
        recipient = f"+62812{number:02d}{serial:07d}"
        key = f"{kind}:{phase}:{serial}"
        messages.append(NewMessage(kind, recipient, key, PARAMS, batch=phase))
    with app.app_context():
        for begin in range(0, count, 500):
            service.queue_many(messages[begin : begin + 500])
            db.session.commit()


def restless(app: Flask) -> tuple[int, int]:
    """How many messages are not at rest, and how many callbacks wait. Some, when the one writer
    SQLite has was too busy to let us look."""
    with app.app_context():
        try:
            moving = db.session.scalar(select(func.count()).where(Message.state.in_(RESTLESS)))
            hooks = db.session.scalar(select(func.count()).where(InboundHook.state == "received"))
        except OperationalError:
            return 1, 1
        db.session.rollback()
    return moving or 0, hooks or 0


def ask(control: int, path: str) -> dict[str, object]:
    """One request to the provider's control port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{control}/{path}", timeout=20) as answer:
        found: dict[str, object] = json.load(answer)
    return found
