"""The body of POST /{phone number id}/messages, made from one of our messages. No I/O.

Shapes: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (November
2026) and Meta's OpenAPI description, v23. A template carries the kinds that have one; anything
else is free text, a file or an interactive message, which Meta takes only within 24 hours of
the customer's last word.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.messaging.drivers._kinds import FREE_KINDS, NAMES, TEMPLATE_KINDS
from portal.messaging.drivers._meta_fields import template_parts
from portal.messaging.drivers._meta_interactive import interactive
from portal.messaging.drivers.base import Media, OutgoingMessage

Doc = dict[str, Any]
TEXT, CAPTION, KEY, FILENAME, BUTTON_PAYLOAD = 4096, 1024, 512, 240, 128
OWN_WORDS = 900
"""The longest text that may stand in a template's {{1}}: a body has 1024 in all."""
CODE = "otp_code"
UPLOADED = "(diunggah saat dikirim)"
_LINK = re.compile(r"https?://\S+$")
# What Meta shows as such; of a file without a type it finds out itself.
_TYPES: Mapping[str, Sequence[str]] = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "document": (),
}


def body(message: OutgoingMessage, config: Mapping[str, str], media_id: str = "") -> Doc:
    """The whole request. `media_id` is what Meta called the uploaded file; without it a link
    stands there, or for a file of ours a note (for the log)."""
    made: Doc = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to,
        "biz_opaque_callback_data": message.key[:KEY],
    }
    if takes_template(message, config):
        return {**made, "type": "template", "template": _template(message, config, media_id)}
    return {**made, **_free(message, media_id)}


def takes_template(message: OutgoingMessage, config: Mapping[str, str]) -> bool:
    """Whether the message leaves as an approved template."""
    if message.kind in TEMPLATE_KINDS:
        return True
    if message.window:
        return False  # as it was written, with its buttons, and free of charge
    named = message.kind in FREE_KINDS and config.get(f"template_{message.kind}")
    return bool(named) and len(_own_words(message, config)) <= OWN_WORDS


def wants_upload(message: OutgoingMessage, config: Mapping[str, str]) -> Media | None:
    """The file to hand to Meta before sending, if the request will name one of ours."""
    media = file_of(message)
    if media is None or media.load is None:
        return None
    if takes_template(message, config):
        return media if _parts(message, config).get("header") == "media" else None
    return media if _carries_file(_free(message, UPLOADED)) else None


def file_of(message: OutgoingMessage) -> Media | None:
    """The message's file, if Meta would take it; else the one its block links to."""
    given = message.media
    if given is not None:
        return given if _takes(given) else None
    inner = message.block.interactive if message.block else None
    link = ((inner and inner.header_media) or "").strip()
    if inner is None or not _LINK.match(link):
        return None
    return Media(inner.media_kind, link)


def _takes(media: Media) -> bool:
    """Whether it is a kind and type for Meta, and there is a way to hand it over."""
    types = _TYPES.get(media.kind)
    good = types is not None and (not types or not media.mime or media.mime in types)
    return good and (media.load is not None or _LINK.match(media.url) is not None)


def flat(value: str) -> str:
    """A parameter Meta accepts: one line, single spaces, not empty."""
    return re.sub(r"\s+", " ", value).strip()[:CAPTION] or "-"


def _template(message: OutgoingMessage, config: Mapping[str, str], media_id: str) -> Doc:
    made: Doc = {
        "name": config[f"template_{message.kind}"],
        "language": {"policy": "deterministic", "code": config["language"]},
    }
    own = message.kind in FREE_KINDS
    said = [_own_words(message, config)] if own else message.params
    values = [flat(value) for value in said]
    components = [*_header(message, config, values, media_id), *_body(message, config, values)]
    components += _buttons(message, config, values)
    return {**made, "components": components} if components else made


def _own_words(message: OutgoingMessage, config: Mapping[str, str]) -> str:
    """Staff's words for a template's {{1}}, with the link of a file the template has no room
    for."""
    if _parts(message, config).get("header") == "media":
        return message.text
    return _with_link(message)


def _body(message: OutgoingMessage, config: Mapping[str, str], values: Sequence[str]) -> list[Doc]:
    if not values:
        return []
    made: list[Doc] = [{"type": "text", "text": value} for value in values]
    # Meta writes the text of a login code itself, with a number.
    if config.get("parameter_format") == "named" and message.kind != CODE:
        for parameter, name in zip(made, NAMES[message.kind], strict=False):
            parameter["parameter_name"] = name
    return [{"type": "body", "parameters": made}]


def _header(
    message: OutgoingMessage, config: Mapping[str, str], values: Sequence[str], media_id: str
) -> list[Doc]:
    wanted = _parts(message, config).get("header", "")
    parameter: Doc
    if wanted == "media":
        media = file_of(message)
        if media is None:
            return []
        parameter = _file(media, media_id)
    elif wanted:
        parameter = {"type": "text", "text": _value(message, wanted, values)}
        if config.get("parameter_format") == "named" and wanted in NAMES[message.kind]:
            parameter["parameter_name"] = wanted
    else:
        return []
    return [{"type": "header", "parameters": [parameter]}]


def _buttons(
    message: OutgoingMessage, config: Mapping[str, str], values: Sequence[str]
) -> list[Doc]:
    if message.kind == CODE:
        # An AUTHENTICATION template wants the code in its copy button as well.
        code = [{"type": "text", "text": value} for value in values[:1]]
        return [_button("url", "0", code)]
    made = []
    for part, wanted in sorted(_parts(message, config).items()):
        value = _value(message, wanted, values)
        if part.startswith("url"):
            made.append(_button("url", part[3:], [{"type": "text", "text": value}]))
        elif part.startswith("quick"):
            payload = {"type": "payload", "payload": value[:BUTTON_PAYLOAD]}
            made.append(_button("quick_reply", part[5:], [payload]))
    return sorted(made, key=lambda one: str(one["index"]))


def _button(sub_type: str, index: str, parameters: Sequence[Doc]) -> Doc:
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": list(parameters)}


def _parts(message: OutgoingMessage, config: Mapping[str, str]) -> Mapping[str, str]:
    try:
        return template_parts(config.get("template_parts", "")).get(message.kind, {})
    except ValueError:  # from the environment, which no form checked
        return {}


def _value(message: OutgoingMessage, wanted: str, values: Sequence[str]) -> str:
    """The value of that name; a word that is none of them is meant as it stands."""
    return dict(zip(NAMES[message.kind], values, strict=False)).get(wanted, wanted)


def _free(message: OutgoingMessage, media_id: str) -> Doc:
    """An interactive message where it fits; else the file with the words under it; else text."""
    media = file_of(message)
    given = None if media is None else _file(media, media_id)
    made = interactive(message.block, given) if message.block else None
    if made is not None and (media is not None or _said(message, made)):
        return {"type": "interactive", "interactive": made}
    if media is None or given is None or len(message.text) > CAPTION:
        return _text(_with_link(message))
    inner = given[media.kind]
    return {
        "type": media.kind,
        media.kind: {**inner, "caption": message.text} if message.text else inner,
    }


def _said(message: OutgoingMessage, made: Doc) -> bool:
    """Whether a file that Meta does not take is at least named in the message."""
    link = message.media.url.strip() if message.media else ""
    return link in made["body"]["text"]


def _with_link(message: OutgoingMessage) -> str:
    """The words, and the link of the file that does not go with them, unless they name it."""
    media = message.media or file_of(message)
    inner = message.block.interactive if message.block else None
    link = media.url if media else ((inner and inner.header_media) or "")
    return message.text if link in message.text else f"{message.text}\n\n{link}".strip()


def _text(words: str) -> Doc:
    return {"type": "text", "text": {"preview_url": False, "body": words[:TEXT]}}


def _file(media: Media, media_id: str) -> Doc:
    """A header or message part: `{"type": "document", "document": {"id": …}}`."""
    by_id = bool(media_id) or media.load is not None
    inner = {"id": media_id or UPLOADED} if by_id else {"link": media.url}
    if media.kind == "document" and media.filename:
        inner["filename"] = media.filename[:FILENAME]
    return {"type": media.kind, media.kind: inner}


def _carries_file(free: Doc) -> bool:
    kind = free["type"]
    inner = free["interactive"].get("header", {}) if kind == "interactive" else free
    return any(name in inner for name in _TYPES)
