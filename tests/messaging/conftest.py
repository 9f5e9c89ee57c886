"""A chosen channel whose provider is in this process."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.extensions import db
from portal.messaging import channel_config
from tests.messaging.fakes import Deduping, Provider, registered


@pytest.fixture
def provider(app: Flask) -> Iterator[Provider]:
    """In force, and not able to tell a repeated key."""
    with registered(Provider(), "recorder", idempotent=False) as made:
        channel_config.choose("recorder")
        db.session.commit()
        yield made


@pytest.fixture
def deduping(app: Flask) -> Iterator[Provider]:
    """In force, and keeping one copy per key."""
    with registered(Deduping(), "deduper", idempotent=True) as made:
        channel_config.choose("deduper")
        db.session.commit()
        yield made
