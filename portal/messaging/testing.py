"""The test send of the settings page and the command line: a real message, sent now."""

import time
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import case, update

from portal.core import recipients
from portal.core.driverkit import Capability, Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.messaging import channels, meters, routing, sending, service
from portal.messaging.channels import ActiveChannel
from portal.messaging.kinds import KINDS, SAMPLES
from portal.messaging.models import Message
from portal.messaging.registry import REGISTRY

PATIENCE = 12.0
"""Seconds to wait for a worker that was faster: a little above one outside call."""


@dataclass(frozen=True)
class TestResult:
    """What came of it, in a sentence; `http_status` and `provider_id` when known."""

    __test__ = False

    ok: bool
    sentence: str
    message_id: int | None = None
    provider_id: str | None = None
    http_status: int | None = None


def default_kind(channel: ActiveChannel) -> str:
    """Free text where the driver carries it freely, else a harmless template."""
    if Capability.TEMPLATE in channel.driver().capabilities and channel.kind != "console":
        return "payment_confirmation"
    return "broadcast"


def _settled(message_id: int) -> Message:
    """The message once somebody has handed it over: a worker may have been faster than we."""
    deadline = time.monotonic() + PATIENCE
    while True:
        message = db.session.get_one(Message, message_id, populate_existing=True)
        if message.state not in {"leased", "sending"} or time.monotonic() > deadline:
            return message
        db.session.rollback()
        time.sleep(0.1)


def send_test(to: str, kind: str | None, nonce: str, channel_key: str | None = None) -> TestResult:
    """Queue a message with sample values to a recipient (as `recipients.parse` gives it) and
    send it at once. Commits; audited.

    With `channel_key` it leaves through that channel, resting or not in force as it may be,
    and never through another one; without, as the next message would.
    """
    try:
        channel = _carrier(to, channel_key)
        if channel is None:
            return TestResult(False, _nobody(to))
        if not routing.reaches(channel, to):
            return TestResult(False, _("Saluran ini tidak mengirim ke penerima seperti itu."))
        if channel_key:
            _complete(channel)
        kind = kind or default_kind(channel)
    except Misconfigured as error:
        return TestResult(False, error.sentence)
    if not channels.sending_enabled():
        return TestResult(False, _("Pengiriman dimatikan (WHATSAPP_ENABLED=false)."))
    if not channel_key:
        # A person trying again is reason enough to end a pause.
        meters.resume(channel.key)
    params = {name: SAMPLES[name] for name in KINDS[kind].expects if name != "code"}
    message_id = service.queue(kind, to, f"{kind}:test:{nonce}", params)
    if message_id is None:
        return TestResult(False, _("Pesan uji ini sudah dikirim."))
    after = {"kind": kind, "channel": channel.label} if channel_key else {"kind": kind}
    audit.record("message.test", f"message:{message_id}", after=after)
    if channel_key:
        _set_lane(message_id, service.HELD)  # no worker may take it through another channel
    db.session.commit()
    sending.deliver(message_id, only=channel_key)
    message = _settled(message_id)
    if channel_key:
        _settle_here(message_id, KINDS[kind].lane)
        message = db.session.get_one(Message, message_id, populate_existing=True)
    return _result(message, channel)


def _carrier(to: str, channel_key: str | None) -> ActiveChannel | None:
    if channel_key:
        return channels.by_key(channel_key)
    if recipients.reach_of(to) == recipients.PHONE:
        return channels.active()
    return next((one for one in channels.beside() if routing.reaches(one, to)), None)


def _nobody(to: str) -> str:
    if recipients.reach_of(to) == recipients.PHONE:
        return _("Belum ada driver WhatsApp yang dipilih.")
    return _("Belum ada saluran Telegram yang dipakai.")


def _complete(channel: ActiveChannel) -> None:
    """Raises Misconfigured when nothing can be sent through it."""
    if channel.problem:
        raise Misconfigured(channel.problem)
    errors = REGISTRY.get(channel.kind).check_config(channel.config)
    if errors:
        raise Misconfigured(next(iter(errors.values())))


def _set_lane(message_id: int, lane: str) -> None:
    updated(update(Message).where(Message.id == message_id).values(lane=lane))


def _settle_here(message_id: int, lane: str) -> None:
    """What was not accepted ends here instead of leaving through another channel later; what
    this one may already have stays its own, and goes on as any message."""
    updated(
        update(Message)
        .where(Message.id == message_id, Message.state == "pending", Message.bound_to.is_(None))
        .values(
            state="cancelled",
            reason=case(
                (Message.reason != "", Message.reason),
                else_="Uji lewat satu saluran tidak diulang lewat saluran lain.",
            ),
        )
    )
    _set_lane(message_id, lane)
    db.session.commit()


def _result(message: Message, channel: ActiveChannel) -> TestResult:
    attempt = message.tries[-1] if message.tries else None
    status = attempt.http_status if attempt else None
    if message.state in {"accepted", "sent", "delivered", "read"}:
        sentence = _("Diterima oleh penyedia. Periksa WhatsApp di nomor tujuan.")
        now = channels.by_key(channel.key)
        if now is not None and now.paused:
            sentence += " " + _("Saluran ini masih dijeda; tekan Lanjutkan bila sudah beres.")
        return TestResult(True, sentence, message.id, message.provider_id, status)
    if message.state == "manual":
        sentence = _("Masuk daftar kirim manual: buka Pesan > Kirim manual, lalu kirim sendiri.")
        return TestResult(True, sentence, message.id, None, status)
    reason = (attempt.reason if attempt else "") or message.reason
    sentence = reason or _("Pesan menunggu: saluran sedang dijeda atau pengiriman dimatikan.")
    return TestResult(False, sentence, message.id, message.provider_id, status)
