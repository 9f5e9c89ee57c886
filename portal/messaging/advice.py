"""What a person does about an answer of a provider or an ending of ours: a table, no logic.

The sentences about what happened are the drivers'; here is what to do next and where.
`tests/messaging/test_explain.py` checks that every answer a driver knows has its advice.
"""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l


class Advice(NamedTuple):
    """`fix` names the page that helps: customer (the recipient's data), choice (what the
    customer wants to get), whatsapp, templates, texts, hours, broadcast, by_hand, or none."""

    todo: Any
    fix: str = ""


CUSTOMER, CHOICE, SETTINGS, TEXTS, HOURS, BROADCAST, BY_HAND, TEMPLATES = (
    "customer",
    "choice",
    "whatsapp",
    "texts",
    "hours",
    "broadcast",
    "by_hand",
    "templates",
)
NUMBER = Advice(_l("Perbaiki nomor WhatsApp pelanggan, lalu kirim ulang."), CUSTOMER)
TEMPLATE = Advice(
    _l("Buka daftar template, sinkronkan, perbaiki yang bermasalah, lalu kirim ulang."),
    TEMPLATES,
)
ACCOUNT = Advice(_l("Selesaikan di akun Meta, lalu lanjutkan salurannya di pengaturan."), SETTINGS)
TOMORROW = Advice(_l("Tunggu sehari sebelum mengirim ulang ke nomor ini."))
SLOWER = Advice(
    _l("Tunggu sejam, lalu kirim ulang. Bila sering terjadi, turunkan batas kirim salurannya."),
    SETTINGS,
)
BACK_SOON = Advice(
    _l("Tunggu sampai penyedia pulih, periksa statusnya di pengaturan, lalu kirim ulang."),
    SETTINGS,
)
INSPECT = Advice(
    _l("Lihat jawaban penyedia di bawah, perbaiki isiannya, lalu ubah dan kirim ulang.")
)
KEY = Advice(_l("Perbaiki alamat atau kunci gateway di pengaturan, lalu kirim ulang."), SETTINGS)

# Meta's codes, as in the driver's own table.
META: dict[int, Advice] = {
    **dict.fromkeys((131026, 131009, 131021, 131062, 137000), NUMBER),
    **dict.fromkeys(
        (131008, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068),
        TEMPLATE,
    ),
    **dict.fromkeys(
        (0, 3, 10, 33, 190, 368, 130497, 131005, 131030, 131031, 131037, 131042, 131045), ACCOUNT
    ),
    **dict.fromkeys((131063, 133000, 133005, 133006, 133008, 133009, 133010), ACCOUNT),
    **dict.fromkeys((133015, 133016, 134011), ACCOUNT),
    **dict.fromkeys((130472, 131049), TOMORROW),
    **dict.fromkeys((4, 80007, 80008, 80012, 130429, 131048, 131056, 131064, 132069), SLOWER),
    **dict.fromkeys((1, 2, 131000, 131016, 131057, 131059, 133004), BACK_SOON),
    **dict.fromkeys((100, 131051, 131052, 131053, 131055, 135000), INSPECT),
    131047: Advice(
        _l("Pakai saluran lain untuk teks bebas, atau tunggu pelanggan menulis lebih dulu."),
        SETTINGS,
    ),
    131050: Advice(_l("Hormati pilihan pelanggan; jangan kirim promosi lagi."), CHOICE),
}

# How a sentence begins -> what to do; gateways have no codes, and our own endings neither.
SENTENCES: tuple[tuple[str, Advice], ...] = (
    ("Nomor ini tidak terdaftar di WhatsApp", NUMBER),
    ("Nomor tujuan tidak sah", NUMBER),
    ("Gateway menolak kunci", KEY),
    (
        "Perangkat WhatsApp di gateway terputus",
        Advice(_l("Pindai ulang QR di gateway, lalu lanjutkan salurannya."), SETTINGS),
    ),
    ("Kuota gateway habis", Advice(_l("Isi kuota gateway, lalu kirim ulang."), SETTINGS)),
    ("Gateway meminta menunggu", SLOWER),
    ("Alamat gateway dialihkan", KEY),
    ("Gateway menolak permintaan", KEY),
    ("Gateway menolak pesan ini", INSPECT),
    ("Gateway sedang bermasalah", BACK_SOON),
    (
        "Pesan tidak dapat disusun",
        Advice(_l("Periksa teks jenis pesan ini, lalu ubah dan kirim ulang."), TEXTS),
    ),
    (
        "Pelanggan tidak mau menerima",
        Advice(_l("Ini pilihan pelanggan. Ubah pilihannya bila ia memintanya."), CHOICE),
    ),
    ("Sudah lunas", Advice(_l("Tidak perlu apa-apa: tidak ada lagi yang ditagih."))),
    ("Tagihan sudah dibatalkan", Advice(_l("Tidak perlu apa-apa: tagihannya tidak berlaku lagi."))),
    ("Akses sudah dibuka", Advice(_l("Tidak perlu apa-apa: pelanggan sudah tidak diisolir."))),
    ("Sudah diisolir lagi", Advice(_l("Tidak perlu apa-apa: aksesnya sudah ditutup kembali."))),
    (
        "Sudah basi saat jam kirim",
        Advice(_l("Kirim ulang bila masih perlu; bila sering terjadi, ubah jam kirim."), HOURS),
    ),
    (
        "Jatuh tempo sudah lewat",
        Advice(_l("Tidak perlu apa-apa: pemberitahuan lewat jatuh tempo menyusul.")),
    ),
)

# The rest, by how the message ended.
STATES: dict[str, Advice] = {
    "sending": Advice(_l("Sedang di tangan penyedia; hasilnya tercatat dalam hitungan detik.")),
    "accepted": Advice(_l("Penyedia sudah menerimanya; status berikutnya menyusul.")),
    "manual": Advice(_l("Menunggu petugas mengirimnya sendiri dari daftar kirim manual."), BY_HAND),
    "sent": Advice(_l("Sudah terkirim; ponsel pelanggan belum mengabari.")),
    "failed": Advice(
        _l("Perbaiki sebabnya, misalnya nomor pelanggan, lalu kirim ulang."), CUSTOMER
    ),
    "unknown": Advice(
        _l(
            "Penyedia mungkin sudah mengirimnya. Tanyakan pelanggan atau lihat di aplikasi "
            "WhatsApp, lalu kirim ulang hanya bila belum sampai."
        )
    ),
    "expired": Advice(_l("Sudah tidak berguna saat gilirannya tiba. Kirim ulang bila perlu.")),
    "cancelled": Advice(_l("Dibatalkan dengan sengaja. Kirim ulang bila ternyata masih perlu.")),
}
# A failure without a code or sentence we know, by the class of its last attempt.
OUTCOMES: dict[str, Advice] = {
    "retryable": BACK_SOON,
    "rate_limited": SLOWER,
    "misconfigured": Advice(_l("Perbaiki pengaturan salurannya, lalu kirim ulang."), SETTINGS),
}
LOGIN_CODE = Advice(_l("Tidak perlu apa-apa: pelanggan dapat meminta kode baru di halaman masuk."))
