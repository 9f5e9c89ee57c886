"""The doctor warns of a Graph version that ends soon, if a Meta channel is in force."""

from flask import Flask

from portal.extensions import db
from portal.health import checks
from portal.messaging import channel_config, channels
from portal.messaging.drivers import _meta_versions


def finding() -> checks.Finding:
    assert checks.graph_version in checks.CHECKS
    return checks.graph_version()


def meta_channel(version: str) -> None:
    values = {"access_token": "t", "phone_number_id": "1", "graph_version": version}
    assert channel_config.save("meta", values) == {}
    channel_id = channel_config.first_of("meta")
    assert channel_id is not None
    row, _before = channel_config.row_of("meta", channel_id)
    row.enabled = True
    db.session.commit()
    assert [channel.kind for channel in channels.in_order()] == ["meta"]


def test_an_old_version_is_warned_of(app: Flask) -> None:
    assert finding().level == "ok"
    meta_channel("v20.0")
    found = finding()
    assert (found.level, found.sentence) == ("warn", _meta_versions.warning("v20.0"))


def test_a_new_one_is_not(app: Flask) -> None:
    meta_channel(_meta_versions.NEWEST)
    assert finding().level == "ok"
