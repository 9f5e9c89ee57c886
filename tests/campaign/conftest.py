"""The channels in this process, for the small forms of what was found."""

from tests.messaging.conftest import deduping, provider

__all__ = ["deduping", "provider"]
