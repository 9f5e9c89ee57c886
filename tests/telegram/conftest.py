"""The bot on the simulated Telegram, its payments at the simulated Pakasir, over real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from portal.extensions import db
from portal.messaging import channel_config
from portal.messaging.drivers.telegram import Telegram
from portal.messaging.models_channels import Channel
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.simulators import create_app
from tests import factories
from tests.simulators.serving import served
from tests.telegram.chats import TOKEN, Chat

DOMAIN = "https://bayar.contoh.id"
FEE, PRICE = 150_000, 165_000


@pytest.fixture
def sims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SIM_DB", str(tmp_path / "sim.db"))
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("SIM_V2_STATUS_INTERVAL", "0")
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    with served(create_app()) as address:
        yield address


@pytest.fixture
def extra_env(sims: str) -> dict[str, str]:
    return {
        "PAKASIR_SLUG": "toko",
        "PAKASIR_API_KEY": "k",
        "PAKASIR_BASE_URL": f"{sims}/pakasir",
        "PAKASIR_PUBLIC_DOMAIN": DOMAIN,
        "WHATSAPP_LIMITS": "off",
    }


@pytest.fixture
def plan(app: Flask) -> Plan:
    """Sold to everybody, prepaid on each line's own day."""
    made = factories.plan(price=PRICE)
    db.session.execute(
        update(Plan).where(Plan.id == made.id).values(public=True, billing="prepaid")
    )
    settings.change("orders.install_fee", FEE, "system:test")
    db.session.commit()
    return factories.fresh(Plan, made.id)


@pytest.fixture
def portal(app: Flask, sims: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The portal listens, and the bot was told where."""
    config = {"token": TOKEN, "base_url": f"{sims}/telegram"}
    assert channel_config.save("telegram", config) == {}
    channel_config.choose("telegram")
    db.session.commit()
    token = db.session.scalars(db.select(Channel.hook_token)).one()
    db.session.rollback()
    from portal.infra.http import Http

    with served(app) as address:
        monkeypatch.setenv("PORTAL_URL", address)
        Telegram(config, Http()).set_hook(f"{address}/hooks/messaging/{token}")
        yield address


@pytest.fixture
def chat(sims: str, portal: str) -> Chat:
    """A stranger who opens the bot."""
    return Chat(sims, 555000111)
