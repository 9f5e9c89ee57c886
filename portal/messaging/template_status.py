"""Meta's words about a template in ours, and whether a template fits the kind it carries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.messaging import template_texts
from portal.messaging.drivers.approved import (
    APPROVED,
    AUTHENTICATION,
    MARKETING,
    UTILITY,
    Brings,
)
from portal.messaging.kinds import KINDS
from portal.messaging.template_rules import Component, buttons, parameters, part, text_of


class Template(Protocol):
    """What is looked at: a stored row or one just read."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def parameter_format(self) -> str: ...
    @property
    def components(self) -> Sequence[Component]: ...


@dataclass(frozen=True)
class Word:
    """A badge and what it means for the owner."""

    level: str
    label: Any
    todo: Any = ""


STATUSES: Mapping[str, Word] = {
    APPROVED: Word("ok", _l("Disetujui")),
    "PENDING": Word("info", _l("Sedang ditinjau"), _l("Meta meninjau paling lama 24 jam.")),
    "IN_APPEAL": Word("warn", _l("Sedang banding"), _l("Tunggu jawaban Meta.")),
    "REJECTED": Word("bad", _l("Ditolak"), _l("Perbaiki teksnya lalu ajukan lagi.")),
    "PAUSED": Word(
        "bad",
        _l("Dijeda"),
        _l("Meta menjeda karena banyak yang memblokir atau melapor: 3 jam, lalu 6 jam."),
    ),
    "DISABLED": Word("bad", _l("Dimatikan"), _l("Buat template baru dengan nama lain.")),
    "FLAGGED": Word("warn", _l("Mutunya diperingatkan"), _l("Bila mutu tetap rendah, dimatikan.")),
    "LOCKED": Word("bad", _l("Terkunci"), _l("Periksa di WhatsApp Manager.")),
    "ARCHIVED": Word("bad", _l("Diarsipkan"), _l("Pulihkan di WhatsApp Manager.")),
    "LIMIT_EXCEEDED": Word("bad", _l("Melebihi jatah"), _l("Hapus template yang tidak dipakai.")),
    "PENDING_DELETION": Word("bad", _l("Sedang dihapus")),
    "DELETED": Word("bad", _l("Dihapus")),
}
QUALITIES: Mapping[str, Word] = {
    "GREEN": Word("ok", _l("Mutu baik")),
    "YELLOW": Word("warn", _l("Mutu menurun")),
    "RED": Word("bad", _l("Mutu rendah"), _l("banyak penerima memblokir atau melapor.")),
}
CATEGORIES: Mapping[str, Any] = {
    UTILITY: _l("Utilitas"),
    AUTHENTICATION: _l("Autentikasi"),
    MARKETING: _l("Pemasaran"),
    "SERVICE": _l("Layanan"),
}
REASONS: Mapping[str, Any] = {
    "ABUSIVE_CONTENT": _l("Isinya dianggap kasar atau mengancam."),
    "INVALID_FORMAT": _l("Letak isian atau bentuk teksnya salah."),
    "PROMOTIONAL": _l("Isinya dianggap promosi."),
    "TAG_CONTENT_MISMATCH": _l("Isinya tidak cocok dengan kategori atau bahasanya."),
    "SCAM": _l("Isinya dianggap penipuan."),
    "INCORRECT_CATEGORY": _l("Kategorinya tidak tepat."),
}
STOPPED = frozenset({"PAUSED", "DISABLED", "REJECTED", "DELETED", "PENDING_DELETION", "LOCKED"})
"""The staff is told when a template in use becomes one of these."""


def sendable(status: str) -> bool:
    """Whether Meta sends it now; a word we do not know is taken for no."""
    return status == APPROVED


def status_word(status: str) -> Word:
    """What a status means, also one we never heard of."""
    return STATUSES.get(status) or Word("warn", status or _("tidak diketahui"))


def reason_words(reason: str) -> str:
    """Why Meta refused it: its few fixed words in ours, anything behind them as it came."""
    first, _blank, more = reason.partition(" ")
    known = "" if first == "NONE" else REASONS.get(first, first)
    return f"{known} {more}".strip()


def category_label(category: str) -> str:
    return str(CATEGORIES.get(category, category or "—"))


def recategorised(kind: str, category: str) -> str:
    """What another category than the one asked for means; empty when it is that one."""
    asked = template_texts.category(kind)
    if not asked or not category or category == asked:
        return ""
    words = _(
        "Meta memasukkan template ini ke kategori %(now)s, bukan %(asked)s.",
        now=category_label(category),
        asked=category_label(asked),
    )
    if category == MARKETING:
        more = _("Tarifnya lebih mahal, dan pelanggan yang menolak promosi tidak menerimanya.")
        return f"{words} {more}"
    return words


def problems(kind: str, template: Template, brings: Brings | None = None) -> list[str]:
    """Everything that keeps this template from carrying that kind as it should. Without `brings`
    its messages fill it as usual: by number, nothing but the body."""
    found = []
    if not sendable(template.status):
        word = status_word(template.status)
        said = _("Belum dapat dikirim: %(status)s.", status=str(word.label).lower())
        found.append(f"{said} {word.todo}".strip())
    if other := recategorised(kind, template.category):
        found.append(other)
    return [*found, *drift(kind, template, brings or Brings(KINDS[kind].expects))]


def drift(kind: str, template: Template, brings: Brings) -> list[str]:
    """Where the template differs from what messages of the kind bring along; empty when it
    fits, or when its text is not known."""
    if not template.components:
        return []
    if kind == "otp_code":
        return _code_drift(template.components)
    return [
        *_body_drift(template, brings),
        *_header_drift(part(template.components, "HEADER"), brings),
        *_button_drift(buttons(template.components), brings),
    ]


def _body_drift(template: Template, brings: Brings) -> list[str]:
    wanted = parameters(text_of(template.components))
    if len(wanted) != len(brings.names):
        return [
            _(
                "Template punya %(count)s isian, padahal pesan ini mengirim %(sent)s.",
                count=len(wanted),
                sent=len(brings.names),
            )
        ]
    by_name = template.parameter_format == "NAMED"
    if wanted and by_name and not brings.named:
        return [_("Template memakai isian bernama; Loket mengirim isian bernomor.")]
    if wanted and brings.named and not by_name:
        return [_("Template memakai isian bernomor; saluran ini mengirim isian bernama.")]
    strange = [name for name in wanted if by_name and name not in brings.names]
    if strange:
        return [
            _("Template meminta isian yang tidak dikirim: %(names)s.", names=", ".join(strange))
        ]
    return []


def _header_drift(header: Component, brings: Brings) -> list[str]:
    form = str(header.get("format") or "TEXT").upper()
    wants = "" if not header else "media" if form != "TEXT" else ""
    if header and form == "TEXT" and parameters(str(header.get("text") or "")):
        wants = "text"
    if wants == brings.header:
        return []
    if wants:
        return [_("Judulnya butuh berkas atau isian; Loket tidak mengirimnya.")]
    return [_("Saluran ini mengirim isian judul, padahal template tidak memintanya.")]


def _button_drift(found: Sequence[Component], brings: Brings) -> list[str]:
    wanted = {place for place, button in enumerate(found) if _needs_value(button)}
    if wanted - brings.links:
        return [_("Ada tombol yang butuh isian; Loket tidak mengirimnya.")]
    if brings.links - wanted:
        return [_("Saluran ini mengirim isian tombol yang tidak ada di template.")]
    return []


def _code_drift(components: Sequence[Component]) -> list[str]:
    """A listed template shows its copy button as a link with a parameter."""
    if any(_type(button) == "OTP" or _needs_value(button) for button in buttons(components)):
        return []
    return [_("Template kode masuk ini tidak punya tombol salin kode.")]


def _needs_value(button: Component) -> bool:
    return _type(button) == "COPY_CODE" or bool(parameters(str(button.get("url") or "")))


def _type(component: Component) -> str:
    return str(component.get("type") or "").upper()
