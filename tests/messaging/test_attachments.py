"""The header file of a block: given to drivers that carry files, spelled out for the others."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Capability
from portal.extensions import db
from portal.media import service as media
from portal.messaging import channel_config, sending
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.registry import REGISTRY
from tests.media.samples import pdf
from tests.messaging.fakes import Provider, registered
from tests.messaging.rows import message, queued


@pytest.fixture
def far(app: Flask) -> Iterator[tuple[Provider, type[MessageDriver]]]:
    """A provider in force, and the class of its driver to change abilities on."""
    provider = Provider()
    with registered(provider, "far", idempotent=True):
        channel_config.choose("far")
        db.session.commit()
        yield provider, REGISTRY.get("far")


def block(url: str) -> str:
    lines = ["[[wa]]", "[type](buttons)", "Ini notanya", "[headerType](4)"]
    return "\n".join([*lines, f"[headerMedia]({url})", "[button](1|Ya)", "[[/wa]]"])


def own_file() -> str:
    url = media.url(media.store(BytesIO(pdf()), "nota.pdf", "Siti"))
    db.session.commit()
    return url


def test_our_own_file_brings_its_bytes(
    app: Flask, far: tuple[Provider, type[MessageDriver]]
) -> None:
    provider, driver = far
    driver.capabilities |= {Capability.MEDIA}  # type: ignore[misc]
    url = own_file()
    queued("broadcast", params={"text": block(url)})
    sending.drain("bulk")
    [sent] = provider.arrived
    assert sent.media is not None and sent.media.load is not None
    assert (sent.media.kind, sent.media.url, sent.media.mime) == (
        "document",
        url,
        "application/pdf",
    )
    assert sent.media.load() == pdf()
    assert url not in sent.text


def test_a_file_of_others_is_an_address(
    app: Flask, far: tuple[Provider, type[MessageDriver]]
) -> None:
    provider, driver = far
    driver.capabilities |= {Capability.MEDIA}  # type: ignore[misc]
    queued("broadcast", params={"text": block("https://isp.example/brosur%20baru.pdf?x=1")})
    sending.drain("bulk")
    [sent] = provider.arrived
    assert sent.media is not None
    assert (sent.media.filename, sent.media.mime) == ("brosur baru.pdf", "application/pdf")
    assert sent.media.load is None


def test_where_only_words_go_the_link_is_among_them(
    app: Flask, far: tuple[Provider, type[MessageDriver]]
) -> None:
    provider, _driver = far
    url = own_file()
    queued("broadcast", params={"text": block(url)})
    sending.drain("bulk")
    [sent] = provider.arrived
    assert sent.media is None
    assert url in sent.text


def test_a_file_that_is_gone_fails_the_message_in_words(
    app: Flask, far: tuple[Provider, type[MessageDriver]], clock: FixedClock
) -> None:
    provider, _driver = far
    url = own_file()
    clock.move(days=8)
    message_id = queued("broadcast", params={"text": block(url)})
    sending.drain("bulk")
    assert provider.arrived == []
    row = message(message_id)
    assert row.state == "failed"
    assert "Unggah lagi" in row.reason
