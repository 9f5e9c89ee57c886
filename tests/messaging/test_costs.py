"""What messages cost: counted from the provider's own word, priced with the owner's rates."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.core.period import Period
from portal.extensions import db
from portal.messaging import channel_config, costs, receipts
from portal.messaging.costs import Line
from portal.messaging.drivers.events import DeliveryEvent
from portal.settings import service as settings
from tests import factories
from tests.messaging.rows import queued
from tests.visitor import Visitor

NOVEMBER = Period(2026, 11)
AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
PAGE = "/admin/messages/costs"


def sent(
    number: int,
    kind: str = "payment_reminder",
    category: str = "utility",
    billable: bool | None = True,
    *,
    at: datetime = AT,
    states: tuple[str, ...] = ("sent", "delivered"),
) -> None:
    """A message and what its provider told of it."""
    queued(kind, f"{kind}{number}")
    events = [
        DeliveryEvent(
            f"wamid.{kind}{number}", f"{kind}:{kind}{number}", state, at, "", category, billable
        )
        for state in states
    ]
    assert receipts.apply(events) == []
    db.session.commit()


def priced(**rates: int) -> None:
    for name, rate in rates.items():
        settings.change(f"costs.{name}", rate)
    db.session.commit()


def found(month: Period = NOVEMBER) -> costs.Report:
    db.session.rollback()
    made = costs.report(month)
    db.session.rollback()
    return made


def test_a_month_by_kind_and_category(app: Flask) -> None:
    priced(utility=357, marketing=586)
    sent(1)
    sent(2)
    sent(3, billable=False)
    sent(4, states=("sent",))
    sent(5, category="marketing")
    sent(6, kind="payment_confirmation", states=("sent", "read"))
    sent(7, kind="payment_confirmation", billable=None)
    made = found()
    assert list(made.lines) == [
        Line("payment_confirmation", "utility", 2, 0, 0, 357),
        Line("payment_reminder", "utility", 2, 1, 1, 357),
        Line("payment_reminder", "marketing", 1, 0, 0, 586),
    ]
    assert (made.total, made.billable, made.free, made.open) == (4 * 357 + 586, 5, 1, 1)
    assert made.without_rate == []


def test_a_failed_message_is_not_charged(app: Flask) -> None:
    priced(utility=357)
    sent(1, states=("sent", "failed"))
    made = found()
    assert (made.billable, made.open, made.total) == (0, 1, 0)


def test_what_no_provider_priced_is_not_there(app: Flask) -> None:
    sent(1, category="")
    queued("payment_reminder", "waiting")
    assert list(found().lines) == []


def test_months_are_those_of_the_isp(app: Flask) -> None:
    """Midnight in Jakarta is 17:00 UTC of the day before."""
    sent(1, at=datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC))
    sent(2, at=datetime(2026, 10, 31, 17, 0, tzinfo=UTC))
    sent(3, at=datetime(2026, 11, 30, 16, 59, 59, tzinfo=UTC))
    sent(4, at=datetime(2026, 11, 30, 17, 0, tzinfo=UTC))
    assert found(Period(2026, 10)).billable == 1
    assert found().billable == 2
    assert found(Period(2026, 12)).billable == 1


def test_without_a_rate_the_sum_says_so(app: Flask) -> None:
    priced(utility=357)
    sent(1)
    sent(2, kind="otp_code", category="authentication")
    sent(3, category="authentication-international")
    sent(4, category="service")
    sent(5, category="never_heard", states=("sent",))
    made = found()
    assert made.total == 357
    assert set(made.without_rate) == {"authentication", "authentication_international"}
    by_category = {one.category: one for one in made.lines}
    assert by_category["service"].cost == 0
    assert by_category["authentication"].cost is None
    assert by_category["never_heard"].cost == 0


def test_words_for_the_same_category_are_one_line(app: Flask) -> None:
    priced(marketing=586)
    sent(1, category="marketing")
    sent(2, category="MARKETING_LITE")
    assert [(one.category, one.billable) for one in found().lines] == [("marketing", 2)]


@pytest.mark.parametrize("text", ["", "x", "2026-13", "0000-01", "9999-12", "2026-11 "])
def test_a_month_that_makes_no_sense_is_this_one(app: Flask, text: str) -> None:
    assert costs.month_of(text) == NOVEMBER


def test_a_broadcast_is_priced_by_hand_or_by_the_channel(app: Flask) -> None:
    priced(marketing=586)
    assert costs.per_broadcast_message() == 0
    channel_config.save("meta", {"access_token": "x" * 9, "phone_number_id": "1"})
    channel_config.choose("meta")
    db.session.commit()
    assert costs.per_broadcast_message() == 586
    settings.change("messages.cost_rupiah", 100)
    db.session.commit()
    assert costs.per_broadcast_message() == 100


def person(app: Flask, role: str = "owner") -> Visitor:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=role))
    return visitor


def test_the_page(app: Flask) -> None:
    priced(utility=357)
    for number in range(3):
        sent(number)
    sent(9, kind="otp_code", category="authentication")
    text = person(app).page(PAGE).text
    assert "Rp1.071" in text
    assert "Tarif belum diisi: Autentikasi." in text
    assert "Kode masuk" in text and "Oktober 2026" in text
    assert "Desember 2026" not in text
    other = person(app, "finance").page(f"{PAGE}?month=2026-10").text
    assert "Tidak ada pesan" in other and "November 2026" in other


def test_only_the_report_for_a_fragment(app: Flask) -> None:
    visitor = person(app)
    visitor.headers = {"HX-Request": "true"}
    part = visitor.get(f"{PAGE}?month=2026-11").text
    assert 'id="report"' in part and "<html" not in part


def test_who_may_see_it(app: Flask) -> None:
    assert person(app, "support").get(PAGE).status_code == 403
    assert person(app, "finance").get(PAGE).status_code == 200


def test_the_file(app: Flask) -> None:
    priced(utility=357)
    sent(1)
    sent(2, kind="otp_code", category="authentication")
    answer = person(app).get(f"{PAGE}/file?month=2026-11")
    assert answer.headers["Content-Disposition"].endswith('"biaya-pesan-2026-11.csv"')
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.data.decode("utf-8-sig").splitlines() == [
        "bulan,jenis,kategori,berbayar,gratis,belum_sampai,tarif,biaya",
        "2026-11,payment_reminder,utility,1,0,0,357,357",
        "2026-11,otp_code,authentication,1,0,0,,",
    ]


def test_a_log_of_years_is_not_read_to_price_one_month(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        return
    compiled = costs.statement(NOVEMBER).compile(db.engine)
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    shown = [value.isoformat(" ") if isinstance(value, datetime) else value for value in values]
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(shown))
    assert "ix_message_priced" in str(plan.all())
