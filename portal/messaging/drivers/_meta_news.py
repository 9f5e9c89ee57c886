"""Word of Meta about templates, the account and the number. Nothing here raises.

Sentences are for the owner; what stops everything until somebody acts is `blocked`.
https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference (November 2026)
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portal.messaging.drivers._meta_account import EVENTS, account, business_wide
from portal.messaging.drivers._meta_check import limit_words
from portal.messaging.drivers._reading import ident, words
from portal.messaging.drivers.events import AccountEvent, HookEvent, TemplateEvent

Doc = dict[str, Any]


def knows(field: str, value: Doc) -> bool:
    """Whether it is word about templates or the account rather than a conversation."""
    return _reader(field, value) is not None


def events(field: str, value: Doc) -> Iterator[HookEvent]:
    """The event of a change; none for what nobody here knows."""
    reader = _reader(field, value)
    found = reader(value) if reader else None
    if found is not None:
        yield found


def _reader(field: str, value: Doc) -> Callable[[Doc], HookEvent | None] | None:
    """By what it holds first: Meta's examples name a wrong field here and there."""
    if "message_template_name" in value or "message_template_id" in value:
        if "new_quality_score" in value:
            return _quality
        if "new_category" in value or "correct_category" in value:
            return _category
        if "event" in value:
            return _status
        return _components
    if words(value.get("event"), 60).upper() in EVENTS:
        return account
    return _READERS.get(field)


def _status(value: Doc) -> HookEvent | None:
    rejection, other = _object(value.get("rejection_info")), _object(value.get("other_info"))
    reason = _word(value.get("reason"))
    more = [
        words(other.get("title"), 60),
        words(rejection.get("reason"), 300) or words(other.get("description"), 300),
        words(rejection.get("recommendation"), 300),
    ]
    said = [part for part in ("" if reason == "NONE" else reason, *more) if part]
    return _template("status", value, value.get("event"), reason=" ".join(said)[:600] or reason)


def _quality(value: Doc) -> HookEvent | None:
    before = _word(value.get("previous_quality_score"))
    return _template("quality", value, value.get("new_quality_score"), before=before)


def _category(value: Doc) -> HookEvent | None:
    """With `correct_category` it is announced: `new_category` is then still the present one."""
    correct = value.get("correct_category")
    if correct:
        now = _word(value.get("new_category"))
        return _template("category", value, correct, before=now, reason="announced")
    before = _word(value.get("previous_category"))
    return _template("category", value, value.get("new_category"), before=before)


def _components(value: Doc) -> HookEvent | None:
    return _template("components", value, "UPDATED")


def _template(
    about: str, value: Doc, word: Any, *, before: str = "", reason: str = ""
) -> TemplateEvent | None:
    """None without a name or a word."""
    name, said = words(value.get("message_template_name"), 512), _word(word)
    if not name or not said:
        return None
    return TemplateEvent(
        about=about,
        name=name,
        language=words(value.get("message_template_language"), 15).replace("-", "_"),
        value=said,
        before=before,
        provider_id=ident(value.get("message_template_id"))[:60],
        reason=reason,
    )


_NUMBER: Mapping[str, str] = {
    "ONBOARDING": "Nomor selesai didaftarkan di Cloud API.",
    "THROUGHPUT_UPGRADE": "Kecepatan kirim nomor dinaikkan Meta menjadi 1.000 pesan per detik.",
    "FLAGGED": "Mutu nomor rendah: kurangi kiriman yang tidak diminta, atau batasnya turun.",
    "UNFLAGGED": "Mutu nomor sudah pulih.",
    "UPGRADE": "Batas penerima per 24 jam dinaikkan Meta.",
    "DOWNGRADE": "Batas penerima per 24 jam diturunkan Meta karena mutu. Kurangi kiriman.",
}


def _number_quality(value: Doc) -> HookEvent:
    event = _word(value.get("event"))
    said = _NUMBER.get(event, f"Meta mengabarkan {event.lower() or 'perubahan'} tentang nomor ini.")
    limit = value.get("max_daily_conversations_per_business") or value.get("current_limit")
    if isinstance(limit, str | int) and not isinstance(limit, bool):
        said = f"{said} Batas sekarang: {limit_words(limit)}."
    return AccountEvent(f"phone_number_quality_update.{event}"[:80], said)


def _number_name(value: Doc) -> HookEvent:
    decision = _word(value.get("decision"))
    name = words(value.get("requested_verified_name"), 100)
    reason = words(value.get("rejection_reason"), 200)
    said = {
        "APPROVED": f"Nama tampilan {name} disetujui Meta.",
        "REJECTED": f"Nama tampilan {name} ditolak Meta. Ajukan nama lain di WhatsApp Manager.",
        "DEFERRED": f"Nama tampilan {name} masih ditinjau Meta.",
        "PENDING": f"Nama tampilan {name} masih ditinjau Meta.",
    }.get(decision, f"Kabar tentang nama tampilan {name}: {decision.lower()}.")
    if reason and reason.upper() != "NONE":
        said = f"{said} Alasan: {reason}."
    return AccountEvent(f"phone_number_name_update.{decision}"[:80], said)


def _alert(value: Doc) -> HookEvent:
    inner = _object(value.get("alert_info")) or value
    kind = _word(inner.get("alert_type"))
    told = words(inner.get("alert_description"), 300) or kind.replace("_", " ").lower()
    grave = _word(inner.get("alert_severity")) in {"CRITICAL", "WARNING"}
    said = "Peringatan Meta" if grave else "Kabar Meta"
    return AccountEvent(f"account_alerts.{kind}"[:80], f"{said} tentang akun: {told}")


def _review(value: Doc) -> HookEvent:
    decision = _word(value.get("decision"))
    said = {
        "APPROVED": "Akun WhatsApp Business disetujui Meta.",
        "REJECTED": "Akun WhatsApp Business ditolak Meta. Ajukan banding di WhatsApp Manager.",
        "PENDING": "Akun WhatsApp Business sedang ditinjau Meta.",
        "DEFERRED": "Peninjauan akun WhatsApp Business ditunda Meta.",
    }.get(decision, f"Kabar peninjauan akun WhatsApp Business: {decision.lower()}.")
    return AccountEvent(f"account_review_update.{decision}"[:80], said, decision == "REJECTED")


def _security(value: Doc) -> HookEvent:
    event = _word(value.get("event"))
    said = {
        "PIN_CHANGED": "PIN dua langkah nomor diubah.",
        "PIN_RESET_REQUEST": "Seseorang meminta PIN dua langkah nomor dihapus.",
        "PIN_RESET_SUCCESS": "PIN dua langkah nomor dihapus.",
    }.get(event, f"Kabar keamanan nomor: {event.lower()}.")
    words_of = f"{said} Bila bukan Anda, amankan WhatsApp Manager sekarang."
    return AccountEvent(f"security.{event}"[:80], words_of)


_READERS: Mapping[str, Callable[[Doc], HookEvent | None]] = {
    "message_template_status_update": _status,
    "message_template_quality_update": _quality,
    "template_category_update": _category,
    "message_template_components_update": _components,
    "account_update": account,
    "phone_number_quality_update": _number_quality,
    "phone_number_name_update": _number_name,
    "account_alerts": _alert,
    "account_review_update": _review,
    "business_capability_update": business_wide,
    "security": _security,
}


def _word(value: Any) -> str:
    """One of Meta's fixed words, whose case it does not always keep."""
    return words(value, 60).strip().upper()


def _object(value: Any) -> Doc:
    return value if isinstance(value, dict) else {}
