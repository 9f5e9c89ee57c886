"""Pakasir's answers in our words: states, amounts, times, errors. No requests are made here.

Field names and codes as of API v1 and v2, 2026. Nothing is believed that is not exactly
of the expected type: what cannot be read is "unknown", and unknown is not paid.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Reply
from portal.payments.gateways.base import Charge, ChargeRequest, ChargeStatus

STATES = {
    "completed": "completed",
    "pending": "pending",
    "canceled": "canceled",
    "cancelled": "canceled",
    "failed": "canceled",
    "expired": "expired",
}
_MOST = 10**12


def status(data: Mapping[str, Any], slug: str) -> ChargeStatus:
    """A transaction of v1 or v2, in our words."""
    said = data.get("status")
    project = data.get("project")
    return ChargeStatus(
        state=STATES.get(said.lower(), "unknown") if isinstance(said, str) else "unknown",
        order_id=str(data.get("order_id", "")),
        amount=whole(data.get("amount")),
        reference=str(data.get("txn_id") or "")[:120],
        method=str(data.get("payment_method") or "")[:40],
        completed_at=moment(data.get("completed_at")),
        sandbox=bool(data.get("is_sandbox", False)),
        objection="" if project in (None, "", slug) else "jawaban gateway untuk proyek lain",
    )


def charge(data: Mapping[str, Any], request: ChargeRequest) -> Charge:
    """What v1 calls `payment` and v2 answers flat: a QRIS string or a number, fee and expiry.

    v1 has one `payment_number`, v2 `qr_string` or `va_number`. Raises Permanent when it is not
    the charge that was asked for, Retryable when it cannot be read.
    """
    said = {"order_id": request.order_id, "amount": request.amount}
    if any(data.get(name) != value for name, value in said.items()):
        raise Permanent("Pakasir membuka transaksi lain untuk order ini.")
    if data.get("payment_method") not in (None, "", request.method):
        raise Permanent("Pakasir membuka metode bayar yang lain.")
    names = ("payment_number", "qr_string", "va_number")
    code = next((data[name] for name in names if isinstance(data.get(name), str)), "")
    total = whole(data.get("total_payment"))
    if not code.strip() or len(code) > 512 or (total is not None and total < request.amount):
        raise unreadable("no number to pay to")
    return Charge(
        reference=reference(data),
        total=total,
        expires_at=moment(data.get("expired_at")),
        code=code.strip(),
        sandbox=data.get("is_sandbox") is True,
    )


def reference(data: Mapping[str, Any]) -> str:
    """The transaction's number in v2; v1 has none."""
    said = data.get("txn_id")
    return str(said)[:120] if isinstance(said, str | int) and not isinstance(said, bool) else ""


def unreadable(detail: str) -> Retryable:
    """An answer 200 that is not what it should be: something may have been opened."""
    return Retryable("Jawaban Pakasir tidak dikenal.", detail=detail, outcome_unknown=True)


def fees(data: Mapping[str, Any]) -> dict[str, int]:
    """Rupiah by method; what is not a whole number is left out."""
    return {
        name: fee
        for name, fee in data.items()
        if isinstance(fee, int) and not isinstance(fee, bool) and 0 <= fee < _MOST
    }


def whole(value: Any) -> int | None:
    """A whole, sensible number of rupiah; never a float, a bool or a text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST:
        return value
    return None


def moment(value: Any) -> datetime | None:
    """A time in UTC; Pakasir writes nine fractional digits and Z, or +07:00."""
    try:
        stamp = datetime.fromisoformat(value)
        return stamp.astimezone(UTC) if stamp.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def error(reply: Reply, key: str) -> DriverError:
    """The error class of an answer that is not 200; the key never gets into it."""
    data = reply.json()
    said = ""
    if isinstance(data, dict):
        said = str(data.get("message") or data.get("error") or "")
    if key:
        said = said.replace(key, "…")
    about: dict[str, Any] = {"detail": said[:200], "http_status": reply.status}
    if reply.status in {401, 403}:
        return Misconfigured("Pakasir menolak API key atau slug proyek.", **about)
    if reply.status == 429:
        return RateLimited("Pakasir meminta menunggu.", retry_after=_wait(reply), **about)
    if 400 <= reply.status < 500:
        return Permanent("Pakasir menolak permintaan ini.", **about)
    return Retryable("Pakasir sedang bermasalah.", **about)


def _wait(reply: Reply) -> int:
    """Seconds of Retry-After, within reason; v2 allows a question every 4 seconds."""
    said = reply.headers.get("Retry-After", "")
    return min(max(int(said), 1), 3600) if said.isascii() and said.isdigit() else 5


def proves(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether a callback knows the secret: every proof it brings fits, and it brings one.

    `X-Secret` is the secret itself (v2); `X-Pakasir-Signature` the hex HMAC-SHA256 of the
    raw body. Compared in constant time.
    """
    plain, signature = headers.get("X-Secret", ""), headers.get("X-Pakasir-Signature", "")
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = signature.removeprefix("sha256=").lower()
    fits = [
        hmac.compare_digest(said.encode(), right.encode())
        for said, right in ((plain, secret), (given, wanted))
        if said
    ]
    return bool(fits) and all(fits)
