"""The reports there are: name, words about it, what can be chosen, and who builds its table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.reports import ledger, over_time, standing
from portal.reports.scope import Scope
from portal.reports.tables import Table


@dataclass(frozen=True)
class Report:
    """`months`: how far back it looks by default. `choices`: fields of the form beside the
    days. `as_of`: its numbers are of the end of one day. `file`: how its files begin."""

    title: Any
    about: Any
    file: str
    build: Callable[[Scope], Table]
    months: int = 1
    choices: tuple[str, ...] = ("area",)
    as_of: bool = False


REPORTS: Mapping[str, Report] = {
    "receipts": Report(
        _l("Uang masuk"),
        _l("Pembayaran per hari atau bulan, dikurangi pembalikan dan pengembalian."),
        "uang-masuk",
        over_time.receipts,
        choices=("by", "area"),
    ),
    "invoiced": Report(
        _l("Tagihan terbit"),
        _l("Yang ditagih per bulan, dan yang dikurangi: nota kredit, batal, hapus buku."),
        "tagihan-terbit",
        over_time.invoiced,
        months=6,
    ),
    "collection": Report(
        _l("Tingkat penagihan"),
        _l("Dari tagihan satu bulan: berapa yang terkumpul, dan seberapa cepat."),
        "tingkat-penagihan",
        over_time.collection,
        months=6,
        choices=("basis", "area"),
    ),
    "ageing": Report(
        _l("Umur piutang"),
        _l("Yang belum dibayar pada satu tanggal, menurut lama lewat jatuh tempo."),
        "umur-piutang",
        standing.ageing,
        as_of=True,
    ),
    "methods": Report(
        _l("Cara bayar"),
        _l("Lewat mana pelanggan membayar: jumlah, uang, bagian."),
        "cara-bayar",
        standing.methods,
    ),
    "tax": Report(
        _l("PPN"),
        _l("PPN tagihan terbit (tanpa yang batal) dikurangi nota kredit, dan yang sudah diterima."),
        "ppn",
        over_time.tax,
        months=6,
        choices=("tax_basis", "area"),
    ),
    "areas": Report(
        _l("Per area"),
        _l("Tagihan, uang masuk, dan piutang tiap area."),
        "per-area",
        standing.areas,
        choices=(),
    ),
    "staff": Report(
        _l("Per petugas"),
        _l("Uang yang diterima tiap kasir dan penagih."),
        "per-petugas",
        standing.staff,
    ),
    "ledger": Report(
        _l("Buku cocok"),
        _l("Dari saldo awal ke saldo akhir, sampai selisih nol rupiah."),
        "buku-cocok",
        ledger.ledger,
    ),
}
