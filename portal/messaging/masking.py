"""What of a payload and an answer may be kept in the log: no code, no key, no huge body."""

import json
import re

from portal.core.driverkit import DriverError
from portal.infra.logs import redact_secrets
from portal.messaging.drivers.base import Receipt

LIMIT = 8000
HIDDEN = "••••••"


def payload(sent: object, code: str | None) -> str:
    """The payload as readable JSON, the login code hidden wherever it appears."""
    text = json.dumps(sent, ensure_ascii=False, indent=1)
    if code:
        text = re.sub(rf"(?<!\d){re.escape(code)}(?!\d)", HIDDEN, text)
    return redact_secrets(text)[:LIMIT]


def answer(receipt: Receipt | None, error: DriverError | None) -> str:
    """What the provider said, shortened."""
    if receipt is not None:
        return redact_secrets(receipt.answer)[:LIMIT]
    if error is None:
        return ""
    parts = (f"kode {error.code}" if error.code else "", error.detail)
    return redact_secrets(" ".join(part for part in parts if part))[:LIMIT]
