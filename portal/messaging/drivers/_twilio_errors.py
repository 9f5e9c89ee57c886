"""Twilio's error codes: which of our classes each one is, and what the operator should do.

The same codes come in the answer to a send and in the ErrorCode of a status callback.
https://www.twilio.com/docs/api/errors (November 2026)
"""

from portal.core.driverkit import DriverError
from portal.infra.http import Reply
from portal.messaging.drivers._codes import Meaning, later, mis, perm, unclear, wait
from portal.messaging.drivers._reading import as_dict, words

_BAD_TO = "Nomor tujuan tidak sah. Perbaiki nomor pelanggan."
_WINDOW = "Lebih dari 24 jam sejak pelanggan membalas: isi Content SID untuk jenis pesan ini."
_CONTENT = "Content SID atau isiannya tidak diterima. Samakan template dengan urutan parameter."
_SENDER = "Nomor pengirim tidak dikenal Twilio. Periksa nomor atau Messaging Service."

CODES: dict[int, Meaning] = {
    20003: mis("Twilio menolak kunci. Periksa Account SID dan Auth Token atau API Key."),
    20005: mis("Akun Twilio tidak aktif. Periksa tagihan di Twilio Console."),
    20006: mis("Akun Twilio tidak boleh memakai layanan ini."),
    20008: mis("Kunci ini hanya untuk uji coba. Pakai kunci produksi."),
    20404: mis("Account SID tidak ditemukan. Periksa isiannya."),
    20429: wait("Terlalu banyak permintaan ke Twilio. Menunggu sebentar.", 10),
    20500: later("Twilio sedang bermasalah."),
    20503: later("Layanan Twilio sedang tidak tersedia."),
    21211: perm(_BAD_TO),
    21212: mis(_SENDER),
    21408: perm(
        "Akun Twilio belum boleh mengirim ke negara nomor ini. Buka Geo Permissions.",
        elsewhere=True,
    ),
    21602: perm("Pesan kosong."),
    21603: mis("Nomor pengirim belum diisi."),
    21604: perm(_BAD_TO),
    21606: mis(_SENDER),
    21608: perm("Akun percobaan Twilio hanya boleh ke nomor yang diverifikasi.", elsewhere=True),
    21609: mis("Alamat Status Callback tidak sah. Perbaiki isiannya."),
    21610: perm("Pelanggan berhenti berlangganan (STOP) di Twilio.", elsewhere=True),
    21611: wait("Antrean nomor pengirim di Twilio penuh.", 60),
    21612: perm("Twilio tidak dapat mengirim ke nomor ini.", elsewhere=True),
    21614: perm(_BAD_TO),
    21617: perm("Teks lebih dari 1.600 huruf.", elsewhere=True),
    21619: perm("Pesan kosong."),
    21620: perm("Alamat berkas tidak dapat dibuka Twilio.", elsewhere=True),
    21654: perm(_CONTENT, elsewhere=True),
    21655: perm(_CONTENT, elsewhere=True),
    21656: perm(_CONTENT, elsewhere=True),
    21703: mis("Messaging Service belum punya nomor pengirim WhatsApp."),
    21705: mis("Messaging Service SID tidak sah. Periksa isiannya."),
    30001: wait("Antrean Twilio penuh.", 60),
    30002: mis("Akun Twilio dibekukan. Periksa Twilio Console."),
    30003: perm("Nomor tujuan tidak dapat dijangkau."),
    30005: perm(_BAD_TO),
    30007: perm("Pesan disaring sebagai spam.", elsewhere=True),
    30008: perm("Gagal tanpa sebab yang diketahui Twilio.", elsewhere=True),
    63001: mis("WhatsApp menolak nomor pengirim. Hubungkan ulang di Twilio Console."),
    63002: mis(_SENDER),
    63003: perm("Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan."),
    63005: perm("WhatsApp menolak isi pesan ini.", elsewhere=True),
    63007: mis("Nomor pengirim belum terdaftar untuk WhatsApp di akun Twilio ini."),
    63008: mis("Pengaturan nomor WhatsApp di Twilio salah."),
    63009: later("WhatsApp sedang bermasalah."),
    63010: later("Twilio sedang bermasalah."),
    63012: later("WhatsApp sedang bermasalah."),
    63013: perm("Isi pesan melanggar kebijakan WhatsApp.", elsewhere=True),
    63014: perm("Pelanggan memblokir nomor pengirim.", elsewhere=True),
    63015: perm("Nomor uji Twilio hanya boleh ke yang sudah bergabung sandbox.", elsewhere=True),
    63016: perm(_WINDOW, elsewhere=True),
    63018: wait("Batas kirim WhatsApp tercapai.", 60),
    63019: perm("Berkas tidak dapat diunduh Twilio.", elsewhere=True),
    63020: mis("Undangan Meta Business Manager belum diterima. Selesaikan di Meta."),
    63021: perm(_CONTENT, elsewhere=True),
    63022: mis("Nama tampilan nomor belum disetujui Meta."),
    63023: later("Server WhatsApp sedang bermasalah."),
    63024: perm("Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan."),
    63027: perm("Template tidak ada dalam bahasa itu atau belum disetujui.", elsewhere=True),
    63028: perm(_CONTENT, elsewhere=True),
    63029: perm("Ponsel pelanggan gagal membuka template.", elsewhere=True),
    63030: perm(_CONTENT, elsewhere=True),
    63031: perm("Nomor tujuan sama dengan nomor pengirim.", elsewhere=True),
    63032: perm("WhatsApp membatasi kiriman ke pelanggan ini.", elsewhere=True),
    63033: perm("Pelanggan memblokir nomor pengirim.", elsewhere=True),
    63036: perm("Nomor ini tidak dapat dijangkau lewat WhatsApp.", elsewhere=True),
    63038: wait("Batas harian akun Twilio tercapai. Minta kenaikan di Twilio.", 3600),
    63040: perm("Template ditolak Meta. Perbaiki di Twilio Console.", elsewhere=True),
    63041: perm("Template sedang dijeda Meta karena mutu.", elsewhere=True),
    63042: perm("Template dimatikan Meta. Buat template baru.", elsewhere=True),
    63049: perm("Meta memilih tidak menyampaikan pesan ini. Coba lagi besok.", elsewhere=True),
    63051: mis("Akun WhatsApp Business terkunci. Periksa WhatsApp Manager."),
}
_REFUSED = mis("Twilio menolak kunci. Periksa Account SID dan Auth Token atau API Key.")
_SLOWER = wait("Terlalu banyak permintaan ke Twilio. Menunggu sebentar.", 10)
_WRONG_PLACE = mis("Alamat API Twilio atau Account SID salah.")
_OTHER = perm("Twilio menolak pesan ini. Lihat kodenya di twilio.com/docs/errors.")


def sentence(code: str) -> str:
    """What to tell the operator about an ErrorCode; empty for one we do not know."""
    known = CODES.get(int(code)) if code.isdecimal() and len(code) < 9 else None
    return known.sentence if known else ""


def from_reply(reply: Reply) -> DriverError:
    """Twilio's code decides; without one, the HTTP status."""
    said = as_dict(reply.json())
    code, message = words(said.get("code")), words(said.get("message"))
    known = CODES.get(int(code)) if code.isdecimal() and len(code) < 9 else None
    found = known or _by_status(reply.status, bool(code))
    return found.of(reply, code, message or ("" if said else reply.text[:200]))


def _by_status(status: int, has_code: bool) -> Meaning:
    if status == 401 or (status == 403 and not has_code):
        return _REFUSED
    if status == 429:
        return _SLOWER
    if 300 <= status < 400 or status in {404, 405}:
        return _WRONG_PLACE
    if 400 <= status < 500 and status not in {408, 409, 425}:
        return _OTHER
    return unclear("Twilio")
