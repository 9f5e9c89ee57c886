"""Telling the staff, once, that a template in use was stopped or filed under another category.

The news comes by a callback (`template_word.py`) or is noticed by the daily look (`templates.py`);
both say it here, under the same key.
"""

from portal.infra import audit
from portal.infra.timekeeping import today
from portal.messaging import notices, template_status
from portal.messaging.drivers.approved import RemoteTemplate
from portal.messaging.models_inbound import MessageTemplate


def compare(channel_id: int, known: MessageTemplate, remote: RemoteTemplate) -> None:
    """What is new about a template in use."""
    changed(channel_id, known, "status", remote.status)
    changed(channel_id, known, "category", remote.category)
    changed(channel_id, known, "quality", remote.quality)


def changed(channel_id: int, known: MessageTemplate, about: str, value: str) -> None:
    """A new word about a template; told when it matters and is news."""
    if not known.kind or getattr(known, about) == value:
        return
    if about == "status" and value not in template_status.STOPPED:
        return
    if about == "category" and not template_status.recategorised(known.kind, value):
        return
    if about == "quality" and value != "RED":
        return
    tell(channel_id, known.name, known.language, about, value)


def tell(channel_id: int, name: str, language: str, about: str, value: str, more: str = "") -> None:
    """Queue the news and keep it in the audit log; once a day each."""
    said = {"template": name, "language": language, about: value}
    audit.record("whatsapp.template", f"channel:{channel_id}", after=said)
    words = {
        "status": f"sekarang {_lower(template_status.status_word(value).label)}",
        "quality": "bermutu rendah menurut penerimanya",
        "category": f"masuk kategori {_lower(template_status.category_label(value))}",
        "announced": f"akan masuk kategori {_lower(template_status.category_label(value))}",
    }[about]
    text = f"Template WhatsApp {name} ({language}) {words}. {more}".rstrip()
    key = f"template:{channel_id}:{name[:40]}:{language}:{about}:{value}:{today():%Y%m%d}"
    notices.tell("channel", key, f"{text} Periksa Pengaturan > WhatsApp > Template.")


def _lower(label: object) -> str:
    return str(label).lower()
