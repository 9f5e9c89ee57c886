"""What a gateway's answer means: HTTP status and body together.

A clear yes is accepted, a clear no has one of our error classes, and whatever lies between
is unknown: it may have been sent.
"""

import re
from collections.abc import Mapping
from typing import Any

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Reply
from portal.messaging.drivers._reading import redacted, wait_of
from portal.messaging.drivers.base import Receipt

NOBODY = "recipient"
"""The code of refusals that are about the number: no other form of the message would do."""

# Words in `code` or the message -> class and sentence; the first that fits.
CODES: tuple[tuple[str, type[DriverError], str], ...] = (
    (
        r"not[_ ]registered|not[_ ]on[_ ]whatsapp",
        Permanent,
        "Nomor ini tidak terdaftar di WhatsApp.",
    ),
    (r"invalid[_ ](number|phone|target)|target invalid", Permanent, "Nomor tujuan tidak sah."),
    (
        r"unauthori[sz]ed|forbidden|(invalid|wrong|expired)[_ ](token|secret|api.?key)"
        r"|(token|secret) invalid",
        Misconfigured,
        "Gateway menolak kunci. Periksa secret atau token.",
    ),
    (
        r"disconnected|logged[_ ]out|not[_ ]connected|session[_ ]not",
        Misconfigured,
        "Perangkat WhatsApp di gateway terputus. Pindai ulang QR.",
    ),
    (r"quota|insufficient|expired plan", Misconfigured, "Kuota gateway habis."),
    (r"rate[_ ]?limit|too[_ ]many", RateLimited, "Gateway meminta menunggu."),
)
_TRUE = {"true", "1", "yes", "ok", "success", "sent", "delivered", "queued", "accepted"}
_TRUE |= {"200", "201", "202"}
_FALSE = {"false", "0", "no", "error", "failed", "fail", "invalid"}
_FALSE |= {"400", "401", "403", "404", "422", "429"}
_BAD_WORDS = re.compile(
    r"not registered|failed|error|bad gateway|gateway timeout|service unavailable|forbidden"
    r"|unauthorized|invalid|exception|<html",
    re.IGNORECASE,
)
# Refused only in name: the request, or an earlier one with this key, may have gone through.
_UNCERTAIN = frozenset({408, 409, 425})
_TIMED_OUT = re.compile(r"time[ds]?[_ -]?out", re.IGNORECASE)


def judge(reply: Reply, *, plain_text: bool) -> Receipt:
    """The receipt of an accepted message; raises one of the error classes otherwise.

    `plain_text`: the legacy GET, where any 2xx without words of failure is a yes. The POST
    contract is JSON; other 2xx bodies are a yes only when they are just a word of success.
    """
    data = reply.json()
    said = data if isinstance(data, dict) else {}
    verdict = _verdict(said)
    if verdict is None and (plain_text or not said):
        verdict = _words(reply, plain_text=plain_text)
    return settle(reply, verdict, said.get("id") or said.get("message_id"), words_of(reply))


def settle(reply: Reply, verdict: bool | None, provider_id: Any, words: str) -> Receipt:
    """The receipt, or the error, of an answer whose body says yes, no, or neither (None)."""
    if verdict and 200 <= reply.status < 300:
        plain = isinstance(provider_id, str | int) and not isinstance(provider_id, bool)
        known = str(provider_id)[:200] if plain and provider_id != "" else None
        return Receipt(known, reply.text[:1000], reply.status)
    raise _refusal(reply, words, verdict)


def words_of(reply: Reply) -> str:
    """What the body says in words, wherever providers put them."""
    said = reply.json()
    if not isinstance(said, dict) or not said:
        return reply.text[:300]
    return " ".join(
        str(said.get(name) or "") for name in ("code", "message", "error", "reason")
    ).strip()


def _verdict(said: Mapping[str, Any]) -> bool | None:
    """True, False, or None when the body does not say."""
    for name in ("ok", "success", "status", "result"):
        value = str(said.get(name, "")).strip().lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    if any(said.get(name) for name in ("error", "errors")):
        return False
    code = str(said.get("code") or "").strip().lower()
    if code in _TRUE:
        return True
    return False if code and not code.isdigit() else None


def _words(reply: Reply, *, plain_text: bool) -> bool | None:
    """A body that is not a JSON object."""
    text = reply.text[:2000].strip()
    if plain_text:
        return None if _BAD_WORDS.search(text) else True
    return True if text.strip('"').lower() in _TRUE else None


def _refusal(reply: Reply, words: str, verdict: bool | None) -> DriverError:
    about: dict[str, Any] = {"detail": redacted(words), "http_status": reply.status}
    status = reply.status
    if status == 429:
        return _wait(reply, about)
    if 300 <= status < 400:
        return Misconfigured("Alamat gateway dialihkan. Isi alamat akhirnya.", **about)
    clear_no = 400 <= status < 500 or (verdict is False and not _TIMED_OUT.search(words))
    if status in _UNCERTAIN or not clear_no:
        return Retryable(
            "Jawaban gateway tidak jelas, hasilnya belum pasti.", outcome_unknown=True, **about
        )
    for pattern, error, sentence in CODES:
        if re.search(pattern, words, re.IGNORECASE):
            if error is RateLimited:
                return _wait(reply, about)
            return error(sentence, **about, code=NOBODY if error is Permanent else "")
    return _by_status(status, about)


def _by_status(status: int, about: dict[str, Any]) -> DriverError:
    if status in {401, 403, 404, 405}:
        return Misconfigured("Gateway menolak permintaan. Periksa alamat dan kunci.", **about)
    if status >= 500:
        return Retryable("Gateway sedang bermasalah.", **about)
    return Permanent("Gateway menolak pesan ini.", elsewhere=True, **about)


def _wait(reply: Reply, about: dict[str, Any]) -> RateLimited:
    return RateLimited("Gateway meminta menunggu.", retry_after=wait_of(reply), **about)
