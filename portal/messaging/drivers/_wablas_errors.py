"""What Wablas says about failures, in answers and in callbacks, and what the operator should do.

Statuses from the documentation of bdg.wablas.com (July 2025). It lists no refusals: these are the
ones its users report (read November 2026).
"""

from portal.core.driverkit import Misconfigured, Permanent, RateLimited
from portal.messaging.drivers._refusals import Refusal

OFFLINE = "HP pengirim terputus dari Wablas. Pindai ulang QR di dasbor Wablas."
_MEDIA = "Wablas menolak berkasnya. "

# `message` of a refusal -> class and what to do; the first that fits.
REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        r"token|secret|unauthori[sz]ed|access denied|whitelist",
        Misconfigured,
        "Wablas menolak token. Periksa token, secret key, alamat server, dan masa aktif perangkat.",
    ),
    Refusal(
        r"disconnect|scan qr|not connected|device (not found|expired|inactive)",
        Misconfigured,
        OFFLINE,
    ),
    Refusal(
        r"quota|expired|limit message",
        Misconfigured,
        "Kuota atau masa aktif Wablas habis. Perpanjang di dasbor Wablas.",
    ),
    Refusal(r"too many|rate limit", RateLimited, "Wablas meminta menunggu."),
    Refusal(
        r"(phone|number|nomor).*(invalid|not valid|not registered|tidak|required)"
        r"|invalid (phone|number)|not on whatsapp",
        Permanent,
        "Nomor tujuan tidak sah atau tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan.",
    ),
    Refusal(
        r"size|too large",
        Permanent,
        _MEDIA + "Ukurannya paling besar 2 MB.",
        elsewhere=True,
    ),
    Refusal(
        r"\burl\b|extension|extention|mime|file",
        Permanent,
        _MEDIA + "Jenisnya tidak didukung atau alamatnya tidak dapat dibuka dari internet.",
        elsewhere=True,
    ),
)

STATES = {
    "pending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "received": "delivered",
    "read": "read",
}
FAILURES = {
    "cancel": "Pesan dibatalkan di Wablas.",
    "canceled": "Pesan dibatalkan di Wablas.",
    "reject": "Wablas menolak pesan ini; periksa apakah nomornya ada di WhatsApp.",
    "rejected": "Wablas menolak pesan ini; periksa apakah nomornya ada di WhatsApp.",
}
