"""How to pay, step by step: with a QR code on the same phone, and at each bank. Texts only."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

_CHECK = _l("Periksa nama dan jumlahnya, lalu bayar dengan PIN Anda.")
_EXACT = _l("Jumlah sudah terisi. Bila diminta, ketik jumlah persis seperti di halaman ini.")

_MENUS: dict[str, tuple[tuple[str, Any], ...]] = {
    "bri_va": (
        ("BRImo", _l("Buka BRImo, pilih BRIVA, lalu tempel nomornya.")),
        ("ATM BRI", _l("Pilih Transaksi Lain, Pembayaran, Lainnya, BRIVA, lalu ketik nomornya.")),
    ),
    "bni_va": (
        (
            "wondr BNI",
            _l("Pilih Transfer, Virtual Account Billing, lalu tempel nomornya."),
        ),
        ("ATM BNI", _l("Pilih Menu Lain, Transfer, Virtual Account Billing, lalu ketik nomornya.")),
    ),
    "cimb_niaga_va": (
        ("OCTO", _l("Pilih Transfer, Rekening CIMB Niaga lain, lalu tempel nomornya.")),
        ("ATM CIMB Niaga", _l("Pilih Pembayaran, Virtual Account, lalu ketik nomornya.")),
    ),
    "permata_va": (
        ("PermataMobile X", _l("Pilih Bayar, Virtual Account, lalu tempel nomornya.")),
        ("ATM Permata", _l("Pilih Transaksi Lainnya, Pembayaran, Virtual Account, lalu nomornya.")),
    ),
    "maybank_va": (
        ("M2U", _l("Pilih Transfer, Virtual Account, lalu tempel nomornya.")),
        ("ATM Maybank", _l("Pilih Pembayaran, Virtual Account, lalu ketik nomornya.")),
    ),
    "bnc_va": (("neobank", _l("Pilih Transfer, Bank Neo Commerce, lalu tempel nomornya.")),),
    "sampoerna_va": (
        (
            _l("Aplikasi bank"),
            _l("Pilih transfer ke Bank Sampoerna, lalu tempel nomornya."),
        ),
    ),
    "artha_graha_va": (
        (_l("Aplikasi bank"), _l("Pilih transfer ke Bank Artha Graha, lalu tempel nomornya.")),
    ),
    "atm_bersama_va": (
        (_l("ATM Bersama"), _l("Pilih Transfer, Antarbank, lalu ketik kode bank dan nomornya.")),
    ),
}
_OTHER_BANK = (
    _l("Dari bank lain"),
    _l("Pilih transfer antarbank ke bank di atas, lalu tempel nomornya sebagai rekening tujuan."),
)


def steps(method: str, form: str) -> Sequence[tuple[Any, Sequence[Any]]]:
    """(where, what to do in order) for a method of this form."""
    if form == "qris":
        return (
            (
                _l("Bayar dengan HP yang sama"),
                (
                    _l("Tekan Simpan QR; gambarnya masuk ke galeri atau unduhan."),
                    _l("Buka aplikasi bank atau dompet digital, pilih Scan QRIS."),
                    _l("Pilih gambar dari galeri, ambil gambar tadi."),
                    _CHECK,
                ),
            ),
            (
                _l("Bayar dengan HP lain"),
                (_l("Pilih Scan QRIS di aplikasi, arahkan kamera ke kode di atas."), _CHECK),
            ),
        )
    if form == "va":
        menus = (*_MENUS.get(method, ()), _OTHER_BANK)
        return tuple((where, (menu, _EXACT, _CHECK)) for where, menu in menus)
    if form == "code":
        return (
            (
                _l("Di kasir minimarket"),
                (
                    _l("Sebutkan bahwa Anda ingin membayar lewat Pakasir."),
                    _l("Tunjukkan kode bayar, bayar jumlah yang disebut, simpan struknya."),
                ),
            ),
        )
    return ()
