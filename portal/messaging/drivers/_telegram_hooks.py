"""Telegram's updates as our events, and what an update is answered with at once.

Only private chats are heard: there the chat's id is the person's. A pressed button must be
answered or it goes on spinning; a group gets one sentence when it asks for something.
"""

from typing import Any

from portal.core.recipients import TelegramChat
from portal.messaging.drivers._reading import as_dict, ident, json_object, moment, words
from portal.messaging.drivers.events import HookEvent, InboundMessage, UnknownEvent

ONLY_PRIVATE = "Saya hanya melayani obrolan pribadi. Buka profil saya, lalu tekan Mulai."
FORMS = ("text", "photo", "document", "voice", "video", "sticker", "location", "contact")


def events(body: bytes) -> list[HookEvent]:
    """What an update tells; at most one thing."""
    update = json_object(body)
    number = ident(update.get("update_id"))
    if not number:
        return []
    if "message" in update:
        found = _message(number, as_dict(update["message"]))
    elif "callback_query" in update:
        found = _pressed(number, as_dict(update["callback_query"]))
    else:
        names = sorted(name for name in update if name != "update_id")
        found = UnknownEvent(words(names[0] if names else "", 40) or "tidak dikenal")
    return [found]


def _message(number: str, said: dict[str, Any]) -> HookEvent:
    chat = _private(said)
    if chat is None:
        return UnknownEvent("message di luar chat pribadi")
    answered = ident(as_dict(said.get("reply_to_message")).get("message_id"))
    return InboundMessage(
        provider_id=f"{number}:{chat.id}",
        sender=str(chat),
        at=moment(said.get("date")),
        text=words(said.get("text")) or words(said.get("caption")),
        form=next((form for form in FORMS if form in said), "lain"),
        reply_to=f"{chat.id}:{answered}" if answered else "",
        **_person(said),
    )


def _pressed(number: str, query: dict[str, Any]) -> HookEvent:
    said = as_dict(query.get("message"))
    chat = _private({"chat": said.get("chat"), "from": query.get("from")})
    if chat is None:
        return UnknownEvent("callback_query di luar chat pribadi")
    return InboundMessage(
        provider_id=f"{number}:{chat.id}",
        sender=str(chat),
        at=moment(None),
        form="button",
        payload=words(query.get("data"), 64),
        reply_to=f"{chat.id}:{ident(said.get('message_id'))}",
        **_person(query),
    )


def _person(said: dict[str, Any]) -> dict[str, str]:
    """Name and username, as people wrote them."""
    person = as_dict(said.get("from"))
    names = (words(person.get("first_name"), 64), words(person.get("last_name"), 64))
    return {"name": " ".join(filter(None, names)), "user_id": words(person.get("username"), 64)}


def _private(said: dict[str, Any]) -> TelegramChat | None:
    """The chat, when it is one person's with the bot, and that person's word."""
    chat, person = as_dict(said.get("chat")), as_dict(said.get("from"))
    if chat.get("type") != "private" or person.get("is_bot") is True:
        return None
    if chat.get("id") != person.get("id"):
        return None
    try:
        return TelegramChat.parse(f"tg:{words(chat.get('id'), 30)}")
    except ValueError:
        return None


def answer(body: bytes) -> dict[str, object] | None:
    """A request of ours that goes back with the answer to the update."""
    update = json_object(body)
    query = ident(as_dict(update.get("callback_query")).get("id"))
    if query:
        return {"method": "answerCallbackQuery", "callback_query_id": query}
    said = as_dict(update.get("message"))
    chat = as_dict(said.get("chat"))
    asked = words(said.get("text")).startswith("/")
    if asked and chat.get("type") in {"group", "supergroup"} and ident(chat.get("id")):
        return {"method": "sendMessage", "chat_id": chat["id"], "text": ONLY_PRIVATE}
    return None
