"""Words of billing for screens: reasons of the run, kinds of charges."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.invoices import rules

SKIPPED: dict[str, Any] = {
    rules.NOT_THIS_MONTH: _l("Siklusnya lebih dari sebulan, bukan bulan ini gilirannya"),
    rules.NOT_STARTED: _l("Langganan belum mulai pada siklus ini"),
    rules.ENDED: _l("Langganan berhenti sebelum siklus ini"),
    rules.PAUSED: _l("Sedang cuti; ditagih setelah kembali atau setelah siklusnya berakhir"),
    rules.BILLED: _l("Harinya sudah ada di tagihan periode lain"),
    rules.PAUSED_ALL: _l("Tidak ada hari yang dipakai pada siklus ini"),
}
CHARGES: dict[str, Any] = {
    "fee": _l("Biaya tambahan"),
    "late_fee": _l("Denda"),
    "proration": _l("Selisih hari"),
}
