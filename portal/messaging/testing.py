"""The test send of the settings page and the command line: a real message, sent now."""

import time
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.core.driverkit import Capability, Misconfigured
from portal.core.phone import PhoneNumber
from portal.extensions import db
from portal.infra import audit
from portal.messaging import channels, meters, sending, service
from portal.messaging.kinds import KINDS, SAMPLES
from portal.messaging.models import Message

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


def default_kind() -> str:
    """Free text where the driver carries it freely, else a harmless template."""
    channel = channels.active()
    if channel and Capability.DELIVERY_HOOK in channel.driver().capabilities:
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


def send_test(number: PhoneNumber, kind: str | None, nonce: str) -> TestResult:
    """Queue a message with sample values and send it at once. Commits; audited."""
    try:
        channel = channels.active()
        kind = kind or default_kind()
    except Misconfigured as error:
        return TestResult(False, error.sentence)
    if channel is None:
        return TestResult(False, _("Belum ada driver WhatsApp yang dipilih."))
    if not channels.sending_enabled():
        return TestResult(False, _("Pengiriman dimatikan (WHATSAPP_ENABLED=false)."))
    # A person trying again is reason enough to end a pause.
    meters.resume(channel.key)
    params = {name: SAMPLES[name] for name in KINDS[kind].expects if name != "code"}
    message_id = service.queue(kind, str(number), f"{kind}:test:{nonce}", params)
    if message_id is None:
        return TestResult(False, _("Pesan uji ini sudah dikirim."))
    audit.record("message.test", f"message:{message_id}", after={"kind": kind})
    db.session.commit()
    sending.deliver(message_id)
    message = _settled(message_id)
    attempt = message.tries[-1] if message.tries else None
    status = attempt.http_status if attempt else None
    if message.state in {"accepted", "sent", "delivered", "read"}:
        sentence = _("Diterima oleh penyedia. Periksa WhatsApp di nomor tujuan.")
        return TestResult(True, sentence, message_id, message.provider_id, status)
    reason = (attempt.reason if attempt else "") or message.reason
    sentence = reason or _("Pesan menunggu: saluran sedang dijeda atau pengiriman dimatikan.")
    return TestResult(False, sentence, message_id, message.provider_id, status)
