"""Whatever is done to a ticket by whomever, in whatever order, only the table happens."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.customers.models import Customer
from portal.extensions import db
from portal.tickets import guarding, service
from portal.tickets.guarding import TicketError
from portal.tickets.states import OURS, STATES, TRANSITIONS
from tests.tickets.conftest import key, now_of, opened

VERBS: dict[str, Any] = {
    "answer": lambda ticket, owner, me: service.answer(owner, ticket, "Masih mati", key(), ()),
    "reopen_own": lambda ticket, owner, me: service.reopen_own(owner, ticket, "Masih mati", key()),
    "take": lambda ticket, owner, me: service.assign(ticket, me, me),
    "let_go": lambda ticket, owner, me: service.assign(ticket, None, me),
    "reply": lambda ticket, owner, me: service.reply(ticket, "Dicek", key(), me),
    "ask": lambda ticket, owner, me: service.reply(ticket, "Warna apa?", key(), me, ask=True),
    "note": lambda ticket, owner, me: service.note(ticket, "Catatan", key(), me),
    "close": lambda ticket, owner, me: service.close(ticket, "Beres semua", me),
    "reopen": lambda ticket, owner, me: service.reopen(ticket, "Mati lagi", me),
}


def test_every_state_is_reached_and_left() -> None:
    assert {source for source, _ in TRANSITIONS} == {to for _, to in TRANSITIONS} == set(STATES)


@pytest.fixture
def without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "PER_DAY", 10**6)
    monkeypatch.setattr(guarding, "PER_HOUR", 10**6)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(sorted(VERBS)), max_size=10))
def test_any_sequence_of_verbs_walks_along_the_table(
    app: Flask, budi: Customer, staff: Any, without_limits: None, steps: list[str]
) -> None:
    ticket_id = opened(budi)
    for step in steps:
        before = now_of(ticket_id)
        try:
            VERBS[step](ticket_id, budi.id, staff.id)
            db.session.commit()
        except TicketError:
            db.session.rollback()
        after = now_of(ticket_id)
        assert before.state == after.state or (before.state, after.state) in TRANSITIONS, step
        if after.state in {"waiting", "closed"}:
            assert after.waiting_since is None, "it is not our turn"
        assert (
            (after.closed_at is not None) == (after.state == "closed") == bool(after.closed_reason)
        )
        if after.state in OURS:
            assert (after.state == "working") == (after.assignee_id is not None)
