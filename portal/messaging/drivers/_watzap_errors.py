"""What WatZap's answers mean: its codes and words -> our classes and what to do.

From WatZap's Postman documentation (November 2026); 3001 from a guide of one of its resellers,
the words about 24 hours from integrators of WABA.
"""

import re
from typing import Any

from portal.core.driverkit import Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Reply
from portal.messaging.drivers._reading import lowered, words
from portal.messaging.drivers._refusals import Refusal, refused

OFFLINE = "Nomor pengirim terputus dari WatZap. Pindai ulang QR di dasbor WatZap."
_WINDOW = re.compile(r"re-?engagement|outside the (24|allowed)|24 ?(h|jam)", re.IGNORECASE)

# Matched against the code and the words together, the first that fits.
REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        _WINDOW.pattern,
        Permanent,
        "Lebih dari 24 jam sejak pelanggan membalas: isi nama template untuk jenis pesan ini.",
        elsewhere=True,
    ),
    Refusal(
        r"^1002\b|api[_ -]?key",
        Misconfigured,
        "WatZap menolak API Key. Salin ulang dari dasbor WatZap.",
    ),
    Refusal(
        r"^1003\b|number[_ -]?key",
        Misconfigured,
        "WatZap menolak Number Key. Salin ulang dari dasbor WatZap.",
    ),
    Refusal(r"^1004\b|pairing|not connected|disconnected", Misconfigured, OFFLINE),
    Refusal(
        r"^3001\b|upgrade|expired|limit message|quota",
        Misconfigured,
        "Paket WatZap habis atau tidak mencakup ini. Perpanjang di dasbor WatZap.",
    ),
    Refusal(
        r"^1005\b|dynamic message",
        Permanent,
        "WatZap menolak tanda { | } di dalam teks. Ubah teksnya.",
        elsewhere=True,
    ),
    Refusal(
        r"not registered|not on whatsapp|invalid (phone|number)",
        Permanent,
        "Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan.",
    ),
    Refusal(
        r"template",
        Permanent,
        "WatZap menolak template. Samakan nama dan isiannya dengan yang disetujui.",
        elsewhere=True,
    ),
    Refusal(r"too many|rate limit", RateLimited, "WatZap meminta menunggu."),
    Refusal(r"^1006\b", Retryable, "WatZap gagal mengirim tanpa menyebut sebabnya."),
)


def judge(reply: Reply, *, plain: bool) -> dict[str, Any]:
    """The answer with its keys in lower case; raises one of our error classes unless it is a yes.

    `plain`: a send, answered with "200"; `checking_key` answers with a boolean.
    """
    said = lowered(reply.json())
    told = " ".join(
        filter(None, (words(part.get(name)) for part in _parts(said) for name in _WORDS))
    )
    good = 200 <= reply.status < 300
    code = words(said.get("status"), 40)
    if good and _accepted(said, plain=plain) and not (plain and _WINDOW.search(told)):
        return said
    no = said.get("status") is False or (bool(code) and code != "200") or bool(_WINDOW.search(told))
    raise refused(reply, "WatZap", told, REFUSALS, said_no=no, code=code)


_WORDS = ("message", "error", "reason")


def _parts(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return said, lowered(said.get("data"))


def _accepted(said: dict[str, Any], *, plain: bool) -> bool:
    """A yes in `status` with a no in `ack` is neither."""
    ack, status = words(said.get("ack")).lower(), said.get("status")
    if not plain:
        return status is True or words(status) == "200"
    if re.search(r"error|fail", ack):
        return False
    return words(status) == "200" or ack == "successfully"
