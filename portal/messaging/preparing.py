"""From claimed messages to something a driver can send: recheck, channel, words. No writes.

Reads what a whole batch needs in a fixed number of queries; what follows is done without a
transaction. A message our own code cannot put together fails alone.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.core.driverkit import Capability
from portal.core.wablock import Block
from portal.extensions import db
from portal.invoices import links
from portal.messaging import (
    attachments,
    channel_areas,
    inbound,
    masking,
    receipts,
    recheck,
    routing,
    texts,
)
from portal.messaging.channels import ENV_KEY, ActiveChannel
from portal.messaging.claims import Claimed, Ending
from portal.messaging.delivery import KEY_WINDOW, MAY_HAVE_ARRIVED, Retry
from portal.messaging.drivers.base import Media, MessageDriver, OutgoingMessage
from portal.messaging.kinds import FREE_KINDS
from portal.messaging.models import MessageAttempt
from portal.messaging.routing import Route

log = logging.getLogger(__name__)

NOT_READY = 60.0
CANNOT_BE_MADE = "Pesan tidak dapat disusun; lihat catatan server."
WINDOW_OVER = "Hasil kiriman belum pasti, dan terlalu lama untuk diulang. Perlu dicek."
DriverOf = Callable[[ActiveChannel], MessageDriver]


@dataclass
class Sendout:
    """One message ready to leave through a channel; `payload` is masked, for the log."""

    claimed: Claimed
    channel: ActiveChannel
    driver: MessageDriver
    outgoing: OutgoingMessage = field(repr=False)
    mask: masking.Mask = field(repr=False)
    params: dict[str, Any] = field(repr=False)
    payload: str = field(repr=False)


@dataclass
class Prepared:
    """What became of a batch: ready ones, ended ones, and groups that need stand-ins."""

    ready: list[Sendout] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    split: list[Claimed] = field(default_factory=list)


@dataclass
class Batch:
    """Claimed messages with everything read that is needed about them."""

    claimed: Sequence[Claimed]
    facts: recheck.Facts
    codes: dict[int, tuple[str | None, str]]
    bound_since: dict[int, datetime]
    refused: dict[int, dict[str, str]]
    media: dict[str, Media | None] = field(default_factory=dict)
    wrote: frozenset[tuple[str, int | None]] = frozenset()
    areas: dict[int, int] = field(default_factory=dict)
    hearing: dict[str, bool] = field(default_factory=dict)


def read(claimed: Sequence[Claimed]) -> Batch:
    """Everything the database knows about a batch."""
    bound = [message.id for message in claimed if message.bound_to]
    since: dict[int, datetime] = {}
    if bound:
        rows = db.session.execute(
            select(MessageAttempt.message_id, func.min(MessageAttempt.started_at).label("first"))
            .where(MessageAttempt.message_id.in_(bound), MessageAttempt.outcome == "unknown")
            .group_by(MessageAttempt.message_id)
        )
        since = {row.message_id: row.first for row in rows}
    codes = {m.id: texts.code_for(m) for m in claimed if m.kind == "otp_code"}
    free = {m.recipient for m in claimed if m.kind in FREE_KINDS}
    wrote = inbound.wrote_lately(free) if free else frozenset()
    facts, refused = recheck.gather(claimed), _refused(claimed)
    areas = channel_areas.of_customers({m.customer_id for m in claimed if m.customer_id})
    return Batch(claimed, facts, codes, since, refused, wrote=wrote, areas=areas)


def _refused(claimed: Sequence[Claimed]) -> dict[int, dict[str, str]]:
    """Which channels said no to a message for good, with their words, in order."""
    tried = [message.id for message in claimed if message.attempts]
    found: dict[int, dict[str, str]] = {}
    if tried:
        rows = db.session.execute(
            select(MessageAttempt.message_id, MessageAttempt.channel_id, MessageAttempt.reason)
            .where(MessageAttempt.message_id.in_(tried), MessageAttempt.outcome == "permanent")
            .order_by(MessageAttempt.id)
        )
        for row in rows:
            key = ENV_KEY if row.channel_id is None else str(row.channel_id)
            found.setdefault(row.message_id, {})[key] = row.reason
    return found


def prepare(
    batch: Batch,
    channels: Sequence[ActiveChannel],
    full: Collection[str],
    driver_of: DriverOf,
    retry: Retry,
    *,
    by_hand: bool = False,
) -> Prepared:
    """Sort a batch into what leaves, what ends, and what waits."""
    found = Prepared()
    for message in batch.claimed:
        try:
            _one(message, batch, channels, full, driver_of, found, by_hand)
        except Exception:
            log.exception("message %s could not be made ready", message.id)
            found.endings.append(cannot_be_made(message, retry))
    return found


def _one(
    message: Claimed,
    batch: Batch,
    channels: Sequence[ActiveChannel],
    full: Collection[str],
    driver_of: DriverOf,
    found: Prepared,
    by_hand: bool,
) -> None:
    verdict = recheck.why_not(message, batch.facts, by_hand=by_hand)
    if verdict is not None:
        found.endings.append(_ending(message, verdict))
        return
    since = batch.bound_since.get(message.id)
    if since is not None and batch.facts.wall - since > KEY_WINDOW:
        found.endings.append(Ending(message, "unknown", WINDOW_OVER))
        return
    refused = batch.refused.get(message.id, {})
    area = batch.areas.get(message.customer_id or 0)
    route = routing.choose(message, channels, batch.facts.wall, full, refused, area)
    if route.split:
        found.split.append(message)
    elif route.channel is None:
        found.endings.append(Ending(message, route.state or "pending", route.reason, route.wait))
    else:
        _ready(message, batch, route, driver_of, found)


def _ready(
    message: Claimed, batch: Batch, route: Route, driver_of: DriverOf, found: Prepared
) -> None:
    code, refused = batch.codes.get(message.id, (None, ""))
    if refused:
        found.endings.append(Ending(message, "expired", refused))
        return
    assert route.channel is not None
    driver = driver_of(route.channel)
    params = recheck.current_params(message, batch.facts)
    link = recheck.pay_link(message, batch.facts)
    # Only for the words: what is stored of a message holds no link.
    said = {**params, "pay_link": link} if link else params
    composed = texts.compose(message.kind, message.language, said, code, body=message.body)
    try:
        media = _media(composed.block, batch) if composed.block else None
    except attachments.Gone:
        found.endings.append(_ending(message, recheck.Verdict("failed", attachments.GONE)))
        return
    outgoing = OutgoingMessage(
        to=message.recipient,
        kind=message.kind,
        language=message.language,
        key=message.dedupe_key,
        text=composed.words(media=Capability.MEDIA in driver.capabilities),
        params=texts.template_params(message.kind, message.language, params, code),
        block=composed.block,
        media=media if Capability.MEDIA in driver.capabilities else None,
        window=_window(message, route.channel, batch),
    )
    if len(outgoing.text) > driver.text_limit:
        words = f"Teks terlalu panjang untuk {route.channel.label}: {len(outgoing.text)} huruf."
        found.endings.append(Ending(message, "failed", words))
        return
    secrets = (*route.channel.secrets, links.token_in(link)) if link else route.channel.secrets
    mask = masking.Mask(code, message.recipient, secrets)
    payload = mask.payload(driver.payload(outgoing))
    found.ready.append(Sendout(message, route.channel, driver, outgoing, mask, params, payload))


def _window(message: Claimed, channel: ActiveChannel, batch: Batch) -> bool | None:
    """Whether an official service takes free text for this number now; None when it is not
    asked, or when nobody can know."""
    if message.kind not in FREE_KINDS or Capability.INBOUND not in channel.driver().capabilities:
        return None
    if channel.key not in batch.hearing:
        batch.hearing[channel.key] = inbound.hears(receipts.source_of(channel.kind, channel.id))
    if not batch.hearing[channel.key]:
        return None
    # Whoever wrote to another number of ours opened nothing here.
    return not batch.wrote.isdisjoint({(message.recipient, channel.id), (message.recipient, None)})


def _media(block: Block, batch: Batch) -> Media | None:
    """The header file of a block, looked up once a batch: a broadcast has the same for all."""
    about = block.interactive
    url = about.header_media if about else None
    if not url:
        return None
    if url not in batch.media:
        batch.media[url] = attachments.of(block)
    return batch.media[url]


def _ending(message: Claimed, verdict: recheck.Verdict) -> Ending:
    """The verdict; but what may have arrived before is not called cancelled or expired."""
    if message.bound_to and verdict.state != "pending" and message.kind != "otp_code":
        return Ending(message, "unknown", f"{verdict.reason} {MAY_HAVE_ARRIVED}")
    return Ending(message, verdict.state, verdict.reason, verdict.wait)


def cannot_be_made(message: Claimed, retry: Retry) -> Ending:
    """Tried a few times, then shown as failed."""
    if message.attempts + 1 >= retry.attempts:
        return Ending(message, "failed", CANNOT_BE_MADE, burn=True)
    return Ending(message, "pending", CANNOT_BE_MADE, NOT_READY, burn=True)
