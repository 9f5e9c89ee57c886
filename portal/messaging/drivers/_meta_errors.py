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
from portal.messaging.drivers import _meta_template_errors, _meta_usage
from portal.messaging.drivers._reading import redacted, wait_of

# code -> (class, what to do, seconds to wait). Anything else by HTTP status.
PAIR = "131056"
# The rule is Meta's own: outside the 24 hours, a template that is not as it should be, or an
# account that may not write to just this number.
ELSEWHERE = frozenset(
    {130497, 131030, 131047, 131051, 131062, 131063}
    | {132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068}
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
    131037: (MIS, "Nama tampilan nomor belum disetujui Meta. Ajukan di WhatsApp Manager.", 0),
    131042: (MIS, "Ada masalah pembayaran di akun Meta. Lunasi tagihan Meta.", 0),
    131045: (MIS, "Nomor belum terdaftar di Cloud API. Daftarkan dahulu.", 0),
    133000: (MIS, "Pendaftaran nomor belum tuntas. Hapus pendaftarannya lalu daftarkan lagi.", 0),
    133005: (MIS, "PIN dua langkah nomor ini salah. Setel ulang di WhatsApp Manager.", 0),
    133006: (MIS, "Nomor pengirim belum diverifikasi. Verifikasi di WhatsApp Manager.", 0),
    133010: (MIS, "Nomor belum terdaftar di Cloud API. Daftarkan dahulu.", 0),
    133016: (MIS, "Nomor terlalu sering didaftarkan. Tunggu 72 jam lalu daftarkan lagi.", 0),
    134011: (MIS, "Ketentuan pembayaran Meta belum disetujui. Setujui di WhatsApp Manager.", 0),
    4: (RATE, "Batas panggilan aplikasi Meta tercapai.", 300),
    80007: (RATE, "Batas panggilan akun WhatsApp tercapai.", 600),
    80008: (RATE, "Batas panggilan akun WhatsApp tercapai.", 600),
    80012: (RATE, "Batas panggilan untuk template ini tercapai.", 600),
    130429: (RATE, "Terlalu cepat mengirim. Menunggu sebentar.", 10),
    131056: (RATE, "Terlalu sering ke nomor yang sama. Menunggu sebentar.", 12),
    131048: (RATE, "Meta membatasi nomor ini karena mutu pesan. Kurangi kiriman.", 3600),
    131064: (RATE, "Meta membatasi akun karena kategori template. Perbaiki kategorinya.", 3600),
    132069: (
        RATE,
        "Formulir WhatsApp ini sedang dibatasi Meta. Periksa di WhatsApp Manager.",
        3600,
    ),
    133008: (RATE, "Terlalu banyak PIN dua langkah yang salah. Tunggu lalu coba lagi.", 3600),
    133009: (RATE, "PIN dua langkah dicoba terlalu cepat. Tunggu lalu coba lagi.", 300),
    133015: (RATE, "Nomor baru saja dihapus. Tunggu 5 menit lalu coba lagi.", 300),
    1: (RETRY, "Meta sedang bermasalah. Coba lagi nanti.", 0),
    2: (RETRY, "Layanan Meta sedang tidak tersedia. Coba lagi nanti.", 0),
    131000: (RETRY, "Meta sedang bermasalah. Coba lagi nanti.", 0),
    131016: (RETRY, "Layanan Meta sedang tidak tersedia. Coba lagi nanti.", 0),
    131057: (RETRY, "Akun dalam pemeliharaan Meta. Coba lagi nanti.", 0),
    131059: (RETRY, "Daftar Meta berubah selagi dibaca. Coba lagi.", 0),
    133004: (RETRY, "Server Meta sedang tidak tersedia. Coba lagi nanti.", 0),
    100: (PERM, "Ada isian yang tidak diterima Meta. Periksa rinciannya.", 0),
    130472: (PERM, "Nomor ini ikut percobaan Meta dan tidak menerima promosi.", 0),
    130497: (PERM, "Akun ini tidak boleh mengirim ke negara nomor tujuan.", 0),
    131008: (PERM, "Isian template kurang. Samakan template dengan urutan parameter.", 0),
    131009: (PERM, "Nilai isian tidak sah. Periksa nomor tujuan.", 0),
    131021: (PERM, "Nomor tujuan sama dengan nomor pengirim. Perbaiki nomor pelanggan.", 0),
    131026: (PERM, "Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan.", 0),
    131030: (PERM, "Nomor uji Meta hanya boleh ke daftar penerima. Pakai nomor produksi.", 0),
    131047: (PERM, "Lebih dari 24 jam sejak pelanggan membalas: kirim dengan template.", 0),
    131049: (PERM, "Meta memilih tidak menyampaikan pesan ini. Coba lagi besok.", 0),
    131050: (PERM, "Pelanggan menolak pesan promosi.", 0),
    131051: (PERM, "Jenis pesan tidak didukung.", 0),
    131052: (PERM, "Berkas dari pelanggan tidak dapat diunduh. Minta ia mengirim ulang.", 0),
    131053: (PERM, "Berkas tidak dapat diunggah. Periksa jenis dan ukurannya.", 0),
    131055: (PERM, "Cara kirim ini tidak diizinkan Meta. Laporkan ke pembuat Loket.", 0),
    131062: (PERM, "Pesan ini perlu nomor telepon. Minta nomor pelanggan.", 0),
    131063: (PERM, "Promosi dimatikan untuk akun WhatsApp ini. Ubah di WhatsApp Manager.", 0),
    132000: (PERM, "Jumlah parameter tidak sama dengan template.", 0),
    132001: (PERM, "Template tidak ada dalam bahasa itu atau belum disetujui.", 0),
    132005: (PERM, "Teks template menjadi terlalu panjang.", 0),
    132007: (PERM, "Isi pesan melanggar kebijakan Meta.", 0),
    132008: (PERM, "Bentuk parameter tidak cocok dengan template.", 0),
    132012: (PERM, "Bentuk parameter tidak cocok dengan template.", 0),
    132015: (PERM, "Template sedang dijeda Meta karena mutu. Ubah atau tunggu.", 0),
    132016: (PERM, "Template dimatikan Meta. Buat template baru.", 0),
    132018: (PERM, "Parameter memuat baris baru atau terlalu banyak spasi.", 0),
    132068: (PERM, "Formulir WhatsApp ini diblokir Meta. Periksa di WhatsApp Manager.", 0),
    135000: (PERM, "Meta menolak isian pesan ini. Periksa rinciannya.", 0),
    137000: (PERM, "Identitas nomor pelanggan berubah. Pastikan nomornya masih miliknya.", 0),
}
PERMISSION = "Izin Meta belum diberikan untuk akun ini. Hubungkan akun WhatsApp ke system user."


def sentence(code: object) -> str | None:
    """What to tell the operator about a code; None for one we do not know."""
    number = number_of(code)
    if number is None:
        return None
    if number in CODES:
        return CODES[number][1]
    return PERMISSION if 200 <= number <= 299 else None


def number_of(code: object) -> int | None:
    """A code as a number: callbacks of others' making hold it as text at times."""
    if isinstance(code, bool) or not isinstance(code, int | str):
        return None
    text = str(code) if isinstance(code, str) or abs(code) < 10**9 else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def from_reply(reply: Reply) -> DriverError:
    """Meta's code decides; without one, the HTTP status."""
    data = reply.json()
    error = data.get("error") if isinstance(data, dict) else None
    code = number_of(error.get("code")) if isinstance(error, dict) else None
    about: dict[str, Any] = {
        "detail": _detail(error) if isinstance(error, dict) else redacted(reply.text, 200),
        "code": "" if code is None else str(code),
        "http_status": reply.status,
    }
    if isinstance(error, dict) and (refused := _meta_template_errors.of(error))[0]:
        return Permanent(refused[0], **{**about, "code": refused[1]})
    if code is not None and 200 <= code <= 299:
        return Misconfigured(PERMISSION, **about)
    if code in CODES:
        return _known(CODES[code], about, reply)
    return _by_status(reply, about)


def _by_status(reply: Reply, about: dict[str, Any]) -> DriverError:
    if reply.status in {401, 403}:
        return Misconfigured("Meta menolak token. Periksa token dan izinnya.", **about)
    if reply.status == 429:
        wait = _wait(reply, 60)
        return RateLimited("Batas kirim Meta tercapai.", retry_after=wait, **about)
    if 400 <= reply.status < 500:
        return Permanent("Meta menolak pesan ini. Periksa rinciannya.", **about)
    return Retryable("Meta sedang bermasalah, hasilnya belum pasti.", outcome_unknown=True, **about)


def _known(entry: tuple[str, str, int], about: dict[str, Any], reply: Reply) -> DriverError:
    kind, words, seconds = entry
    if kind == RATE:
        alone = about["code"] == PAIR
        wait = seconds if alone else _wait(reply, seconds)
        return RateLimited(words, retry_after=wait, recipient_only=alone, **about)
    if kind == MIS:
        return Misconfigured(words, **about)
    if kind == RETRY:
        return Retryable(words, **about)
    return Permanent(words, elsewhere=int(about["code"]) in ELSEWHERE, **about)


def _wait(reply: Reply, seconds: int) -> int:
    """As long as Meta's own headers say; `seconds` when they say nothing."""
    return _meta_usage.regain_seconds(reply.headers) or wait_of(reply, seconds)


def _detail(error: dict[str, Any]) -> str:
    """Meta's own words; `error_data` is sometimes a plain string."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    trace = error.get("fbtrace_id")
    own = _meta_template_errors.own_words(error)
    said = " ".join(str(part) for part in (error.get("message"), details, own) if part)
    return f"{redacted(said, 360)} {f'fbtrace_id {trace}'[:60] if trace else ''}".strip()
