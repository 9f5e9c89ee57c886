"""Meta's callbacks: entries, changes and statuses. Nothing here raises, whatever the body is.

Inbound messages are read in `_meta_inbound.py`, word about templates and the account in
`_meta_news.py`. What a change is about is told by its `field` and, since some of Meta's own
examples name the wrong one, by what it holds. Unknown changes come out as UnknownEvent.
https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components (November 2026)
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from portal.messaging.drivers import _meta_errors, _meta_inbound, _meta_news
from portal.messaging.drivers._reading import ident, moment, name_of, parsed, redacted, words
from portal.messaging.drivers.events import (
    AccountEvent,
    DeliveryEvent,
    HookEvent,
    TemplateEvent,
    UnknownEvent,
)

Doc = dict[str, Any]
STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
_BLOCKING = frozenset({368, 131031, 131042})


def events(body: bytes) -> list[HookEvent]:
    """All events of a callback, in their order."""
    data = parsed(body)
    try:
        return [
            _addressed(event, account, value)
            for field, value, account in _changes(data)
            for event in _change(field, value)
        ]
    except RecursionError:
        return []


def _changes(data: Any) -> Iterator[tuple[str, Any, str]]:
    """(field, value, account) of every change; also of the bare one that Meta's test button
    sends, which is about no account of ours."""
    if not isinstance(data, dict):
        return
    bare = data.get("sample", data)
    if isinstance(bare, dict) and "field" in bare and "value" in bare:
        yield words(bare["field"], 80), bare["value"], ""
    for entry in dicts(data.get("entry")):
        for change in dicts(entry.get("changes")):
            account = ident(entry.get("id"))[:40]
            yield words(change.get("field"), 80), change.get("value"), account


def _addressed(event: HookEvent, account: str, value: Any) -> HookEvent:
    """Word about an account or its templates names the account. About a partner's client the entry
    is the partner's own portfolio, and the value names the account."""
    if isinstance(event, TemplateEvent):
        return replace(event, account=account)
    if isinstance(event, AccountEvent):
        info = value.get("waba_info") if isinstance(value, dict) else None
        info = info if isinstance(info, dict) else {}
        named = ident(info.get("waba_id"))[:40]
        owner = ident(info.get("owner_business_id"))[:40]
        return replace(event, account=named or account, owner=owner)
    return event


def _change(field: str, value: Any) -> Iterator[HookEvent]:
    if not isinstance(value, dict):
        if field:
            yield UnknownEvent(_name(field))
        return
    found = False
    if field in {"", "messages", "user_preferences"} or not _meta_news.knows(field, value):
        for event in _talk(field, value):
            found = True
            yield event
    if not found:
        for event in _meta_news.events(field, value):
            found = True
            yield event
    if not found:
        yield UnknownEvent(_name(field))


def _talk(field: str, value: Doc) -> Iterator[HookEvent]:
    """What passes between us and customers."""
    for status in dicts(value.get("statuses")):
        yield _status(status)
    if field == "calls":
        return
    for message in dicts(value.get("messages")):
        yield _meta_inbound.message(message, value)
    for preference in dicts(value.get("user_preferences")):
        yield _meta_inbound.preference(preference, value)
    for error in dicts(value.get("errors")):
        yield _error(error)


def _status(status: Doc) -> HookEvent:
    said = words(status.get("status"), 40).lower()
    state, provider_id = STATES.get(said), ident(status.get("id"))
    if state is None or not provider_id:
        return UnknownEvent(name_of({"status": f"status {said}"}, "status"))
    category, billable = _price(status)
    return DeliveryEvent(
        provider_id=provider_id,
        key=words(status.get("biz_opaque_callback_data"), 512),
        state=state,
        at=moment(status.get("timestamp")),
        reason=_reason(status) if state == "failed" else "",
        category=category,
        billable=billable,
    )


def _reason(status: Doc) -> str:
    errors = dicts(status.get("errors"))
    if not errors:
        return "Meta tidak menyampaikan pesan ini, tanpa menyebut sebabnya."
    return error_words(errors[0])


def error_words(error: Doc) -> str:
    """Our sentence about an error, else Meta's own words; with the code."""
    code = words(error.get("code"), 12)
    known = _meta_errors.sentence(error.get("code"))
    if known is None:
        data = error.get("error_data")
        details = data.get("details") if isinstance(data, dict) else data
        said = (words(error.get("title")) or words(error.get("message")), words(details))
        known = redacted(" ".join(filter(None, said)), 200) or "Meta tidak menyampaikan pesan ini."
    return f"{known} (kode {code})" if code else known


def _price(status: Doc) -> tuple[str, bool | None]:
    """(category, whether it costs). `billable` is on its way out: the type counts."""
    pricing, conversation = status.get("pricing"), status.get("conversation")
    pricing = pricing if isinstance(pricing, dict) else {}
    origin = conversation.get("origin") if isinstance(conversation, dict) else None
    category = words(pricing.get("category"), 40)
    if not category and isinstance(origin, dict):
        category = words(origin.get("type"), 40)
    kind = words(pricing.get("type"), 40).lower()
    billable = pricing.get("billable")
    if kind:
        billable = kind == "regular"
    return category.lower().replace("-", "_"), billable if isinstance(billable, bool) else None


def _error(error: Doc) -> HookEvent:
    """An error of the account or the app, about no message."""
    code = _meta_errors.number_of(error.get("code"))
    return AccountEvent(f"errors.{code or 0}", error_words(error), blocked=code in _BLOCKING)


def _name(field: str) -> str:
    return name_of({"field": field}, "field")


def dicts(value: Any) -> list[Doc]:
    """The objects of a list; empty for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
