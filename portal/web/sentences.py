"""Sentences that lower layers raise, in the visitor's language.

`core` and the services know no translation: their errors are Indonesian. The ones a form
can show are marked here for the catalog; `tests/web/test_catalog.py` finds a forgotten one.
"""

from flask_babel import gettext


def N_(text: str) -> str:  # noqa: N802 - the name that collects texts for a catalog
    """Marks a text for the catalog, and is the text."""
    return text


MARKED = (
    N_("Ada huruf yang tidak boleh dipakai."),
    N_("Hanya angka."),
    N_("Isi rupiah bulat, misalnya 150.000 atau 150rb."),
    N_("Rupiah tidak memakai sen."),
    N_("ID Telegram tidak sah. Contoh: tg:123456789."),
    N_("ID grup WhatsApp tidak sah."),
    N_("Jumlah angka nomor telepon tidak benar. Contoh: 081234567890."),
    N_("Kode masuk tidak dikirim ulang; pelanggan meminta kode baru."),
    N_("Nomor telepon hanya boleh berisi angka. Contoh: 081234567890."),
    N_("Nomor telepon tidak sah. Contoh: 081234567890."),
    N_("Periode harus berbentuk TTTT-BB, misalnya 2026-11."),
    N_("Pesan ini baru saja dikirim ulang."),
    N_("Masih dalam perjalanan atau sudah sampai."),
    N_("Pesan ini masih dalam perjalanan."),
    N_("Pesan ini sudah tidak menunggu dikirim manual."),
    N_("Pesan ini tidak ada di daftar yang sudah dikirim."),
    N_("Penyedia pesan ini tidak dapat ditanya."),
    N_("Sudah pernah dikirim ulang."),
    N_("Pesan ini sudah sampai. Centang dahulu bahwa Anda tahu."),
    N_("Pesan tidak ditemukan."),
    N_("Tagihan ini sudah dibayar sebagian, jadi tidak bisa dibatalkan."),
    N_("Tagihan ini sudah tidak terbuka."),
    N_("Titik ribuannya tidak benar. Tulis seperti 150.000."),
    N_("Tulis alasan pembatalan."),
    N_("Tulis alasannya."),
    N_("Tulis apa yang sudah dilakukan."),
)


def say(error: Exception) -> str:
    """The sentence of an error, translated when the catalog knows it."""
    return str(gettext(str(error)))
