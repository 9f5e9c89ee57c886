"""The channel of the messaging tests."""

from tests.messaging.conftest import provider

__all__ = ["provider"]
