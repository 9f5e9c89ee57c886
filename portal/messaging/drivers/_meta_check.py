"""Asking Meta how the sending number is, without sending: the probe and its words.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/health-status (November 2026)
"""

from collections.abc import Iterator, Mapping
from typing import Any

from portal.core.driverkit import Health
from portal.messaging.drivers import _meta_versions
from portal.messaging.drivers._meta_errors import sentence as sentence_of

BASIC = "display_phone_number,verified_name,quality_rating,status"
FIELDS = (
    f"{BASIC},throughput,name_status,code_verification_status,platform_type,health_status,"
    "whatsapp_business_manager_messaging_limit"
)
_WORDS: Mapping[str, Mapping[str, str]] = {
    "quality_rating": {
        "GREEN": "baik",
        "YELLOW": "menurun: kurangi kiriman yang tidak diminta",
        "RED": "rendah: banyak yang memblokir atau melapor",
        "UNKNOWN": "belum dinilai",
        "NA": "belum dinilai",
    },
    "status": {
        "CONNECTED": "tersambung",
        "PENDING": "belum selesai didaftarkan",
        "DISCONNECTED": "terputus: daftarkan lagi di WhatsApp Manager",
        "UNVERIFIED": "belum diverifikasi",
        "FLAGGED": "mutunya diperingatkan Meta",
        "RESTRICTED": "dibatasi: jatah hari ini habis atau mutunya rendah",
        "BANNED": "diblokir Meta: ajukan banding di WhatsApp Manager",
        "RATE_LIMITED": "dibatasi sementara",
        "MIGRATED": "sudah dipindahkan ke akun lain",
        "DELETED": "sudah dihapus",
    },
    "name_status": {
        "APPROVED": "disetujui",
        "AVAILABLE_WITHOUT_REVIEW": "boleh dipakai tanpa ditinjau",
        "PENDING_REVIEW": "sedang ditinjau Meta",
        "DECLINED": "ditolak Meta: ajukan nama lain",
        "EXPIRED": "kedaluwarsa: ajukan lagi",
        "NONE": "belum diajukan",
    },
    "whatsapp_business_manager_messaging_limit": {
        "TIER_50": "50 pelanggan per 24 jam",
        "TIER_250": "250 pelanggan per 24 jam; naik setelah verifikasi bisnis",
        "TIER_1K": "1.000 pelanggan per 24 jam",
        "TIER_2K": "2.000 pelanggan per 24 jam",
        "TIER_10K": "10.000 pelanggan per 24 jam",
        "TIER_100K": "100.000 pelanggan per 24 jam",
        "TIER_UNLIMITED": "tanpa batas",
        "TIER_NOT_SET": "belum ditentukan",
    },
    "throughput": {
        "STANDARD": "80 pesan per detik",
        "HIGH": "1.000 pesan per detik",
        "NOT_APPLICABLE": "belum ditentukan",
    },
    "platform_type": {
        "CLOUD_API": "Cloud API",
        "ON_PREMISE": "On-Premises: sudah dihentikan Meta, pindahkan ke Cloud API",
        "NOT_APPLICABLE": "belum terdaftar di Cloud API",
    },
    "code_verification_status": {
        "VERIFIED": "terverifikasi",
        "NOT_VERIFIED": "belum diverifikasi",
        "EXPIRED": "verifikasinya kedaluwarsa",
    },
}
_LABELS: Mapping[str, str] = {
    "display_phone_number": "Nomor",
    "verified_name": "Nama tampilan",
    "name_status": "Status nama",
    "status": "Status nomor",
    "quality_rating": "Mutu",
    "whatsapp_business_manager_messaging_limit": "Batas penerima",
    "throughput": "Kecepatan",
    "code_verification_status": "Verifikasi nomor",
    "platform_type": "Platform",
}
_DEAD = frozenset({"BANNED", "DISCONNECTED", "DELETED", "MIGRATED"})
_ENTITIES: Mapping[str, str] = {
    "PHONE_NUMBER": "nomor",
    "WABA": "akun WhatsApp",
    "BUSINESS": "bisnis",
    "APP": "aplikasi",
    "MESSAGE_TEMPLATE": "template",
}


def limit_words(value: object) -> str:
    """How many people may be written to a day, from `TIER_2K`, a number, or -1 for no limit."""
    text = str(value).strip().upper()
    known = _WORDS["whatsapp_business_manager_messaging_limit"]
    if text in known:
        return known[text]
    if text == "-1" or text.endswith("UNLIMITED"):
        return known["TIER_UNLIMITED"]
    if text.isascii() and text.isdigit() and len(text) < 10:
        return f"{int(text):,} pelanggan per 24 jam".replace(",", ".")
    return text[:40].removeprefix("TIER_").lower()


def health(data: Mapping[str, Any], version: str) -> Health:
    """What the number's node says, in words for the owner."""
    shown = {label: words for name, label in _LABELS.items() if (words := _said(data, name))}
    able, problems = _able(data.get("health_status"))
    status = str(data.get("status") or "").upper()
    name = str(data.get("verified_name") or "Meta")
    ok = able != "BLOCKED" and status not in _DEAD and not _meta_versions.expired(version)
    if able == "BLOCKED":
        sentence = f"Meta memblokir pengiriman dari {name}."
    elif status in _DEAD:
        sentence = f"Nomor {name} {_WORDS['status'][status]}."
    elif able == "LIMITED":
        sentence = f"Tersambung ke {name}, tetapi Meta membatasi pengirimannya."
    else:
        sentence = f"Tersambung ke {name}."
    if able:
        shown["Boleh mengirim"] = {"AVAILABLE": "ya", "LIMITED": "terbatas"}.get(able, "tidak")
    for number, problem in enumerate(problems[:5], 1):
        shown[f"Masalah {number}"] = problem
    if warning := _meta_versions.warning(version):
        shown["Versi Graph"] = warning
    more = [*problems[:1], warning]
    return Health(ok, " ".join(filter(None, (sentence, *more))), shown)


def _said(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if isinstance(value, dict):  # throughput is an object
        value = value.get("level")
    if not value or not isinstance(value, str | int):
        return ""
    if name.endswith("_limit"):
        return limit_words(value)
    return _WORDS.get(name, {}).get(str(value).upper(), str(value)[:80])


def _able(status: Any) -> tuple[str, list[str]]:
    """(AVAILABLE, LIMITED, BLOCKED or nothing; what is in the way, and the way out)."""
    if not isinstance(status, dict):
        return "", []
    return str(status.get("can_send_message") or "").upper(), list(_problems(status))


def _problems(status: Mapping[str, Any]) -> Iterator[str]:
    for entity in _dicts(status.get("entities")):
        kind = str(entity.get("entity_type") or "")
        about = _ENTITIES.get(kind, kind.lower()[:40])
        for error in _dicts(entity.get("errors")):
            own = sentence_of(error.get("error_code"))
            said = (error.get("error_description"), error.get("possible_solution"))
            words = own or " ".join(str(part) for part in said if part)
            yield f"{about.capitalize()}: {words[:300]} (kode {error.get('error_code')})"
        notes = entity.get("additional_info")
        for note in notes if isinstance(notes, list) else []:
            yield f"{about.capitalize()}: {str(note)[:300]}"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
