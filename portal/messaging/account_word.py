"""What a provider says by itself about the account, the number or the paired phone."""

from collections.abc import Sequence

from portal.infra import audit
from portal.infra.events import emit
from portal.infra.timekeeping import today
from portal.messaging import channels, meters, notices
from portal.messaging.channels import ActiveChannel
from portal.messaging.drivers.events import AccountEvent, DeviceEvent
from portal.messaging.events import AccountTold
from portal.messaging.receipts import Scope

LOGGED_OUT = "HP pengirim terputus dari WhatsApp. Hubungkan kembali dengan memindai QR."


def take(source: str, scope: Scope, event: AccountEvent) -> None:
    """Kept in the audit log; staff are told once a day of each sort. What blocks the account
    rests its channels, and no others. In the caller's transaction."""
    said = {"event": event.name, "said": event.sentence}
    audit.record("whatsapp.account", source, after=said)
    if event.blocked:
        for channel in _channels(scope):
            if _concerns(event, channel):
                meters.pause(channel, "misconfigured", event.sentence)
    if event.account:
        emit(AccountTold(event.name, event.account, event.owner, event.blocked, event.sentence))
    text = f"Kabar dari {scope.driver}: {event.sentence} Periksa Pengaturan > WhatsApp."
    of = f":{event.account}" if event.account else ""
    notices.tell("channel", f"account:{source}:{event.name}{of}:{today():%Y%m%d}", text)


def _concerns(event: AccountEvent, channel: ActiveChannel) -> bool:
    """Whether the channel sends for that account, as far as either is known."""
    return not event.account or channel.config.get("waba_id", "") in {"", event.account}


def take_device(source: str, scope: Scope, event: DeviceEvent) -> None:
    """A channel whose phone is away rests; once it is back it goes on. Staff are told by the
    pause itself."""
    for channel in _channels(scope):
        if not event.connected:
            reason = f"{LOGGED_OUT} ({event.reason})" if event.reason else LOGGED_OUT
            meters.pause(channel, "misconfigured", reason)
        elif channel.pause_kind == "misconfigured":
            meters.resume(channel.key)


def _channels(scope: Scope) -> Sequence[ActiveChannel]:
    """The channels in force a callback may speak of."""
    if scope.channel_id is not None:
        found = channels.by_key(str(scope.channel_id))
        return [found] if found else []
    return [channel for channel in channels.everything() if channel.kind == scope.driver]
