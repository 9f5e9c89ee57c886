"""Meta's error codes: which of our classes each one is, and what the operator should do.

Same codes in the answer to a send and in a `failed` status. Logic follows the code, not the
HTTP status, which Meta uses loosely.
https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (November 2026)
"""

from typing import Any

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Reply
from portal.messaging.drivers import _meta_template_errors

# code -> (class, what to do, seconds to wait). Anything else by HTTP status.
PAIR = "131056"
# The rule is Meta's own: outside the 24 hours, or a template that is not as it should be.
ELSEWHERE = frozenset(
    {131047, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018}
)
RATE, MIS, PERM, RETRY = "rate", "misconfigured", "permanent", "retry"
CODES: dict[int, tuple[str, str, int]] = {
    0: (MIS, "Token tidak berlaku. Buat token permanen baru lalu simpan di sini.", 0),
    190: (MIS, "Token kedaluwarsa atau dicabut. Buat token permanen baru.", 0),
    3: (MIS, "Aplikasi Meta belum punya izin. Beri izin whatsapp_business_messaging.", 0),
    10: (MIS, "Izin aplikasi dicabut. Beri izin kembali di Meta Business.", 0),
    33: (MIS, "Phone Number ID sudah tidak ada. Periksa kembali isiannya.", 0),
    368: (MIS, "Akun WhatsApp Business dibatasi Meta karena kebijakan. Ajukan banding.", 0),
    131005: (MIS, "Akses ditolak. Hubungkan akun WhatsApp ke system user.", 0),
    131031: (MIS, "Akun WhatsApp terkunci. Periksa WhatsApp Manager.", 0),
    131037: (MIS, "Nama tampilan nomor belum disetujui Meta.", 0),
    131042: (MIS, "Ada masalah pembayaran di akun Meta. Lunasi tagihan Meta.", 0),
    131045: (MIS, "Nomor belum terdaftar di Cloud API. Daftarkan dahulu.", 0),
    133006: (MIS, "Nomor pengirim belum diverifikasi. Verifikasi di WhatsApp Manager.", 0),
    133010: (MIS, "Nomor belum terdaftar di Cloud API. Daftarkan dahulu.", 0),
    4: (RATE, "Batas panggilan aplikasi Meta tercapai.", 300),
    80007: (RATE, "Batas panggilan akun WhatsApp tercapai.", 600),
    80008: (RATE, "Batas panggilan akun WhatsApp tercapai.", 600),
    80012: (RATE, "Batas panggilan untuk template ini tercapai.", 600),
    130429: (RATE, "Terlalu cepat mengirim. Menunggu sebentar.", 10),
    131056: (RATE, "Terlalu sering ke nomor yang sama. Menunggu sebentar.", 12),
    131048: (RATE, "Meta membatasi nomor ini karena mutu pesan. Kurangi kiriman.", 3600),
    131064: (RATE, "Meta membatasi akun karena kategori template. Perbaiki kategorinya.", 3600),
    1: (RETRY, "Meta sedang bermasalah.", 0),
    2: (RETRY, "Layanan Meta sedang tidak tersedia.", 0),
    131000: (RETRY, "Meta sedang bermasalah.", 0),
    131016: (RETRY, "Layanan Meta sedang tidak tersedia.", 0),
    131057: (RETRY, "Akun dalam pemeliharaan Meta.", 0),
    133004: (RETRY, "Server Meta sedang tidak tersedia.", 0),
    100: (PERM, "Ada isian yang tidak diterima Meta. Periksa rinciannya.", 0),
    130472: (PERM, "Nomor ini ikut percobaan Meta dan tidak menerima promosi.", 0),
    130497: (PERM, "Akun ini tidak boleh mengirim ke negara nomor tujuan.", 0),
    131008: (PERM, "Isian template kurang. Samakan template dengan urutan parameter.", 0),
    131009: (PERM, "Nilai isian tidak sah. Periksa nomor tujuan.", 0),
    131021: (PERM, "Nomor tujuan sama dengan nomor pengirim.", 0),
    131026: (PERM, "Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan.", 0),
    131030: (PERM, "Nomor uji Meta hanya boleh ke daftar penerima. Pakai nomor produksi.", 0),
    131047: (PERM, "Lebih dari 24 jam sejak pelanggan membalas: kirim dengan template.", 0),
    131049: (PERM, "Meta memilih tidak menyampaikan pesan ini. Coba lagi besok.", 0),
    131050: (PERM, "Pelanggan menolak pesan promosi.", 0),
    131051: (PERM, "Jenis pesan tidak didukung.", 0),
    131053: (PERM, "Berkas tidak dapat diunggah. Periksa jenis dan ukurannya.", 0),
    132000: (PERM, "Jumlah parameter tidak sama dengan template.", 0),
    132001: (PERM, "Template tidak ada dalam bahasa itu atau belum disetujui.", 0),
    132005: (PERM, "Teks template menjadi terlalu panjang.", 0),
    132007: (PERM, "Isi pesan melanggar kebijakan Meta.", 0),
    132008: (PERM, "Bentuk parameter tidak cocok dengan template.", 0),
    132012: (PERM, "Bentuk parameter tidak cocok dengan template.", 0),
    132015: (PERM, "Template sedang dijeda Meta karena mutu. Ubah atau tunggu.", 0),
    132016: (PERM, "Template dimatikan Meta. Buat template baru.", 0),
    132018: (PERM, "Parameter memuat baris baru atau terlalu banyak spasi.", 0),
}


def sentence(code: object) -> str | None:
    """What to tell the operator about a code; None for one we do not know."""
    known = CODES.get(code) if isinstance(code, int) else None
    return known[1] if known else None


def from_reply(reply: Reply) -> DriverError:
    """Meta's code decides; without one, the HTTP status."""
    data = reply.json()
    error = data.get("error") if isinstance(data, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    about: dict[str, Any] = {
        "detail": _detail(error) if isinstance(error, dict) else reply.text[:200],
        "code": "" if code is None else str(code),
        "http_status": reply.status,
    }
    if isinstance(error, dict) and (refused := _meta_template_errors.of(error))[0]:
        return Permanent(refused[0], **{**about, "code": refused[1]})
    if isinstance(code, int):
        if 200 <= code <= 299:
            return Misconfigured("Izin Meta belum diberikan untuk akun ini.", **about)
        if code in CODES:
            return _known(CODES[code], about)
    return _by_status(reply, about)


def _by_status(reply: Reply, about: dict[str, Any]) -> DriverError:
    if reply.status in {401, 403}:
        return Misconfigured("Meta menolak token.", **about)
    if reply.status == 429:
        wait = reply.headers.get("Retry-After", "")
        seconds = min(int(wait), 3600) if wait.isdigit() else 60
        return RateLimited("Batas kirim Meta tercapai.", retry_after=seconds, **about)
    if 400 <= reply.status < 500:
        return Permanent("Meta menolak pesan ini.", **about)
    return Retryable("Meta sedang bermasalah, hasilnya belum pasti.", outcome_unknown=True, **about)


def _known(entry: tuple[str, str, int], about: dict[str, Any]) -> DriverError:
    kind, words, seconds = entry
    if kind == RATE:
        alone = about["code"] == PAIR
        return RateLimited(words, retry_after=seconds, recipient_only=alone, **about)
    if kind == MIS:
        return Misconfigured(words, **about)
    if kind == RETRY:
        return Retryable(words, **about)
    return Permanent(words, elsewhere=int(about["code"]) in ELSEWHERE, **about)


def _detail(error: dict[str, Any]) -> str:
    """Meta's own words; `error_data` is sometimes a plain string."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    trace = error.get("fbtrace_id")
    own = _meta_template_errors.own_words(error)
    parts = (error.get("message"), details, own, f"fbtrace_id {trace}" if trace else "")
    return " ".join(str(part) for part in parts if part)[:400]
