"""Settings of who issues invoices and receipts, beside the company's name and phone."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import SettingSpec

DOCUMENTS: Sequence[SettingSpec] = (
    SettingSpec(
        "company.address",
        "text",
        "",
        _l("Alamat kantor"),
        _l("Tampil di tagihan dan kuitansi. Boleh kosong."),
        maximum=240,
        optional=True,
    ),
    SettingSpec(
        "company.npwp",
        "text",
        "",
        _l("NPWP"),
        _l("Tampil di tagihan dan kuitansi. Boleh kosong."),
        maximum=40,
        optional=True,
    ),
)
