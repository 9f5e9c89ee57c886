"""The figures of `/metrics`, for Prometheus: counts and ages, no personal data."""

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import func, select

from portal.extensions import db
from portal.health import lanes
from portal.infra.inbox import InboundHook
from portal.messaging import channels
from portal.messaging.models import Message
from portal.payments.models import AttentionItem


def collect() -> CollectorRegistry:
    """A registry with the figures as they are now."""
    registry = CollectorRegistry()
    _messages(registry)
    _lanes(registry)
    _processes(registry)
    attention = Gauge("loket_attention_items", "Open items needing a person", registry=registry)
    attention.set(db.session.scalar(select(func.count()).where(AttentionItem.state == "open")) or 0)
    paused = Gauge("loket_paused_channels", "Channels in force that rest", registry=registry)
    paused.set(sum(channel.paused for channel in channels.everything()))
    hooks = Gauge("loket_inbound_hooks", "Stored callbacks by state", ["state"], registry=registry)
    for state in ("received", "failed"):
        count = select(func.count()).where(InboundHook.state == state)
        hooks.labels(state).set(db.session.scalar(count) or 0)
    return registry


def _messages(registry: CollectorRegistry) -> None:
    messages = Gauge(
        "loket_messages", "Messages by lane and state", ["lane", "state"], registry=registry
    )
    rows = db.session.execute(
        select(Message.lane, Message.state, func.count()).group_by(Message.lane, Message.state)
    )
    for lane, state, count in rows:
        messages.labels(lane, state).set(count)


def _lanes(registry: CollectorRegistry) -> None:
    oldest = Gauge(
        "loket_oldest_waiting_seconds",
        "How long the oldest due work of a lane has been due; 0 when none is",
        ["lane"],
        registry=registry,
    )
    rate = Gauge(
        "loket_accepted_per_minute", "Accepted in the last minute", ["lane"], registry=registry
    )
    for lane in lanes.lanes():
        oldest.labels(lane.name).set(lane.oldest.total_seconds() if lane.oldest else 0)
        if lane.name in lanes.MESSAGE_LANES:
            rate.labels(lane.name).set(lane.rate)


def _processes(registry: CollectorRegistry) -> None:
    alive = Gauge("loket_processes", "Processes heard in a minute", ["role"], registry=registry)
    silent = Gauge(
        "loket_heartbeat_age_seconds",
        "Since anybody in this role was heard",
        ["role"],
        registry=registry,
    )
    found = lanes.processes()
    for role in lanes.ROLES:
        mine = [process for process in found if process.role == role]
        alive.labels(role).set(sum(process.alive for process in mine))
        if mine:
            silent.labels(role).set(min(process.silent for process in mine).total_seconds())
