"""Writes to the log that a message would have left. For development without simulators."""

import logging

from portal.core.driverkit import Capability, Health
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt

log = logging.getLogger(__name__)


class Console(MessageDriver):
    """Sends nothing; neither the text nor the whole number appears in the log."""

    kind = "console"
    label = "Console (hanya catatan, tidak mengirim)"
    capabilities = frozenset({Capability.TEXT, Capability.TEMPLATE, Capability.IDEMPOTENT})

    def payload(self, message: OutgoingMessage) -> dict[str, str]:
        return {"to": message.to, "text": message.text}

    def send(self, message: OutgoingMessage) -> Receipt:
        log.info(
            "console: %s for …%s (%d characters)", message.kind, message.to[-3:], len(message.text)
        )
        return Receipt(f"console-{message.key}", "ditulis ke catatan")

    def check(self) -> Health:
        return Health(True, "Pesan hanya ditulis ke catatan server.", {})


DRIVER = Console
