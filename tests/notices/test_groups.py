"""Choosing a group from those the paired number is in."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.driverkit import Capability, Health, Misconfigured
from portal.extensions import db
from portal.messaging import channel_config
from portal.messaging.drivers.base import Group, MessageDriver
from portal.messaging.registry import REGISTRY
from tests import factories

LIST = "/admin/settings/notices/groups"


@pytest.fixture
def paired(app: Flask) -> Iterator[type[MessageDriver]]:
    """A channel in force that knows its groups."""

    class Paired(MessageDriver):
        kind, label = "paired", "Nomor toko"
        capabilities = frozenset({Capability.TEXT, Capability.GROUP})
        answer: list[Group] | None = [Group("120363001@g.us", "Teknisi <b>")]

        def check(self) -> Health:
            return Health(True, "siap", {})

        def groups(self) -> list[Group]:
            if self.answer is None:
                raise Misconfigured("Perangkat terputus. Pindai QR lagi.")
            return self.answer

    REGISTRY.all["paired"] = Paired
    try:
        channel_config.choose("paired")
        db.session.commit()
        yield Paired
    finally:
        REGISTRY.all.pop("paired")


def test_a_group_is_two_clicks_from_the_list(
    client: FlaskClient, paired: type[MessageDriver]
) -> None:
    factories.log_in(client, factories.staff())
    page = client.get(LIST).text
    assert "Teknisi &lt;b&gt;" in page
    form = client.get("/admin/settings/notices/new?group=120363001@g.us&name=Teknisi").text
    assert 'value="120363001@g.us"' in form
    assert 'value="Teknisi"' in form


def test_what_went_wrong_is_said_in_its_place(
    client: FlaskClient, paired: type[MessageDriver]
) -> None:
    factories.log_in(client, factories.staff())
    paired.answer = None  # type: ignore[attr-defined]
    assert "Pindai QR lagi" in client.get(LIST).text
    paired.answer = []  # type: ignore[attr-defined]
    assert "belum ada di grup" in client.get(LIST).text


def test_without_such_a_channel_the_stand_ins_are_named(client: FlaskClient) -> None:
    factories.log_in(client, factories.staff())
    assert "penggantinya" in client.get(LIST).text
