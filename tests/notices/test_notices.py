"""Who of the ISP is told of what: the list, stand-ins for groups, collected news, once each."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.messaging import channels, meters, notices, sending
from portal.messaging.models import Message, NoticeRecipient
from portal.notices import digest
from portal.payments.models import AttentionItem
from tests import factories
from tests.messaging.fakes import Provider, registered
from tests.messaging.parts import raising
from tests.visitor import Visitor, target

GROUP = "120363041234567890@g.us"
OTHER_GROUP = "120363049999999999@g.us"
URL = "/admin/settings/notices"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"WA_GROUP_LOGISTIC_ID": GROUP, "WA_GROUP_PURCHASE_ID": OTHER_GROUP}


def person(topics: list[str], phone: str = "+6281200000001", **more: bool) -> NoticeRecipient:
    row = NoticeRecipient(name="Ani", recipient=phone, topics=topics, created_at=now(), **more)
    db.session.add(row)
    db.session.commit()
    return row


def told() -> list[tuple[str, str]]:
    rows = [row for row in factories.every(Message) if row.kind == "staff_notice"]
    return sorted((row.recipient, row.params["text"]) for row in rows)


def pass_over(clock: FixedClock) -> int:
    """A pass a little later: what is a few seconds old waits for its neighbours."""
    clock.move(seconds=20)
    count = digest.tell_what_is_new()
    db.session.commit()
    return count


def test_the_groups_of_the_environment_follow_their_topics(app: Flask) -> None:
    assert notices.tell("isolation", "1", "Budi diisolir.") == 1
    assert notices.tell("payment", "1", "Budi membayar.") == 1
    assert notices.tell("channel", "1", "Dijeda.") == 0
    db.session.commit()

    assert told() == [(GROUP, "Budi diisolir."), (OTHER_GROUP, "Budi membayar.")]


def test_the_list_wins_over_the_environment(app: Flask) -> None:
    person(["channel"], GROUP)

    assert notices.tell("isolation", "1", "x") == 0
    assert notices.tell("channel", "1", "x") == 1


def test_the_same_news_is_told_once(app: Flask) -> None:
    assert [notices.tell("payment", "9", "x") for _ in range(3)] == [1, 0, 0]
    long = [notices.tell("payment", f"{'k' * 200}{n}", "x") for n in range(2)]
    assert long == [1, 1], "a cut key must not silence another"


def test_payments_are_collected_and_never_told_twice(app: Flask, clock: FixedClock) -> None:
    pass_over(clock)
    customers = [factories.customer(name=f"Budi {n}") for n in range(7)]
    factories.payment(customers[0], 10_000)
    assert pass_over(clock) == 1
    for customer in customers:
        factories.payment(customer, 50_000)
    assert pass_over(clock) == 0, "too soon after the last one"
    clock.move(minutes=11)
    assert pass_over(clock) == 1
    assert pass_over(clock) == 0

    texts = [text for recipient, text in told() if recipient == OTHER_GROUP]
    assert len(texts) == 2
    assert "1 pembayaran masuk, Rp10.000." in texts[0]
    assert "7 pembayaran masuk, Rp350.000." in texts[1]
    assert "dan 2 lagi" in texts[1]


def test_what_was_there_before_is_not_news(app: Flask, clock: FixedClock) -> None:
    factories.payment(factories.customer(), 10_000)
    clock.move(hours=1)
    assert pass_over(clock) == 0
    clock.move(hours=1)
    assert pass_over(clock) == 0


def test_money_to_check_is_told_while_it_is_open(app: Flask, clock: FixedClock) -> None:
    pass_over(clock)
    for state in ("open", "resolved"):
        db.session.add(
            AttentionItem(
                dedupe_key=state,
                kind="double",
                sentence=f"Dobel {state}.",
                created_at=now(),
                state=state,
            )
        )
    db.session.commit()

    assert pass_over(clock) == 1
    assert told()[0][1] == "1 hal tentang uang perlu dicek.\n- Dobel open."


def test_a_group_without_a_channel_for_groups_reaches_its_stand_ins(
    app: Flask, provider: Provider
) -> None:
    person([], "+6281200000001", stand_in=True)
    person(["payment"], "+6281200000002")
    notices.tell("isolation", "1", "Budi diisolir.")
    db.session.commit()

    sending.drain("messages")
    sending.drain("messages")

    assert [message.to for message in provider.arrived] == ["+6281200000001"]
    group, copy = factories.every(Message)
    assert (group.state, group.reason) == (
        "cancelled",
        "Saluran tidak dapat menulis ke grup; disampaikan ke 1 petugas.",
    )
    assert (copy.state, copy.parent_id, copy.params) == ("accepted", group.id, group.params)


def test_without_anybody_to_stand_in_it_fails_with_a_reason(app: Flask, provider: Provider) -> None:
    notices.tell("isolation", "1", "Budi diisolir.")
    db.session.commit()

    sending.drain("messages")

    (row,) = factories.every(Message)
    assert (row.state, row.reason) == ("failed", "Saluran ini tidak dapat menulis ke grup.")


def test_a_paused_channel_is_told_once_per_failure(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    person(["channel"])
    channel = channels.active()
    assert channel is not None
    for _ in range(3):
        meters.pause(channel, "misconfigured", "Token dicabut.")
        db.session.commit()
        clock.move(hours=1)
    assert len(told()) == 1
    meters.record(channel, 1, 0, "")
    meters.pause(channel, "misconfigured", "Token dicabut lagi.")
    db.session.commit()
    assert len(told()) == 2


def test_news_of_a_pause_leaves_by_the_next_channel(app: Flask, provider: Provider) -> None:
    from portal.messaging import channel_config
    from portal.messaging.models_channels import Channel

    person(["channel"])
    with registered(Provider(), "spare", idempotent=False) as spare:
        row = channel_config.create("spare")
        row.enabled = True
        db.session.commit()
        assert db.session.query(Channel).filter_by(enabled=True).count() == 2
        provider.always = raising(Misconfigured("Token dicabut."))
        factories_message = factories.customer()
        from portal.messaging import service

        service.queue("broadcast", factories_message.phone, "broadcast:1", {"text": "halo"})
        db.session.commit()
        sending.drain("bulk")
        sending.drain("messages")

    assert [m.kind for m in spare.arrived if m.kind == "staff_notice"] == ["staff_notice"]


def test_the_list_on_the_screen(desk: Visitor) -> None:
    page = desk.page(URL).text
    assert GROUP in page and ".env" in page
    assert (
        target(
            desk.post(
                f"{URL}/new", name="Ani", recipient="0812-0000-0009", topics="payment", enabled="y"
            )
        )
        == URL
    )
    (row,) = factories.every(NoticeRecipient)
    assert (row.name, row.recipient, row.topics, row.enabled) == (
        "Ani", "+6281200000009", ["payment"], True,
    )  # fmt: skip
    assert "+62 812-••••-0009" in desk.page(URL).text
    assert (
        target(
            desk.post(
                f"{URL}/{row.id}",
                name="Ani B",
                recipient=row.recipient,
                topics="money",
                stand_in="y",
            )
        )
        == URL
    )
    (row,) = factories.every(NoticeRecipient)
    assert (row.name, row.topics, row.stand_in, row.enabled) == ("Ani B", ["money"], True, False)
    assert target(desk.post(f"{URL}/{row.id}/remove")) == URL
    assert factories.every(NoticeRecipient) == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Nama wajib diisi"),
        ({"recipient": "bukan nomor"}, "Tulis nomor WhatsApp, atau ID grup"),
        ({"recipient": "12@g.us"}, "Tulis nomor WhatsApp, atau ID grup"),
        ({"topics": ""}, "Pilih paling sedikit satu kabar."),
    ],
)
def test_a_wrong_value_is_said_beside_its_field(
    desk: Visitor, typed: dict[str, str], sentence: str
) -> None:
    good = {"name": "Ani", "recipient": "081200000009", "topics": "payment"}
    answer = desk.post(f"{URL}/new", **(good | typed))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert factories.every(NoticeRecipient) == []


def test_a_number_is_on_the_list_once(desk: Visitor) -> None:
    person(["payment"], "+6281200000009")
    answer = desk.post(f"{URL}/new", name="B", recipient="081200000009", topics="money")

    assert answer.status_code == 422
    assert "sudah ada di daftar" in answer.text


def test_a_test_notice_goes_to_somebody_on_the_list_only(desk: Visitor) -> None:
    assert target(desk.post(f"{URL}/try", recipient="+6281299999999")) == URL
    assert told() == []
    assert target(desk.post(f"{URL}/try", recipient=GROUP)) == URL
    assert [recipient for recipient, _ in told()] == [GROUP]
