"""`account_update` and `business_capability_update` of Meta in words for the owner."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.messaging.drivers._meta_check import limit_words
from portal.messaging.drivers._reading import words
from portal.messaging.drivers.events import AccountEvent

Doc = dict[str, Any]
_STOPPED = "Pengiriman berhenti."
# event -> (sentence, whether nothing is accepted any more)
EVENTS: Mapping[str, tuple[str, bool]] = {
    "ACCOUNT_DELETED": (f"Akun WhatsApp Business dihapus. {_STOPPED}", True),
    "ACCOUNT_VIOLATION": (
        "Akun WhatsApp Business dianggap melanggar kebijakan Meta{about}. "
        "Baca alasannya di WhatsApp Manager dan ajukan banding bila keliru.",
        False,
    ),
    "ACCOUNT_RESTRICTION": ("Akun WhatsApp Business dibatasi Meta: {about}.", False),
    "DISABLED_UPDATE": ("Meta mengubah status blokir akun WhatsApp Business{about}.", False),
    "PARTNER_ADDED": ("Akun WhatsApp Business dihubungkan ke aplikasi ini.", False),
    "PARTNER_REMOVED": (
        f"Akun WhatsApp Business dilepas dari aplikasi ini. {_STOPPED} "
        "Hubungkan lagi di Meta Business.",
        True,
    ),
    "PARTNER_APP_INSTALLED": ("Aplikasi dipasang di akun WhatsApp Business.", False),
    "PARTNER_APP_UNINSTALLED": (
        f"Aplikasi dicabut dari akun WhatsApp Business. {_STOPPED} "
        "Hubungkan lagi di Meta Business.",
        True,
    ),
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE": ("Status verifikasi mitra Meta berubah.", False),
    "AD_ACCOUNT_LINKED": ("Akun iklan dihubungkan ke akun WhatsApp Business.", False),
    "MM_LITE_TERMS_SIGNED": ("Ketentuan pesan promosi Meta disetujui.", False),
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE": (
        "Tarif kode masuk ke luar negeri akan berlaku untuk akun ini. Periksa tarif Meta.",
        False,
    ),
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": ("Negara utama bisnis di Meta berubah.", False),
    "VOLUME_BASED_PRICING_TIER_UPDATE": (
        "Tingkat harga Meta menurut jumlah pesan berubah.",
        False,
    ),
    "ACCOUNT_OFFBOARDED": (
        f"Nomor dilepas dari Cloud API. {_STOPPED} Hubungkan lagi di WhatsApp Manager.",
        True,
    ),
    "ACCOUNT_RECONNECTED": ("Nomor tersambung lagi ke Cloud API.", False),
    "VERIFIED_ACCOUNT": ("Akun WhatsApp Business terverifikasi.", False),
}
_BANS: Mapping[str, tuple[str, bool]] = {
    "DISABLE": (
        f"Akun WhatsApp Business diblokir Meta. {_STOPPED} Ajukan banding di WhatsApp Manager.",
        True,
    ),
    "SCHEDULE_FOR_DISABLE": (
        "Akun WhatsApp Business akan diblokir Meta{about}. Ajukan banding sekarang di "
        "WhatsApp Manager.",
        False,
    ),
    "REINSTATE": (
        "Blokir akun WhatsApp Business dicabut Meta. Lanjutkan salurannya di pengaturan.",
        False,
    ),
}
_RESTRICTIONS: Mapping[str, tuple[str, bool]] = {
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": ("tidak boleh menambah nomor", False),
    "RESTRICTED_BIZ_INITIATED_MESSAGING": ("tidak boleh mengirim template ke pelanggan", True),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": ("tidak boleh menjawab pelanggan", False),
    "RESTRICTED_USER_INITIATED_CALLING": ("tidak boleh menerima panggilan", False),
    "RESTRICTED_BUSINESS_INITIATED_CALLING": ("tidak boleh menelepon pelanggan", False),
}


def account(value: Doc) -> AccountEvent:
    """One `account_update`; of an event nobody here knows, its name."""
    event = _word(value.get("event"))
    name = f"account_update.{event}"[:80]
    if event == "DISABLED_UPDATE" or (event not in EVENTS and "ban_info" in value):
        return _ban(name, value)
    if event == "ACCOUNT_RESTRICTION":
        return _restricted(name, value)
    sentence, blocked = EVENTS.get(
        event, (f"Meta mengabarkan {event or 'perubahan'} tentang akun WhatsApp.", False)
    )
    kind = words(_object(value.get("violation_info")).get("violation_type"), 60)
    about = f" ({kind.replace('_', ' ').lower()})" if kind else ""
    return AccountEvent(name, sentence.replace("{about}", about), blocked)


def _ban(name: str, value: Doc) -> AccountEvent:
    info = _object(value.get("ban_info"))
    states = info.get("waba_ban_state")
    state = _word(states[0] if isinstance(states, list) and states else states)
    day = words(info.get("waba_ban_date"), 40)
    sentence, blocked = _BANS.get(state, EVENTS["DISABLED_UPDATE"])
    about = f" pada {day}" if day else ""
    return AccountEvent(name, sentence.replace("{about}", about), blocked)


def _restricted(name: str, value: Doc) -> AccountEvent:
    said, blocked = [], False
    listed = value.get("restriction_info")
    for one in listed if isinstance(listed, list) else [listed]:
        kind = _word(_object(one).get("restriction_type"))
        meaning, stops = _RESTRICTIONS.get(kind, (kind.replace("_", " ").lower(), False))
        until = _day(_object(one).get("expiration"))
        blocked = blocked or stops
        said.append(f"{meaning} sampai {until}" if until else meaning)
    sentence = EVENTS["ACCOUNT_RESTRICTION"][0]
    about = "; ".join(part for part in said if part) or "lihat WhatsApp Manager"
    return AccountEvent(name, sentence.replace("{about}", about), blocked)


def business_wide(value: Doc) -> AccountEvent:
    """`business_capability_update`: what the business may do. Old and new names are read."""
    said = []
    limit = next(
        (
            value[name]
            for name in (
                "max_daily_conversations_per_business",
                "max_daily_conversation_per_phone",
            )
            if isinstance(value.get(name), str | int)
        ),
        None,
    )
    if limit is not None and not isinstance(limit, bool):
        said.append(f"batas penerima {limit_words(limit)}")
    numbers = value.get("max_phone_numbers_per_business") or value.get("max_phone_numbers_per_waba")
    if isinstance(numbers, int) and not isinstance(numbers, bool):
        said.append(f"paling banyak {words(numbers, 12)} nomor")
    about = ", ".join(said) or "lihat WhatsApp Manager"
    return AccountEvent("business_capability_update", f"Kemampuan bisnis di Meta: {about}.")


def _day(value: Any) -> str:
    """A day from seconds since 1970; empty for anything else."""
    try:
        return f"{datetime.fromtimestamp(int(words(value, 12)), UTC):%d-%m-%Y}"
    except (ValueError, OverflowError, OSError):
        return ""


def _word(value: Any) -> str:
    return words(value, 60).strip().upper()


def _object(value: Any) -> Doc:
    return value if isinstance(value, dict) else {}
