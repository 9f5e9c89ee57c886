"""A bot on Telegram, through the Bot API (https://core.telegram.org/bots/api, version 9, 2026).

It writes only to people who wrote to it first: recipients are `tg:<chat id>`, never phones. The
token is part of every address, so it is checked for what may stand in one. Answers are JSON with
`ok`; a no has `error_code` (the HTTP status) and a `description`, which is what tells one from
another. There is no request key, so a lost answer is unknown.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from portal.core import recipients
from portal.core.driverkit import (
    Capability,
    ConfigField,
    DriverError,
    Health,
    Misconfigured,
    Permanent,
    RateLimited,
)
from portal.infra.http import Reply
from portal.messaging.drivers import _telegram_hooks, _telegram_text
from portal.messaging.drivers._fields import http_url
from portal.messaging.drivers._reading import (
    LONGEST_WAIT,
    as_dict,
    first_text,
    ident,
    redacted,
    same,
    wait_of,
    words,
)
from portal.messaging.drivers._refusals import Refusal, half_sent, refused
from portal.messaging.drivers.base import Limits, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import HookEvent, HookRequest

_BOT = Misconfigured, "Telegram menolak token bot. Salin ulang dari @BotFather."
_GONE = Permanent, "Orang ini memblokir bot, menghapus akun, atau belum pernah menekan Mulai."
# `error_code description` -> what it is. Published: core.telegram.org/bots/api#making-requests;
# descriptions as in github.com/tdlib/telegram-bot-api and github.com/TelegramBotAPI/errors.
REFUSALS = (
    Refusal(r"^401\b|^404\b", *_BOT),
    Refusal(r"^403\b|user_is_blocked|peer_id_invalid|chat not found", *_GONE),
    Refusal(
        r"bad webhook|https url must be provided",
        Misconfigured,
        "Telegram hanya memanggil alamat https di internet. Periksa PUBLIC_URL.",
    ),
    Refusal(
        r"button_url|button url|button_data|button_type|reply markup",
        Permanent,
        "Telegram menolak tombolnya. Alamat tombol harus ada di internet; periksa PUBLIC_URL.",
    ),
    Refusal(
        r"photo|image|file|http url|media|document|video",
        Permanent,
        "Telegram tidak dapat memakai berkasnya.",
    ),
    Refusal(r"too long|is empty|parse entities", Permanent, "Telegram menolak isi pesan ini."),
)
_TOKEN = re.compile(r"[0-9]{5,15}:[A-Za-z0-9_-]{20,80}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{8,256}")
LONGEST_CAPTION = 1024
METHODS = {"image": "photo", "video": "video", "document": "document"}
HEARD = ("message", "callback_query")
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a name


def _token(value: str) -> str | None:
    if _TOKEN.fullmatch(value):
        return None
    return "Token bot berbentuk 123456789:AA… seperti yang diberikan @BotFather."


def _secret(value: str) -> str | None:
    if _SECRET.fullmatch(value):
        return None
    return "Secret hanya huruf, angka, _ dan -, 8 sampai 256 buah."


class Telegram(MessageDriver):
    """One bot."""

    kind = "telegram"
    label = "Telegram (bot)"
    reach = recipients.TELEGRAM
    capabilities = frozenset(
        {
            Capability.TEXT,
            Capability.INTERACTIVE,
            Capability.MEDIA,
            Capability.INBOUND,
            Capability.SETS_HOOK,
        }
    )
    # core.telegram.org/bots/faq: 30 a second to different people, one a second to one.
    limits = Limits(per_second=25, pair_seconds=1, pair_burst=5)
    fields = (
        ConfigField(
            "token", "Token bot", "Dari @BotFather.", secret=True, required=True, check=_token
        ),
        ConfigField(
            "webhook_secret",
            "Secret webhook",
            "Kosong: dibuat sendiri dari token. Setelah mengganti, pasang webhook lagi.",
            secret=True,
            check=_secret,
        ),
        ConfigField("base_url", "Alamat API", default="https://api.telegram.org", check=http_url),
    )

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        """The whole message as one request; a long one with a file is sent as two."""
        media = message.media
        said = _telegram_text.words(message.text, message.block, media=media is not None)
        shown: dict[str, Any] = {"chat_id": _chat(message.to), "parse_mode": "HTML"}
        if media is None:
            shown["text"] = _telegram_text.html(said)
        else:
            shown[METHODS[media.kind]] = media.filename or "berkas" if media.load else media.url
            shown["caption"] = _telegram_text.html(said)
        if keys := _telegram_text.keyboard(message.block):
            shown["reply_markup"] = keys
        return shown

    def send(self, message: OutgoingMessage) -> Receipt:
        media = message.media
        if media is None:
            return self._sent(message, self._call("sendMessage", json=self.payload(message)))
        said = _telegram_text.words(message.text, message.block, media=True)
        if len(said) <= LONGEST_CAPTION:
            return self._send_file(message, self.payload(message))
        self._sent(message, self._call("sendMessage", json=_only_words(message, said)))
        try:
            return self._send_file(message, {**self.payload(message), "caption": ""})
        except DriverError as error:
            raise half_sent(error) from None

    def _send_file(self, message: OutgoingMessage, shown: dict[str, Any]) -> Receipt:
        media = message.media
        assert media is not None
        field = METHODS[media.kind]
        method = f"send{field.capitalize()}"
        if media.load is None:
            return self._sent(message, self._call(method, json=shown))
        parts = {name: value for name, value in shown.items() if name != field}
        if "reply_markup" in parts:
            parts["reply_markup"] = json.dumps(parts["reply_markup"])
        mime = media.mime or "application/octet-stream"
        files = {field: (media.filename or "berkas", media.load(), mime)}
        return self._sent(message, self._call(method, data=parts, files=files))

    def _sent(self, message: OutgoingMessage, reply: Reply) -> Receipt:
        number = ident(as_dict(as_dict(reply.json()).get("result")).get("message_id"))
        if not number:
            raise refused(reply, "Telegram", "", (), said_no=False)
        return Receipt(f"{_chat(message.to)}:{number}", reply.text[:1000], reply.status)

    def check(self) -> Health:
        """Asks who we are, and where Telegram calls back."""
        bot = as_dict(as_dict(self._call("getMe").json()).get("result"))
        hook = as_dict(as_dict(self._call("getWebhookInfo").json()).get("result"))
        shown = {
            "bot": f"@{first_text(bot, 'username')}",
            "menunggu dikirim Telegram": first_text(hook, "pending_update_count") or "0",
        }
        if trouble := first_text(hook, "last_error_message"):
            shown["galat webhook terakhir"] = redacted(trouble)
        if not first_text(hook, "url"):
            words_ = "Token diterima, tetapi webhook belum dipasang: bot belum mendengar siapa pun."
            return Health(False, words_, shown)
        return Health(True, f"Tersambung ke {shown['bot']}.", shown)

    def set_hook(self, url: str) -> str:
        self._call(
            "setWebhook",
            json={"url": url, "secret_token": self._hook_secret, "allowed_updates": HEARD},
        )
        return "Webhook terpasang. Kirim /start ke bot untuk mencobanya."

    def _call(self, method: str, **body: Any) -> Reply:
        base = self.config["base_url"].rstrip("/")
        reply = self.http.request("POST", f"{base}/bot{self.config['token']}/{method}", **body)
        said = as_dict(reply.json())
        if reply.status == 200 and said.get("ok") is True:
            return reply
        raise _error(reply, said)

    @property
    def _hook_secret(self) -> str:
        token = self.config["token"].encode()
        made = hmac.new(token, b"loket telegram webhook", hashlib.sha256).hexdigest()
        return self.config["webhook_secret"] or made

    def verify_hook(self, request: HookRequest) -> bool:
        given = request.headers.get(SECRET_HEADER) or ""
        return bool(self.config["token"]) and same(self._hook_secret, given)

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        return _telegram_hooks.events(body)

    def answer_hook(self, body: bytes) -> Mapping[str, object] | None:
        return _telegram_hooks.answer(body)


def _chat(to: str) -> int:
    try:
        return recipients.TelegramChat.parse(to).id
    except ValueError as error:
        raise Permanent(str(error)) from None


def _only_words(message: OutgoingMessage, said: str) -> dict[str, Any]:
    text = _telegram_text.html(said)
    return {"chat_id": _chat(message.to), "parse_mode": "HTML", "text": text}


def _error(reply: Reply, said: dict[str, Any]) -> DriverError:
    code, told = words(said.get("error_code"), 10), words(said.get("description"), 300)
    said_no = said.get("ok") is False
    wait = as_dict(said.get("parameters")).get("retry_after")
    if reply.status == 429:
        seconds = wait if isinstance(wait, int) and not isinstance(wait, bool) else wait_of(reply)
        return RateLimited(
            "Telegram meminta menunggu.",
            retry_after=min(max(seconds, 1), LONGEST_WAIT),
            detail=redacted(told),
            code=code,
            http_status=reply.status,
        )
    return refused(
        reply, "Telegram", told, REFUSALS, said_no=said_no and reply.status < 500, code=code
    )


DRIVER = Telegram
