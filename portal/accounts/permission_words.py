"""What each permission is called, what it opens, and what can go wrong with it; and the roles."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

ROLE_NAMES: dict[str, Any] = {
    "owner": _l("Pemilik"),
    "finance": _l("Keuangan"),
    "support": _l("Layanan pelanggan"),
    "technician": _l("Teknisi"),
    "collector": _l("Kolektor"),
}
ROLE_HELP: dict[str, Any] = {
    "owner": _l("Boleh semuanya, termasuk pengaturan dan petugas."),
    "finance": _l("Tagihan, pembayaran, koreksi, kasir, laporan."),
    "support": _l("Pelanggan, pesanan, pesan; tidak mengurus uang."),
    "technician": _l("Pekerjaan pemasangan dan bantuan di lapangan."),
    "collector": _l("Menagih di area sendiri, tidak melihat yang lain."),
}


@dataclass(frozen=True)
class Words:
    """One permission. `danger` is said before it is given to somebody."""

    name: Any
    opens: Any
    danger: Any = ""


WORDS: dict[str, Words] = {
    "view": Words(_l("Dasbor"), _l("Angka hari ini dan daftar yang perlu diurus.")),
    "lookup": Words(_l("Cari pelanggan"), _l("Mencari pelanggan tanpa mengubah dan tanpa uang.")),
    "customers": Words(
        _l("Pelanggan"), _l("Melihat dan mengubah pelanggan, langganan, isolir, janji bayar.")
    ),
    "impersonate": Words(
        _l("Lihat sebagai pelanggan"), _l("Membuka halaman pelanggan, hanya melihat; tercatat.")
    ),
    "billing": Words(_l("Tagihan"), _l("Melihat tagihan, potongan, biaya, menerbitkan tagihan.")),
    "money": Words(
        _l("Pembayaran"),
        _l("Melihat semua pembayaran, mencatat uang, memeriksa transfer."),
        _l("Dapat menyatakan tagihan lunas."),
    ),
    "corrections": Words(
        _l("Koreksi uang"),
        _l("Membatalkan tagihan dan pembayaran, nota kredit, pengembalian uang."),
        _l("Dapat menghapus piutang dan mengeluarkan uang."),
    ),
    "counter": Words(_l("Kasir"), _l("Menerima uang tunai dan mencetak kuitansi.")),
    "settlement": Words(
        _l("Setoran"),
        _l("Menerima setoran kolektor dan menutup kas."),
        _l("Mengakui uang yang dihitung sebagai sudah diterima."),
    ),
    "reports": Words(_l("Laporan"), _l("Semua laporan dan unduhannya.")),
    "install": Words(_l("Pesanan"), _l("Pesanan pemasangan dan pekerjaan teknisi.")),
    "messages": Words(_l("Pesan"), _l("Melihat, mengirim ulang, dan membalas pesan pelanggan.")),
    "broadcast": Words(
        _l("Siaran"),
        _l("Menulis dan mengirim siaran, mengurus berkas."),
        _l("Satu siaran dapat sampai ke semua pelanggan dan dapat menimbulkan biaya."),
    ),
    "tickets": Words(_l("Bantuan"), _l("Keluhan dan gangguan: membaca, menjawab, menutup.")),
    "imports": Words(
        _l("Impor"),
        _l("Memasukkan dan mengubah banyak pelanggan dari berkas."),
        _l("Satu berkas dapat mengubah semua pelanggan."),
    ),
    "settings": Words(
        _l("Pengaturan"),
        _l("Semua pengaturan, paket, saluran WhatsApp, kunci gerbang pembayaran."),
        _l("Dapat mengganti rekening tujuan, mematikan isolir, dan memutus WhatsApp."),
    ),
    "audit": Words(_l("Log audit"), _l("Siapa mengubah apa, dengan isi sebelum dan sesudahnya.")),
    "staff": Words(
        _l("Petugas"),
        _l("Menambah petugas dan mengatur peran."),
        _l("Hanya pemilik: siapa yang memegangnya dapat memberi dirinya semua izin lain."),
    ),
}


def words(permission: str) -> Words:
    """A permission's words; one without any is called by its own name."""
    return WORDS.get(permission, Words(permission, ""))


def role_name(role: str) -> Any:
    """What a role is called."""
    return ROLE_NAMES.get(role, role)
