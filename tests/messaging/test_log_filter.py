"""The log's filter: local days, every way to name a message, pages by their neighbours."""

import re

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.messaging import finding
from portal.messaging.finding import Filter
from portal.messaging.models import Message, NoticeRecipient
from tests import factories
from tests.messaging.rows import queued
from tests.visitor import Visitor

LOG = "/admin/messages"


def found(query: str) -> list[int]:
    args = dict(part.split("=", 1) for part in query.split("&") if part)
    rows = finding.one_page(finding.read_filter(args)).rows
    ids = [row[0].id for row in rows]
    db.session.rollback()
    return ids


def change(message_id: int, **values: object) -> None:
    row = db.session.get_one(Message, message_id)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.commit()


def test_days_are_local_and_both_included(app: Flask, clock: FixedClock) -> None:
    ids = []
    for hour in range(4):
        ids.append(queued(key=str(hour)))
        clock.move(hours=12)
    # The clock of the tests starts at 10.00 on 21 November, local time.
    assert found("since=2026-11-21&until=2026-11-21") == ids[1::-1]
    assert found("since=2026-11-22") == ids[:1:-1]
    assert found("until=2026-11-22") == ids[::-1]
    assert found("since=2026-11-23") == []
    assert found("until=2026-11-20") == []
    assert found("since=nonsense&until=9999-12-31") == ids[::-1]


@pytest.mark.parametrize(
    "text",
    [
        "siti", "PLG-77", "0812 3456 7890", "+62 812-3456-7890", "812345", "34567890",
        "wamid.A1", "payment_confirmation:mine", "#{id}", "{id}",
    ],
)  # fmt: skip
def test_every_way_to_name_a_message(app: Flask, text: str) -> None:
    owner = factories.customer(name="Siti Aminah", number="PLG-77", phone="+6281234567890")
    mine = queued(key="mine", customer_id=owner.id, to=owner.phone)
    change(mine, provider_id="wamid.A1")
    queued(key="other", to="+6285500000000")
    assert found(f"q={text.format(id=mine)}") == [mine]


def test_an_old_number_is_found_too(app: Flask) -> None:
    owner = factories.customer(phone="+6281234567890")
    mine = queued(customer_id=owner.id, to="+6285511112222")
    assert found("q=0855-1111-2222") == [mine]


def test_staff_and_groups_are_found_by_name(app: Flask) -> None:
    group = "120363000000000001@g.us"
    db.session.add(
        NoticeRecipient(name="Grup teknisi", recipient=group, topics=[], created_at=now())
    )
    mine = queued("staff_notice", to=group, params={"text": "x"})
    queued(key="other")
    assert found("q=teknisi") == [mine]


def test_more_customers_than_are_looked_up_one_by_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "FEW", 1)
    ids = []
    for number in range(3):
        owner = factories.customer(name=f"Budi {number}")
        ids.append(queued(key=str(number), customer_id=owner.id))
    queued(key="other")
    assert found("q=budi") == ids[::-1]


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", "99999999999999", "\0", "²³", "-" * 90])
def test_odd_texts_find_nothing_or_everything_but_never_fail(app: Flask, text: str) -> None:
    queued()
    assert found(f"q={text}") in ([], [1])


def test_by_channel_and_batch(app: Flask) -> None:
    one = queued(key="1", batch="broadcast:1")
    queued(key="2")
    assert found("batch=broadcast:1") == [one]
    assert found("channel=1") == []
    assert found("channel=x&customer=99999999999999999999&before=-1") != []


def test_a_common_state_and_a_rare_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "COMMON", 2)
    ids = [queued(key=str(number)) for number in range(4)]
    for message_id in ids[:3]:
        change(message_id, state="delivered")
    change(ids[3], state="failed")
    assert found("status=delivered") == ids[2::-1]
    assert found("status=failed") == [ids[3]]
    assert found("status=read") == []


def test_pages_go_down_and_up_without_gaps(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PER_PAGE", 3)
    ids = [queued(key=str(number)) for number in range(8)][::-1]

    def page(**where: int | None) -> tuple[list[int], int | None, int | None]:
        got = finding.one_page(Filter(), **where)
        return [row[0].id for row in got.rows], got.newer, got.older

    first, newer, older = page()
    assert (first, newer) == (ids[:3], None)
    second, newer, older_still = page(before=older)
    assert (second, newer) == (ids[3:6], ids[3])
    third, _newer, end = page(before=older_still)
    assert (third, end) == (ids[6:], None)
    assert page(after=newer)[0] == ids[:3]
    assert page(after=newer)[1] is None
    assert page(after=third[0])[0] == second
    # New ones at the top move nothing.
    queued(key="late")
    assert page(before=older)[0] == second
    db.session.rollback()


def test_the_pages_keep_the_filter(desk: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PER_PAGE", 2)
    for number in range(5):
        queued(key=str(number))
    body = desk.get(f"{LOG}?kind=payment_confirmation&since=2026-01-01&q=").text
    (address,) = re.findall(r'href="([^"]+)" rel="next"', body)
    assert "kind=payment_confirmation" in address and "since=2026-01-01" in address
    body = desk.get(address.replace("&amp;", "&")).text
    assert 'rel="prev"' in body and 'rel="next"' in body
    assert "Terbaru" in body


def test_the_customer_is_named_and_can_be_left(desk: Visitor) -> None:
    owner = factories.customer(name="Siti <b>")
    queued(customer_id=owner.id)
    body = desk.get(f"{LOG}?customer={owner.id}").text
    assert "Hanya pesan untuk Siti &lt;b&gt;." in body
    assert "Tampilkan semua" in body


def test_names_of_staff_and_groups_are_shown(desk: Visitor) -> None:
    group = "120363000000000001@g.us"
    db.session.add(
        NoticeRecipient(name="Grup teknisi", recipient=group, topics=[], created_at=now())
    )
    message_id = queued("staff_notice", to=group, params={"text": "x"})
    assert "Grup teknisi" in desk.get(LOG).text
    assert "Grup teknisi" in desk.get(f"{LOG}/{message_id}").text
    assert "Grup teknisi" in desk.client.get(f"{LOG}/export.csv").text


def test_a_key_with_a_number_in_it_is_masked(desk: Visitor) -> None:
    phone = "+6281234567890"
    message_id = queued("staff_notice", f"payment:1:{phone}", to=phone, params={"text": "x"})
    for page in (desk.get(f"{LOG}/{message_id}"), desk.client.get(f"{LOG}/export.csv")):
        assert "81234567890" not in page.text
        assert "staff_notice:payment:1:" in page.text
