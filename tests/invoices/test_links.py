"""Pay links: who can make one, how long it works, and what revokes it."""

import base64
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices import links
from portal.payments import corrections
from tests import factories

IDS = st.integers(1, 2**31 - 1)
SAME_APP = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def opens(token: str) -> int | None:
    db.session.rollback()
    found = links.find(token)
    return found.id if found else None


def test_a_link_opens_its_invoice_and_no_other(app: Flask) -> None:
    first, second = factories.invoice(), factories.invoice()
    assert opens(links.token(first.id, 1)) == first.id
    assert opens(links.token(second.id, 1)) == second.id
    assert links.url(first.id, 1) == f"http://localhost/t/{links.token(first.id, 1)}"


def test_at_least_128_bits_depend_on_the_secret(app: Flask) -> None:
    raw = base64.b32decode(links.token(7, 1).upper())
    assert (len(raw) - 6) * 8 >= 128
    other = Flask("other")
    import dataclasses

    known = app.extensions["loket.settings"]
    other.extensions["loket.settings"] = dataclasses.replace(known, secret_key="another secret key")
    with other.app_context():
        elsewhere = base64.b32decode(links.token(7, 1).upper())
    assert elsewhere[:6] == raw[:6] and elsewhere[6:] != raw[6:]
    assert b"another secret key" not in elsewhere


@SAME_APP
@given(IDS, st.integers(1, 65_535))
def test_what_was_made_is_read_back(app: Flask, invoice_id: int, version: int) -> None:
    made = links.token(invoice_id, version)
    assert len(made) == links.LENGTH and made.isalnum() and made.islower()
    assert links.read(made) == (invoice_id, version)


@SAME_APP
@given(IDS, st.integers(0, links.LENGTH - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_letter_is_a_wrong_link(
    app: Flask, invoice_id: int, at: int, letter: str
) -> None:
    made = links.token(invoice_id, 1)
    changed = made[:at] + letter + made[at + 1 :]
    assert (links.read(changed) is not None) == (changed == made)


@SAME_APP
@given(st.text(max_size=80))
def test_any_text_is_a_wrong_link(app: Flask, text: str) -> None:
    assert links.read(text) is None


@pytest.mark.parametrize("change", [str.upper, lambda t: t + "a", lambda t: t[:-1], lambda t: ""])
def test_one_form_only(app: Flask, change: object) -> None:
    made = links.token(1, 1)
    assert links.read(change(made)) is None  # type: ignore[operator]


def test_it_ends_thirty_days_after_the_due_date(app: Flask, clock: FixedClock) -> None:
    bill = factories.invoice(due_on=today() + timedelta(days=5))
    token = links.token(bill.id, 1)
    clock.move(days=35)
    assert opens(token) == bill.id
    clock.move(days=1)
    assert opens(token) is None


def test_a_late_payment_can_be_seen_for_thirty_days_more(app: Flask, clock: FixedClock) -> None:
    budi = factories.customer()
    bill = factories.invoice(factories.subscription(budi), due_on=today())
    token = links.token(bill.id, 1)
    clock.move(days=30)
    factories.payment(budi, bill.total, [bill])
    clock.move(days=30)
    assert opens(token) == bill.id
    clock.move(days=1)
    assert opens(token) is None


@pytest.mark.parametrize("state", ["void", "written_off"])
def test_what_is_owed_no_more_has_no_link(app: Flask, state: str) -> None:
    bill = factories.invoice(state=state)
    assert opens(links.token(bill.id, 1)) is None


def test_a_void_invoice_of_yesterday(app: Flask) -> None:
    bill = factories.invoice()
    assert opens(links.token(bill.id, 1)) == bill.id
    corrections.void(bill.id, "salah paket")
    db.session.commit()
    assert opens(links.token(bill.id, 1)) is None


def test_renewing_revokes_what_was_sent_and_is_audited(app: Flask) -> None:
    bill, other = factories.invoice(), factories.invoice()
    links.renew(bill.id)
    db.session.commit()
    assert opens(links.token(bill.id, 1)) is None
    assert opens(links.token(bill.id, 2)) == bill.id
    assert opens(links.token(other.id, 1)) == other.id, "nobody else's"
    assert [row.subject for row in factories.every(AuditEntry)][-1] == f"invoice:{bill.id}"


def test_an_invoice_that_never_was(app: Flask) -> None:
    assert opens(links.token(999_999, 1)) is None
