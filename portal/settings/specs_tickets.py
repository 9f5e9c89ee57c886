"""The knobs of help and tickets; `docs/tickets.md` tells them."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import SettingSpec

TICKETS: Sequence[SettingSpec] = (
    SettingSpec(
        "tickets.answer_hours",
        "int",
        8,
        _l("Tiket bantuan dijawab dalam, jam"),
        _l("Yang lebih lama ditandai terlambat di daftar tiket."),
        minimum=1,
        maximum=168,
        group="tickets",
    ),
)
