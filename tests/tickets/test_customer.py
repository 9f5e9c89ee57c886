"""The customer's side: help, opening a ticket once, photos, answering, opening again, limits."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.media.models import MediaFile
from portal.tickets import guarding, service
from portal.tickets.models import Ticket, TicketEntry, TicketPhoto
from tests import factories
from tests.payments.test_pay_races import together
from tests.tickets.conftest import browser, key, key_on, now_of, opened, photo
from tests.visitor import Visitor, target


def test_from_the_help_page_to_the_ticket(his: Visitor, budi: Customer) -> None:
    assert "/me/help/new?kind=slow" in his.page("/me/help").text
    form = his.page("/me/help/new?kind=slow").text
    assert 'value="slow" required checked' in form
    said = "Lambat sekali <b>sejak kemarin</b>"
    answer = his.post("/me/help/new", kind="slow", words=said, key=key_on(form))
    (ticket,) = factories.every(Ticket)
    assert target(answer) == f"/me/help/{ticket.id}"
    assert (ticket.customer_id, ticket.kind, ticket.state) == (budi.id, "slow", "open")
    page = his.page(target(answer)).text
    assert "Lambat sekali &lt;b&gt;" in page and ticket.number in page
    assert ticket.number in his.page("/me/help").text


def test_a_form_sent_twice_is_one_ticket(his: Visitor) -> None:
    form = {"kind": "down", "words": "Mati total", "key": key()}
    assert target(his.post("/me/help/new", **form)) == target(his.post("/me/help/new", **form))
    assert len(factories.every(Ticket)) == len(factories.every(TicketEntry)) == 1


def test_the_same_form_at_the_same_moment_is_one_ticket(app: Flask, budi: Customer) -> None:
    mine = key()

    def send() -> int:
        made = service.open_ticket(budi.id, "down", "Mati total", mine).id
        db.session.commit()
        return made

    assert len(set(together(app, *[send] * 6))) == 1
    assert len(factories.every(Ticket)) == len(factories.every(TicketEntry)) == 1


def test_a_key_of_somebody_else_shows_nothing(his: Visitor, app: Flask) -> None:
    tini = factories.customer()
    stolen = key()
    service.open_ticket(tini.id, "down", "Punya Tini", stolen)
    db.session.commit()
    answer = his.post("/me/help/new", kind="down", words="Mati total", key=stolen)
    assert answer.status_code == 422 and "Tini" not in answer.text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "x"}, "Pilih jenis"),
        ({"words": "a"}, "Ceritakan"),
        ({"words": "x" * 2001}, "Terlalu panjang"),
        ({"key": ""}, "terlalu lama terbuka"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    his: Visitor, change: dict[str, str], problem: str
) -> None:
    form = {"kind": "down", "words": "Mati total", "key": key(), **change}
    answer = his.post("/me/help/new", **form)
    assert answer.status_code == 422 and problem in answer.text
    assert form["words"] in answer.text and len(key_on(answer.text)) >= 20
    assert not factories.every(Ticket)


def test_photos_are_written_anew_and_seen_by_their_owner_and_staff_only(
    app: Flask, his: Visitor, hers: Visitor
) -> None:
    form: dict[str, Any] = {"kind": "down", "words": "Lampu merah", "key": key()}
    his.post("/me/help/new", **form, photos=[photo("a.jpg"), photo("../../b.jpg")])
    shown = factories.every(TicketPhoto)
    assert len(shown) == 2
    mine = f"/me/help/photos/{shown[0].id}"
    answer = his.get(mine)
    assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
    assert b"RAHASIA" not in answer.data and "no-store" in answer.headers["Cache-Control"]
    other = browser(app, factories.customer())
    assert other.get(mine).status_code == 404
    assert Visitor(app).get(mine).status_code == 303
    assert hers.get(f"/admin/tickets/photos/{shown[0].id}").data == answer.data
    collector = Visitor(app)
    factories.log_in(collector.client, factories.staff(role="collector"))
    assert collector.get(f"/admin/tickets/photos/{shown[0].id}").status_code == 403
    (file, _second) = factories.every(MediaFile)
    assert his.get(f"/media/{file.token}/{file.filename}").status_code == 404, "no public address"


def test_what_is_no_photo_or_one_too_many_is_refused_whole(his: Visitor) -> None:
    import io

    form: dict[str, Any] = {"kind": "down", "words": "Lampu merah", "key": key()}
    many = his.post("/me/help/new", **form, photos=[photo() for _ in range(4)])
    assert many.status_code == 422 and "3 foto" in many.text
    script = his.post("/me/help/new", **form, photos=[(io.BytesIO(b"<svg onload=x>"), "x.jpg")])
    assert script.status_code == 422 and "Lampu merah" in script.text
    assert not factories.every(Ticket) and not factories.every(MediaFile)


def test_strangers_may_not_post_much(app: Flask) -> None:
    """Only who is logged in is given the room for photos."""
    stranger = Visitor(app)
    stranger.page("/login")
    import io

    big = (io.BytesIO(b"x" * 9_000_000), "x.jpg")
    answer = stranger.client.post("/me/help/new", data={"photos": big})
    assert answer.status_code == 413


def test_answering_takes_a_waiting_ticket_back(his: Visitor, budi: Customer, staff: Any) -> None:
    ticket_id = opened(budi)
    service.reply(ticket_id, "Lampunya warna apa?", key(), staff.id, ask=True)
    db.session.commit()
    assert now_of(ticket_id).state == "waiting" and now_of(ticket_id).waiting_since is None
    page = his.page(f"/me/help/{ticket_id}").text
    form = {"words": "Merah", "key": key_on(page)}
    assert target(his.post(f"/me/help/{ticket_id}/reply", **form)) == f"/me/help/{ticket_id}"
    his.post(f"/me/help/{ticket_id}/reply", **form)
    assert [one.body for one in factories.every(TicketEntry)][-2:] == [
        "Lampunya warna apa?",
        "Merah",
    ]
    assert now_of(ticket_id).state == "working" and now_of(ticket_id).waiting_since is not None


def test_a_photo_alone_is_an_answer_and_nothing_is_not(his: Visitor, budi: Customer) -> None:
    where = f"/me/help/{opened(budi)}/reply"
    assert his.post(where, words=" ", key=key()).status_code == 422
    answer = his.post(where, words="", key=key(), photos=photo())  # type: ignore[arg-type]
    assert answer.status_code == 303 and len(factories.every(TicketPhoto)) == 1


def test_anothers_ticket_is_not_found(app: Flask, budi: Customer) -> None:
    ticket_id = opened(budi)
    other = browser(app, factories.customer())
    form = {"words": "Halo semua", "key": key()}
    assert other.get(f"/me/help/{ticket_id}").status_code == 404
    assert other.post(f"/me/help/{ticket_id}/reply", **form).status_code == 404
    assert other.post(f"/me/help/{ticket_id}/reopen", **form).status_code == 404
    assert len(factories.every(TicketEntry)) == 1


def test_internal_notes_are_not_on_the_customers_page(
    his: Visitor, budi: Customer, staff: Any
) -> None:
    ticket_id = opened(budi)
    service.note(ticket_id, "Pelanggan ini cerewet", key(), staff.id)
    service.assign(ticket_id, staff.id, staff.id)
    db.session.commit()
    page = his.page(f"/me/help/{ticket_id}").text
    assert "cerewet" not in page and staff.name not in page


def test_opening_again_is_for_a_month(
    his: Visitor, budi: Customer, staff: Any, clock: FixedClock
) -> None:
    ticket_id = opened(budi)
    service.close(ticket_id, "Kabel disambung", staff.id)
    db.session.commit()
    reply = his.post(f"/me/help/{ticket_id}/reply", words="Masih mati", key=key())
    assert reply.status_code == 422 and "sudah selesai" in reply.text
    assert "Buka lagi" in his.page(f"/me/help/{ticket_id}").text
    his.post(f"/me/help/{ticket_id}/reopen", words="Masih mati", key=key())
    found = now_of(ticket_id)
    assert (found.state, found.reopened, found.closed_reason) == ("open", 1, "")
    service.close(ticket_id, "Kabel diganti", staff.id)
    db.session.commit()
    clock.move(days=31)
    assert "Buat tiket baru" in his.page(f"/me/help/{ticket_id}").text
    late = his.post(f"/me/help/{ticket_id}/reopen", words="Masih mati", key=key())
    assert late.status_code == 422 and now_of(ticket_id).state == "closed"


def test_a_day_has_five_tickets_and_an_hour_twenty_words(
    his: Visitor, budi: Customer, clock: FixedClock
) -> None:
    ids = [opened(budi) for _ in range(guarding.PER_DAY)]
    form = {"kind": "down", "words": "Mati total", "key": key()}
    answer = his.post("/me/help/new", **form)
    assert answer.status_code == 429 and "5 tiket" in answer.text and "Mati total" in answer.text
    for _ in range(guarding.PER_HOUR - len(ids)):
        service.answer(budi.id, ids[0], "halo", key(), ())
    db.session.commit()
    with pytest.raises(guarding.TooMany):
        service.answer(budi.id, ids[0], "halo", key(), ())
    db.session.rollback()
    clock.move(hours=1, seconds=1)
    assert service.answer(budi.id, ids[0], "halo", key(), ())
    db.session.rollback()
    clock.move(days=1)
    assert his.post("/me/help/new", **form).status_code == 303


def test_help_says_what_we_know_of_the_line(app: Flask, his: Visitor, budi: Customer) -> None:
    assert "tidak dibatasi" in his.page("/me/help").text
    walled = factories.customer()
    line = factories.subscription(walled, state="isolated")
    factories.invoice(line, due_on=factories.today() - timedelta(days=20))
    page = browser(app, walled).page("/me/help").text
    assert "Bayar sekarang" in page and "tidak dibatasi" not in page
