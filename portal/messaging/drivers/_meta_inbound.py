"""What customers send through Meta, of every type, as our InboundMessage. Nothing here raises.

A person with a username may hide the number: then only `user_id` remains. What cannot be shown
as words (files, places) is described in a few, so that staff know what to look for.
https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages (November 2026)
"""

from collections.abc import Callable, Mapping
from typing import Any

from portal.messaging.drivers._reading import (
    e164,
    fingerprint,
    ident,
    moment,
    name_of,
    words,
)
from portal.messaging.drivers.events import HookEvent, InboundMessage, UnknownEvent

Doc = dict[str, Any]
MARKETING_STOP, MARKETING_RESUME = "MARKETING_STOP", "MARKETING_RESUME"
"""The `payload` of a preference a customer set in WhatsApp's own menu: about promotions only."""
_PREFERENCES = {
    "stop": (MARKETING_STOP, "Tidak mau promosi lagi (dipilih di menu WhatsApp)."),
    "resume": (MARKETING_RESUME, "Mau promosi lagi (dipilih di menu WhatsApp)."),
}
LONGEST, PAYLOAD = 4096, 300


def message(said: Doc, value: Doc) -> HookEvent:
    """One of `messages`."""
    form = words(said.get("type"), 30).lower() or "unknown"
    if said.get("group_id"):
        return UnknownEvent("pesan grup")
    text, payload, reply_to = _read(form, said)
    context = _object(said.get("context"))
    sender, user_id, name = _who(said, value)
    mark = f"{sender}{user_id}{words(said.get('timestamp'), 20)}{form}{text}{payload}"
    return InboundMessage(
        provider_id=ident(said.get("id")) or fingerprint(mark.encode()),
        sender=sender,
        at=moment(said.get("timestamp")),
        text=text[:LONGEST],
        form=form,
        name=name,
        user_id=user_id,
        reply_to=ident(context.get("id")) or reply_to,
        payload=payload[:PAYLOAD],
        number=our_number(value),
    )


def preference(said: Doc, value: Doc) -> HookEvent:
    """A customer's choice about promotions, made in WhatsApp itself."""
    wanted = _PREFERENCES.get(words(said.get("value"), 20).lower())
    if wanted is None or words(said.get("category"), 40) not in {"", "marketing_messages"}:
        return UnknownEvent(name_of({"name": f"user_preferences {said.get('value')}"}, "name"))
    sender, user_id, name = _who(said, value)
    mark = f"{sender}{user_id}{wanted[0]}{words(said.get('timestamp'), 20)}"
    return InboundMessage(
        provider_id=fingerprint(mark.encode()),
        sender=sender,
        at=moment(said.get("timestamp")),
        text=wanted[1],
        form="user_preferences",
        name=name,
        user_id=user_id,
        payload=wanted[0],
        number=our_number(value),
    )


def our_number(value: Doc) -> str:
    """The id of the number of ours that was written to."""
    return ident(_object(value.get("metadata")).get("phone_number_id"))[:40]


def _who(said: Doc, value: Doc) -> tuple[str, str, str]:
    """(number, Meta's name for the person, profile name); any may be empty."""
    number = words(said.get("from") or said.get("wa_id"), 60)
    user_id = words(said.get("from_user_id") or said.get("user_id"), 150)
    contact = _contact(value, number, user_id)
    sender = e164(number) or e164(contact.get("wa_id"))
    if number and not e164(number):
        user_id = user_id or number[:150]
    user_id = user_id or words(contact.get("user_id"), 150)
    profile = _object(contact.get("profile"))
    return sender, user_id, words(profile.get("name") or profile.get("username"), 120)


def _contact(value: Doc, number: str, user_id: str) -> Doc:
    """The one of `contacts` who wrote; the only one when it names nobody."""
    known = _objects(value.get("contacts"))
    for contact in known:
        if number and words(contact.get("wa_id"), 60) == number:
            return contact
        if user_id and words(contact.get("user_id"), 150) == user_id:
            return contact
    return known[0] if len(known) == 1 else {}


def _read(form: str, said: Doc) -> tuple[str, str, str]:
    """(text, what a pressed button carries, the message it is about) of a message."""
    inner = _object(said.get(form))
    reader = _READERS.get(form)
    if reader is not None:
        return reader(inner, said)
    return words(inner.get("caption") or inner.get("body") or inner.get("text")), "", ""


def _text(inner: Doc, said: Doc) -> tuple[str, str, str]:
    return words(inner.get("body")), "", ""


def _file(inner: Doc, said: Doc) -> tuple[str, str, str]:
    return words(inner.get("caption")) or words(inner.get("filename")), "", ""


def _button(inner: Doc, said: Doc) -> tuple[str, str, str]:
    return words(inner.get("text")), words(inner.get("payload")), ""


def _interactive(inner: Doc, said: Doc) -> tuple[str, str, str]:
    kind = words(inner.get("type"), 40)
    chosen = _object(inner.get(kind))
    if not chosen:
        chosen = next((one for one in inner.values() if isinstance(one, dict)), {})
    title, description = words(chosen.get("title")), words(chosen.get("description"))
    text = ": ".join(filter(None, (title, description))) or words(chosen.get("body"))
    return text, words(chosen.get("id") or chosen.get("response_json")), ""


def _location(inner: Doc, said: Doc) -> tuple[str, str, str]:
    place = [words(inner.get("name")), words(inner.get("address"))]
    at = [_number(inner.get("latitude")), _number(inner.get("longitude"))]
    place.append(", ".join(at) if all(at) else "")
    return "\n".join(filter(None, (*place, words(inner.get("url"))))), "", ""


def _contacts(inner: Doc, said: Doc) -> tuple[str, str, str]:
    lines = []
    for card in _objects(said.get("contacts")):
        name = _object(card.get("name"))
        phones = [words(phone.get("phone"), 60) for phone in _objects(card.get("phones"))]
        full = words(name.get("formatted_name") or name.get("first_name"), 200)
        lines.append(": ".join(filter(None, (full, ", ".join(filter(None, phones))))))
    return "\n".join(filter(None, lines)), "", ""


def _reaction(inner: Doc, said: Doc) -> tuple[str, str, str]:
    return words(inner.get("emoji"), 60), "", ident(inner.get("message_id"))


def _order(inner: Doc, said: Doc) -> tuple[str, str, str]:
    lines = [words(inner.get("text"))]
    for item in _objects(inner.get("product_items")):
        count = _number(item.get("quantity")) or "1"
        lines.append(f"{count} x {words(item.get('product_retailer_id'), 100)}")
    return "\n".join(filter(None, lines)), "", ""


def _system(inner: Doc, said: Doc) -> tuple[str, str, str]:
    return words(inner.get("body")) or words(inner.get("type"), 60), words(inner.get("type")), ""


def _unsupported(inner: Doc, said: Doc) -> tuple[str, str, str]:
    errors = _objects(said.get("errors"))
    title = words(errors[0].get("title"), 200) if errors else ""
    kind = words(inner.get("type"), 40)
    return ": ".join(filter(None, (title, kind))), "", ""


def _edit(inner: Doc, said: Doc) -> tuple[str, str, str]:
    """The new words of a message; a nested one is never read deeper."""
    now = _object(inner.get("message"))
    form = words(now.get("type"), 30).lower()
    if form in {"edit", "revoke"}:
        return "", "", ident(inner.get("original_message_id"))
    text, payload, about = _read(form, now)
    context = ident(_object(now.get("context")).get("id"))
    return text, payload, context or about or ident(inner.get("original_message_id"))


def _revoke(inner: Doc, said: Doc) -> tuple[str, str, str]:
    return "", "", ident(inner.get("original_message_id"))


_READERS: Mapping[str, Callable[[Doc, Doc], tuple[str, str, str]]] = {
    "text": _text,
    **dict.fromkeys(("image", "video", "document", "audio", "voice", "sticker"), _file),
    "button": _button,
    "interactive": _interactive,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
    "unsupported": _unsupported,
    "unknown": _unsupported,
    "edit": _edit,
    "revoke": _revoke,
}


def _number(value: Any) -> str:
    good = isinstance(value, int | float | str) and not isinstance(value, bool)
    return words(str(value)[:30]) if good else ""


def _object(value: Any) -> Doc:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Doc]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
