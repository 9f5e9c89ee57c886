"""What of a payload and an answer may be kept in the log: no code, no key, no whole number."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.core.driverkit import DriverError
from portal.core.recipients import PREFIX
from portal.infra.logs import redact_secrets
from portal.messaging.drivers.base import Receipt

LIMIT = 8000
HIDDEN = "••••••"


def storable(text: str) -> str:
    """Without what no database keeps: NUL, and halves of letters that JSON may hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Mask:
    """What must not be readable in the log of one message."""

    code: str | None = field(repr=False)
    recipient: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False, default=())

    def payload(self, sent: object) -> str:
        """The payload as JSON; screens indent it."""
        return self._hide(json.dumps(sent, ensure_ascii=False))

    def answer(self, receipt: Receipt | None, error: DriverError | None) -> str:
        """What the provider said, shortened."""
        if receipt is not None:
            return self._hide(receipt.answer)
        if error is None:
            return ""
        parts = (f"kode {error.code}" if error.code else "", error.detail)
        return self._hide(" ".join(part for part in parts if part))

    def _hide(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        digits = self.recipient.removeprefix(PREFIX).lstrip("+")
        if len(digits) > 8:
            text = text.replace(digits, f"{digits[:4]}••••{digits[-3:]}")
        if self.code:
            text = re.sub(rf"(?<!\d){re.escape(self.code)}(?!\d)", HIDDEN, text)
        return redact_secrets(storable(text))[:LIMIT]
