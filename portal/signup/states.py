"""The steps of connecting a number, in their order, and the words for each. Pure.

`state` of a row is the step that comes next; `need` is what it waits for. A step is done, written
down and never done again; whatever dies in between begins with the step that is written.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

OPEN, EXCHANGE, INSPECT, ACCOUNT, NUMBER = "open", "exchange", "inspect", "account", "number"
SUBSCRIBE, ASSIGN, SHARE, CREDIT = "subscribe", "assign", "share", "credit"
REGISTER, CHANNEL, TEMPLATES = "register", "channel", "templates"
DONE, ENDED = "done", "ended"

ORDER = (
    OPEN,
    EXCHANGE,
    INSPECT,
    ACCOUNT,
    NUMBER,
    SUBSCRIBE,
    ASSIGN,
    SHARE,
    CREDIT,
    REGISTER,
    CHANNEL,
    TEMPLATES,
    DONE,
)
PARTNER_ONLY = frozenset({ASSIGN, SHARE, CREDIT})
ONCE = frozenset({SHARE, REGISTER})
"""What Meta would do twice, or what nobody can tell afterwards who did."""
WORKING = frozenset(ORDER) - {OPEN, DONE}
"""Steps a job takes."""

# What a row waits for.
NOTHING, WAIT, RETRY = "", "wait", "retry"
ADD_NUMBER, CHOOSE, PIN = "add_number", "choose", "pin"
BY_HAND = frozenset({RETRY, ADD_NUMBER, CHOOSE, PIN})
"""Somebody must act before the job goes on."""

LABELS: Mapping[str, Any] = {
    OPEN: _l("Masuk dan memilih nomor di jendela Facebook"),
    EXCHANGE: _l("Menukar kode izin"),
    INSPECT: _l("Memeriksa izin"),
    ACCOUNT: _l("Mencocokkan akun WhatsApp Business"),
    NUMBER: _l("Mencocokkan nomor"),
    SUBSCRIBE: _l("Memasang webhook"),
    ASSIGN: _l("Memberi akses system user"),
    SHARE: _l("Membagikan lini kredit"),
    CREDIT: _l("Memastikan lini kredit"),
    REGISTER: _l("Mendaftarkan nomor"),
    CHANNEL: _l("Menyimpan saluran"),
    TEMPLATES: _l("Membaca template"),
    DONE: _l("Selesai"),
}

# Where somebody closed Facebook's window: what that page asks, and what to do.
STOPPED_AT: Mapping[str, Any] = {
    "BUSINESS_ACCOUNT_SELECTION": _l(
        "Anda berhenti saat memilih portofolio bisnis. Pilih portofolio milik usaha Anda, atau "
        "buat yang baru di jendela itu."
    ),
    "WABA_PHONE_PROFILE_PICKER": _l(
        "Anda berhenti saat memilih akun WhatsApp Business dan nomornya. Pilih yang sudah ada "
        "atau buat yang baru."
    ),
    "WHATSAPP_BUSINESS_PROFILE_SETUP": _l(
        "Anda berhenti saat mengisi profil WhatsApp Business. Siapkan nama tampilan dan kategori "
        "usaha."
    ),
    "PHONE_NUMBER_SETUP": _l(
        "Anda berhenti saat mengisi nomor. Nomor tidak boleh sedang dipakai di aplikasi WhatsApp "
        "di HP; hapus akunnya di HP dahulu."
    ),
    "PHONE_NUMBER_VERIFICATION": _l(
        "Anda berhenti saat memasukkan kode verifikasi. Siapkan HP yang menerima SMS atau "
        "telepon untuk nomor itu."
    ),
    "PERMISSIONS": _l(
        "Anda berhenti saat diminta memberi izin. Loket hanya meminta izin mengelola akun WhatsApp "
        "dan mengirim pesan; keduanya diperlukan."
    ),
}
STOPPED = _l("Jendela Facebook ditutup sebelum selesai.")
WITHOUT_CODE = _l("Meta sudah menghubungkan akun itu, tetapi kode izinnya tidak sampai ke Loket.")
AGAIN = _l("Buka lagi jendelanya; yang sudah diisi diingat Facebook.")

FINISHED = "FINISH"
ONLY_ACCOUNT = "FINISH_ONLY_WABA"
BUSINESS_APP = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"
CANCELLED, FAILED = "CANCEL", "ERROR"
EVENTS = frozenset({FINISHED, ONLY_ACCOUNT, BUSINESS_APP, CANCELLED, FAILED})
FINISHES = frozenset({FINISHED, ONLY_ACCOUNT, BUSINESS_APP})


def after(state: str, *, partner: bool, business_app: bool = False) -> str:
    """The step that follows. A partner's steps are left out for others; a number that stays in the
    WhatsApp Business app is not registered."""
    following = ORDER[ORDER.index(state) + 1]
    while (following in PARTNER_ONLY and not partner) or (following == REGISTER and business_app):
        following = ORDER[ORDER.index(following) + 1]
    return following


def before(state: str, step: str) -> bool:
    """Whether a row in `state` has not done `step` yet."""
    return state in ORDER and ORDER.index(state) <= ORDER.index(step)


def shown(*, partner: bool, business_app: bool = False) -> list[str]:
    """The steps a person is shown."""
    left_out = PARTNER_ONLY if not partner else frozenset()
    return [
        step
        for step in ORDER[:-1]
        if step not in left_out and not (step == REGISTER and business_app)
    ]
