"""From a message row to words: one pass of substitution, values made harmless first.

Values are never parsed again, so a customer called `[[code]]` stays just that; what is taken
from them is in `text_values.py`, which text is in force in `text_store.py`. A thousand messages
a second come through here: what repeats (dates, days, phone numbers, the parts of a text) is
worked out once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.accounts.otp import code_to_send
from portal.config import Settings
from portal.core import wablock
from portal.core.money import format_number, format_rupiah
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.core.wablock import Block, spelled_out
from portal.infra.timekeeping import zone
from portal.invoices import links
from portal.messaging import text_store
from portal.messaging.kinds import EVERY, SAMPLES
from portal.messaging.masking import HIDDEN
from portal.messaging.models import Message
from portal.messaging.text_values import clean as clean
from portal.messaging.text_values import harmless as harmless
from portal.messaging.text_values import paragraphs as paragraphs
from portal.settings import service as settings

_PLACE = re.compile(r"\[\[([a-z_]+)\]\]")
TAGS = re.compile(r"\[\[/?wa\]\]", re.IGNORECASE)
# Not a hyphen: at the start of a line that would begin a list.
EMPTY = "–"
LINK_PLACE = "[[pay_link]]"


@lru_cache(maxsize=256)
def _parts(template: str) -> tuple[str, ...]:
    """Words and places in turn: every second part is a place's name."""
    return tuple(_PLACE.split(template))


def substitute(template: str, values: Mapping[str, str]) -> str:
    """Fill `[[name]]` places in one pass; an unknown place becomes empty."""
    parts = _parts(template)
    return "".join(
        values.get(part, "") if number % 2 else part for number, part in enumerate(parts)
    )


@dataclass(frozen=True)
class Composed:
    """A message's words in full, and the `[[wa]]` block behind them if its text has one."""

    text: str
    block: Block | None = None

    def words(self, media: bool) -> str:
        """For a channel that carries only text. `media`: it sends the header file as well, so
        its link need not be spelled out."""
        return spelled_out(self.block, media=media) if self.block else self.text


def compose(
    kind: str,
    language: str,
    params: Mapping[str, Any],
    code: str | None = None,
    *,
    body: str | None = None,
) -> Composed:
    """`render` for a message that may be more than text. `body` as there: nothing in it is
    filled but the pay link."""
    if body is not None:
        words = _linked(kind, paragraphs(body), params)
        return _of_block(words, None) if may_hold_block(words) else Composed(words)
    return composed_of(text_store.current(kind, language), language, params, code)


def composed_of(
    template: str, language: str, params: Mapping[str, Any], code: str | None = None
) -> Composed:
    """A text with its places filled. A block is read first and filled afterwards, so no value
    can add a button or end the block."""
    written = str(params.get("text") or "")
    if not (may_hold_block(template) or may_hold_block(written)):
        return Composed(fill(template, language, params, code))
    if written:
        # Staff wrote it for this message; its places are the message's own.
        template = template.replace("[[text]]", written)
    return _of_block(paragraphs(template), _values(language, params, code))


def _of_block(template: str, values: Mapping[str, str] | None) -> Composed:
    block = _parsed(template)
    if block is None:
        words = TAGS.sub("", template).strip()
        return Composed(substitute(words, values) if values is not None else words)
    if values is not None:
        block = block.mapped(lambda words: substitute(words, values))
    return Composed(spelled_out(block), block)


@lru_cache(maxsize=128)
def _parsed(template: str) -> Block | None:
    return wablock.parse(template)


def may_hold_block(text: str) -> bool:
    """Whether it is worth reading as a block: its tag, or a payload given as JSON."""
    return bool(TAGS.search(text)) or text.lstrip().startswith(("{", "[{"))


def render(
    kind: str,
    language: str,
    params: Mapping[str, Any],
    code: str | None = None,
    *,
    body: str | None = None,
) -> str:
    """The whole text of a message. `code` only for a login code that is leaving now; `body` is
    what a person wrote for this one message, sent as it stands; only the pay link is filled."""
    if body is not None:
        return _linked(kind, paragraphs(body), params)
    return fill(text_store.current(kind, language), language, params, code)


def _linked(kind: str, words: str, params: Mapping[str, Any]) -> str:
    """A link stands in no stored text, so that a revoked one is never sent."""
    if "pay_link" not in EVERY[kind].extras:
        return words
    return words.replace(LINK_PLACE, str(params.get("pay_link") or _portal_url()))


def fill(template: str, language: str, params: Mapping[str, Any], code: str | None = None) -> str:
    """A text with its places filled: for messages, and for the preview of a text being typed."""
    return substitute(template, _values(language, params, code))


def _values(language: str, params: Mapping[str, Any], code: str | None) -> dict[str, str]:
    """Every place of a text with what stands in it."""
    values = _shown(language, params, code, format_rupiah)
    values["company"] = harmless(settings.text("company.name")) or EMPTY
    values["portal"] = _portal_url()
    # Our own words, no value of anybody; without a bill that can be paid so, the portal.
    values["pay_link"] = str(params.get("pay_link") or values["portal"])
    if params.get("days_left") is not None:
        values["days_left"] = _days_in_words(int(params["days_left"]), language)
    return values


def template_params(
    kind: str, language: str, params: Mapping[str, Any], code: str | None = None
) -> list[str]:
    """The values for an approved template, in its order: one line each, never empty, no tab, no
    run of spaces. The template's body already says "Rp"."""
    shown = _shown(language, params, code, format_number)
    if "text" in shown:
        shown["text"] = clean(shown["text"])
    return [shown.get(name) or EMPTY for name in EVERY[kind].expects]


def code_for(message: Any) -> tuple[str | None, str]:
    """The login code of a message that leaves now, or why it must not leave."""
    if message.kind != "otp_code":
        return None, ""
    if message.otp_challenge_id is None:
        # A test of the template from the settings page: never a code that opens anything.
        return (
            (SAMPLES["code"], "") if message.customer_id is None else (None, "Kode sudah hilang.")
        )
    code = code_to_send(message.otp_challenge_id)
    return (code, "") if code else (None, "Kode sudah dipakai, diganti, atau kedaluwarsa.")


def preview(message: Message) -> str:
    """The text as the log shows it: a login code and a pay link stay hidden."""
    code = HIDDEN if message.kind == "otp_code" else None
    params = {**message.params, "pay_link": hidden_link()}
    return compose(message.kind, message.language, params, code, body=message.body).text


def hidden_link() -> str:
    """A pay link as the log shows it: whoever reads messages may not pay, or see a bill."""
    return links.address(HIDDEN)


def sample_link() -> str:
    """As long as a real pay link; opens nothing."""
    return links.address("x" * links.LENGTH)


def _shown(
    language: str, params: Mapping[str, Any], code: str | None, money: Callable[[int], str]
) -> dict[str, str]:
    """Each named value as people read it, harmless. Only `text` was written to be a message."""
    shown: dict[str, str] = {}
    for name, value in params.items():
        if value is None:
            shown[name] = EMPTY
        elif name == "amount":
            shown[name] = money(int(value))
        elif name == "due_on":
            shown[name] = _date(date.fromisoformat(value), "d MMMM yyyy", language)
        elif name == "paid_at":
            local = datetime.fromisoformat(value).astimezone(zone())
            shown[name] = f"{_date(local.date(), 'd MMM yyyy', language)} {local:%H.%M}"
        elif name == "period":
            shown[name] = _date(date.fromisoformat(f"{value}-01"), "MMMM yyyy", language)
        elif name == "cs_phone":
            shown[name] = _local_phone(str(value))
        elif name == "text":
            shown[name] = paragraphs(str(value))
        else:
            shown[name] = harmless(str(value)) or EMPTY
    if code is not None:
        shown["code"] = code
    return shown


@lru_cache(maxsize=1024)
def _date(day: date, pattern: str, language: str) -> str:
    return format_date(day, pattern, locale=language)


@lru_cache(maxsize=64)
def _local_phone(value: str) -> str:
    try:
        return PhoneNumber.parse(value).local()
    except InvalidPhone:
        return EMPTY


@lru_cache(maxsize=512)
def _days_in_words(days: int, language: str) -> str:
    with force_locale(language):
        if days <= 0:
            return _("hari ini")
        return _("besok") if days == 1 else _("dalam %(days)s hari", days=days)


def _portal_url() -> str:
    config: Settings = current_app.extensions["loket.settings"]
    return config.public_url
