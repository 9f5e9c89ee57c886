"""The queue health page's content: lanes, processes, timetable, channels, callbacks, each with a
level (ok, warn, bad) and the sentence that says the same in words. No HTTP here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from portal.config import Settings
from portal.core.recipients import PHONE
from portal.extensions import db
from portal.health import lanes
from portal.health.lanes import SLOW, TOO_OLD, Lane, Process
from portal.infra import queue
from portal.infra.database import end_read
from portal.infra.inbox import InboundHook
from portal.infra.locks import LeaderLease
from portal.infra.queue import BellState
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from portal.messaging import channels
from portal.messaging.channels import ActiveChannel
from portal.messaging.models import Message

LABELS: dict[str, Any] = {
    "scheduler": _l("Penjadwal"),
    "interactive": _l("Kode masuk, akses"),
    "network": _l("Pembayaran, router"),
    "messages": _l("Pesan"),
    "bulk": _l("Siaran, tagihan bulanan"),
}
ENTRIES: dict[str, Any] = {
    "sweep_messages": _l("Periksa pesan yang tertinggal"),
    "sweep_hooks": _l("Periksa kabar penyedia yang tertinggal"),
    "sweep_network": _l("Periksa router yang belum sesuai"),
    "poll_payments": _l("Tanya status pembayaran"),
    "show_bills": _l("Kirim QRIS ke Telegram"),
    "expire_orders": _l("Akhiri pesanan yang tidak dibayar"),
    "tell_staff": _l("Kabari petugas"),
    "issue_requested": _l("Lanjutkan penerbitan tagihan"),
    "continue_broadcasts": _l("Lanjutkan siaran"),
    "continue_bulk": _l("Lanjutkan tindakan massal"),
    "continue_imports": _l("Lanjutkan impor"),
    "forget_old_imports": _l("Hapus berkas impor yang kedaluwarsa"),
    "end_looks": _l("Akhiri lihat sebagai pelanggan"),
    "change_lines": _l("Akhiri cuti, ganti paket, denda"),
    "issue_invoices": _l("Terbitkan tagihan bulanan"),
    "forget_old_words": _l("Kosongkan isi pesan lama"),
    "advance_signups": _l("Hubungkan nomor WhatsApp"),
    "watch_tokens": _l("Periksa izin nomor Meta"),
    "sync_templates": _l("Baca status template WhatsApp"),
    "forget_logins": _l("Lupakan sesi dan percobaan masuk yang sudah berakhir"),
    "forget_old_files": _l("Hapus berkas pesan yang kedaluwarsa"),
    "remind": _l("Ingatkan jatuh tempo"),
    "isolate": _l("Isolir dan buka akses"),
}
RANK = ("ok", "warn", "bad")
LATE = timedelta(minutes=2)
"""How much later than expected a timetable entry may start."""


@dataclass(frozen=True)
class State:
    """How something is: `level` for the colour, `sentence` for everybody."""

    level: str
    sentence: str


@dataclass(frozen=True)
class EntryLine:
    """One timetable entry."""

    label: Any
    last: datetime | None
    next: datetime | None
    state: State


@dataclass(frozen=True)
class Hooks:
    """Stored callbacks that wait, for how long, and those that were given up."""

    waiting: int
    oldest: timedelta | None
    failed: int
    state: State


@dataclass(frozen=True)
class Board:
    """Everything on the page."""

    at: datetime
    overall: State
    lanes: Sequence[tuple[Lane, State]]
    held: int
    bell: BellState
    bell_state: State
    processes: Sequence[tuple[Process, State]]
    leader: str
    scheduler: State
    entries: Sequence[EntryLine]
    channels: Sequence[tuple[ActiveChannel, State]]
    channel_note: State | None
    hooks: Hooks
    unknown: int
    failed_today: int

    def leads(self, process: Process) -> bool:
        """Whether this is the scheduler that walks the timetable."""
        start = f"{process.host[:40]}:{process.pid}:"
        return process.role == "scheduler" and f"{self.leader}:".startswith(start)


def read() -> Board:
    """The page as it is now."""
    settings: Settings = current_app.extensions["loket.settings"]
    end_read()
    bell = queue.look(settings.redis_url)
    found = lanes.lanes()
    people = [(process, _process_state(process)) for process in lanes.processes()]
    lines = [(lane, lane_state(lane)) for lane in found]
    entries = _entries()
    carriers = [(channel, channel_state(channel)) for channel in channels.everything()]
    note = _channel_note(carriers)
    hooks = _hooks()
    scheduler = _scheduler(people)
    ringing = _bell_state(bell)
    states = [state for _lane, state in lines]
    states += [entry.state for entry in entries] + [state for _channel, state in carriers]
    states += [scheduler, hooks.state, ringing, *([note] if note else [])]
    return Board(
        at=wall(),
        overall=overall(states),
        lanes=lines,
        held=lanes.held(),
        bell=bell,
        bell_state=ringing,
        processes=people,
        leader=_leader(),
        scheduler=scheduler,
        entries=entries,
        channels=carriers,
        channel_note=note,
        hooks=hooks,
        unknown=_unknown(),
        failed_today=sum(lane.failed_today for lane in found),
    )


def overall(states: Iterable[State]) -> State:
    """The worst of all."""
    worst = max((RANK.index(state.level) for state in states), default=0)
    words = (
        _("Semua berjalan."),
        _("Berjalan, tetapi ada yang perlu dilihat."),
        _("Ada yang berhenti."),
    )
    return State(RANK[worst], words[worst])


def lane_state(lane: Lane) -> State:
    """Red without a worker or when the oldest waits too long; amber when it is slow."""
    if not lane.alive:
        return State("bad", _("Tidak ada pekerja: nyalakan pekerja jalur ini."))
    if lane.stuck:
        return State("bad", _("Macet: yang tertua menunggu %(time)s.", time=span(lane.oldest)))
    if lane.oldest is not None and lane.oldest > TOO_OLD:
        return State("warn", _("Bergerak, yang tertua menunggu %(time)s.", time=span(lane.oldest)))
    if lane.oldest is not None and lane.oldest > SLOW:
        return State("warn", _("Lambat: yang tertua menunggu %(time)s.", time=span(lane.oldest)))
    return State("ok", _("Lancar."))


def channel_state(channel: ActiveChannel) -> State:
    """Whether messages may leave through it."""
    if channel.problem:
        return State("bad", channel.problem)
    if channel.paused:
        return State("bad", channel.pause_reason or _("Dijeda."))
    if channel.on_trial:
        return State("warn", _("Dicoba lagi satu per satu setelah jeda."))
    return State("ok", _("Siap mengirim."))


def span(length: timedelta | None) -> str:
    """A length of time in words, in its largest unit."""
    if length is None:
        return "—"
    seconds = int(length.total_seconds())
    if seconds < 90:
        return _("%(count)s detik", count=seconds)
    if seconds < 90 * 60:
        return _("%(count)s menit", count=round(seconds / 60))
    if seconds < 36 * 3600:
        return _("%(count)s jam", count=round(seconds / 3600))
    return _("%(count)s hari", count=round(seconds / 86400))


def _process_state(process: Process) -> State:
    if process.alive:
        return State("ok", _("Hidup"))
    return State("bad", _("Tidak terdengar sejak %(time)s", time=span(process.silent)))


def _scheduler(people: Sequence[tuple[Process, State]]) -> State:
    if any(process.alive and process.role == "scheduler" for process, _state in people):
        return State("ok", _("Penjadwal hidup."))
    return State("bad", _("Tidak ada penjadwal: nyalakan `python -m jobs.scheduler`."))


def _bell_state(bell: BellState) -> State:
    if bell.alive:
        return State("ok", _("Redis menjawab."))
    return State("warn", _("Redis tidak menjawab; penjadwal mengerjakannya, lebih lambat."))


def _entries() -> list[EntryLine]:
    rows = db.session.scalars(select(ScheduleRun)).all()
    order = {name: place for place, name in enumerate(ENTRIES)}
    return [
        EntryLine(ENTRIES.get(row.name, row.name), row.finished_at, row.next_at, _entry_state(row))
        for row in sorted(rows, key=lambda row: order.get(row.name, len(order)))
        if row.name in ENTRIES
    ]


def _entry_state(row: ScheduleRun) -> State:
    running = row.started_at and (row.finished_at is None or row.finished_at < row.started_at)
    if row.next_at and row.next_at < wall() - LATE and not running:
        return State("bad", _("Terlambat %(time)s", time=span(wall() - row.next_at)))
    if row.error:
        return State("warn", _("Gagal: %(error)s", error=row.error))
    return State("ok", _("Sedang berjalan") if running else _("Baik"))


def _channel_note(carriers: Sequence[tuple[ActiveChannel, State]]) -> State | None:
    """What stops all sending, if anything does."""
    if not channels.sending_enabled():
        return State("bad", _("Pengiriman dimatikan (WHATSAPP_ENABLED=false)."))
    carriers = [one for one in carriers if one[0].reach == PHONE]
    if not carriers:
        return State("bad", _("Belum ada driver WhatsApp yang dipilih."))
    if not any(channel.usable for channel, _state in carriers):
        return State("bad", _("Tidak ada saluran yang dapat mengirim; semua pesan menunggu."))
    return None


def _hooks() -> Hooks:
    current = wall()
    waiting, first = db.session.execute(
        select(func.count(), func.min(InboundHook.received_at)).where(
            InboundHook.state == "received"
        )
    ).one()
    failed = db.session.scalar(select(func.count()).where(InboundHook.state == "failed")) or 0
    oldest = current - first if first else None
    if oldest is not None and oldest > TOO_OLD:
        state = State("warn", _("Yang tertua menunggu %(time)s.", time=span(oldest)))
    else:
        state = State("ok", _("Semua diproses.") if not waiting else _("Sedang diproses."))
    return Hooks(waiting, oldest, failed, state)


def _leader() -> str:
    """The holder of the lease, `host:pid:…`, or empty."""
    return (
        db.session.scalar(
            select(LeaderLease.holder).where(
                LeaderLease.name == "scheduler", LeaderLease.until > wall()
            )
        )
        or ""
    )


def _unknown() -> int:
    return db.session.scalar(select(func.count()).where(Message.state == "unknown")) or 0
