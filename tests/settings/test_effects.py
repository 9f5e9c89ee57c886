"""Settings say what they would change, by the functions the jobs run on, and only then count."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices import estimates, facts
from portal.invoices import service as invoices
from portal.messaging.models import Message
from portal.network import isolation
from portal.settings import effects, service
from portal.settings.models import Setting
from portal.subscriptions.models import Subscription
from tests import factories
from tests.statements import counted
from tests.visitor import Visitor

URL = "/admin/settings"


def late(days: int, number: int = 1, total: int = 150_000) -> None:
    for _one in range(number):
        factories.invoice(due_on=today() - timedelta(days=days), total=total)


def said(**values: service.Value) -> str:
    """Every sentence about these values."""
    found = effects.foresee({key.replace("__", "."): value for key, value in values.items()})
    return " ".join(effect.sentence for effect in found)


def stored() -> set[str]:
    db.session.rollback()
    found = set(db.session.scalars(select(Setting.key)))
    db.session.rollback()
    return {key for key in found if not key.startswith("internal.")}


def isolated() -> int:
    rows = factories.every(Subscription)
    return sum(row.state == "isolated" for row in rows)


def test_what_is_foreseen_is_what_the_run_does(app: Flask) -> None:
    """The number on the page is the number of lines the run walls off with that value."""
    late(3, 4)
    late(9, 2)
    service.change("isolation.fuse_bp", 10_000)
    db.session.commit()
    sentence = said(isolation__grace_days=2)
    assert "6 langganan diisolir hari ini (sekarang 2)" in sentence
    assert isolated() == 0, "looking changes nothing"
    service.change("isolation.grace_days", 2)
    db.session.commit()
    isolation.run()
    assert isolated() == 6
    assert "akan dibuka" in said(isolation__grace_days=8)
    assert "4 langganan yang terisolir akan dibuka (sekarang 0)" in said(isolation__grace_days=8)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"isolation__enabled": False}, "0 langganan diisolir hari ini (sekarang 2)"),
        ({"isolation__minimum_amount": 200_000}, "0 langganan diisolir hari ini (sekarang 2)"),
        # The 21st is a Saturday.
        ({"isolation__closed_weekdays": ["5"]}, "0 langganan diisolir hari ini (sekarang 2)"),
        ({"isolation__hours_from": "13:00", "isolation__hours_until": "15:00"}, "2 langganan"),
        ({"isolation__fuse_lines": 1}, "lebih banyak dari batas sekring"),
    ],
)
def test_each_knob_of_isolation(
    app: Flask, values: dict[str, service.Value], expected: str
) -> None:
    late(9, 2)
    assert expected in said(**values)


def test_next_months_invoices(app: Flask) -> None:
    for _one in range(3):
        factories.subscription(price=100_000)
    sentence = said(billing__tax_bp=1100)
    assert "Desember 2026" in sentence
    assert "3 tagihan, Rp333.000 (sekarang Rp300.000)" in sentence


def test_many_lines_are_estimated(app: Flask) -> None:
    """Every third of them is read, counted for all, and said."""
    for _one in range(12):
        factories.subscription(price=100_000)
    period = Period.of(today()).next()
    rules = facts.rules(period.first_day)
    assert estimates.totals(period, [rules], most=12) == ([(12, 1_200_000)], 0)
    assert estimates.totals(period, [rules], most=5) == ([(12, 1_200_000)], 4)
    assert "Perkiraan" not in said(billing__tax_bp=1100)


def test_fees_ahead(app: Flask) -> None:
    late(5, 2, total=100_000)
    sentence = said(billing__late_fee="amount", billing__late_fee_amount=5_000)
    assert "2 tagihan kena denda dalam 30 hari, seluruhnya Rp10.000 (sekarang 0, Rp0)" in sentence


def test_reminders_of_today_are_those_the_job_sends(app: Flask) -> None:
    for days in (3, 4, 4):
        due_on = today() + timedelta(days=days)
        factories.invoice(due_on=due_on, issued_on=today() - timedelta(days=10))
    assert "Dengan nilai ini 3 pengingat berangkat hari ini (sekarang 3)" in said(
        reminders__before=[4, 3]
    )
    service.change("reminders.before", [3])
    db.session.commit()
    assert "Dengan nilai ini 3 pengingat berangkat hari ini (sekarang 1)" in said(
        reminders__before=[4]
    )
    assert invoices.remind_due() == 1


def test_the_sending_hours(app: Flask) -> None:
    """It is Saturday, 10.00 WIB."""
    assert "sekarang juga" in said(messages__hours_from="09:00")
    assert "21 Nov 2026 11.00 WIB (sekarang sekarang juga)" in said(messages__hours_from="11:00")


def test_what_has_no_effect_says_nothing(app: Flask) -> None:
    assert said(company__name="Baru", isolation__grace_days=7) == ""


def test_supposing_ends_and_writes_nothing(app: Flask) -> None:
    with pytest.raises(RuntimeError), service.supposing({"isolation.grace_days": 1}):
        assert service.integer("isolation.grace_days") == 1
        raise RuntimeError
    assert service.integer("isolation.grace_days") == 7
    assert stored() == set()


def test_looking_at_many_lines_takes_no_more_questions(app: Flask) -> None:
    late(9, 2)
    with counted() as few:
        said(isolation__grace_days=1)
    late(9, 20)
    with counted() as many:
        said(isolation__grace_days=1)
    assert len(many) <= len(few)


@pytest.fixture
def owner(app: Flask, siti: Staff) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, siti)
    return found


def test_nothing_is_stored_before_it_was_seen(app: Flask, owner: Visitor) -> None:
    late(3, 2)
    form = {"group": "isolation", **group_form(owner, "isolation"), "isolation.grace_days": "1"}
    answer = owner.post(URL, **{**form, "seen": "anything"})
    place = answer.headers.get("HX-Redirect") or answer.location
    assert "check=1" in place and "isolation.grace_days=1" in place
    page = owner.page(place).text
    assert "2 langganan diisolir hari ini (sekarang 0)" in page
    assert 'value="1"' in page.split('id="f-isolation.grace_days"')[1].split(">")[0]
    assert stored() == set()
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    # Seen for another value is not seen.
    other = owner.post(URL, **{**form, "isolation.grace_days": "2", "seen": seen[1]})
    assert "check=1" in (other.headers.get("HX-Redirect") or other.location)
    done = owner.post(URL, **{**form, "seen": seen[1]})
    assert "check=1" not in (done.headers.get("HX-Redirect") or done.location)
    with app.app_context():
        assert service.integer("isolation.grace_days") == 1


def group_form(desk: Visitor, group: str) -> dict[str, str]:
    """The fields of a group as the page shows them."""
    html = desk.page(f"{URL}?group={group}").text.split('name="group"')[1]
    found = dict(
        re.findall(
            r'<input class="form-control" id="f-[^"]+" name="([^"]+)" type="text" value="([^"]*)"',
            html,
        )
    )
    ticked = re.findall(r'type="checkbox" id="[^"]+" name="([^"]+)" value="y" checked', html)
    return {**found, **dict.fromkeys(ticked, "y")}


def test_a_group_is_saved_alone(app: Flask, owner: Visitor) -> None:
    """A box of another group is not unticked by it."""
    owner.post(URL, **{"group": "company", **group_form(owner, "company"), "company.name": "Baru"})
    with app.app_context():
        assert service.text("company.name") == "Baru"
        assert service.flag("isolation.enabled") is True and service.flag("orders.open") is True


def test_live_effects_of_the_form(app: Flask) -> None:
    late(3, 2)
    desk = Visitor(app, hx=True)
    factories.log_in(desk.client, factories.staff())
    form = {**group_form(desk, "isolation"), "isolation.grace_days": "1"}
    answer = desk.get(f"{URL}/effects?{urlencode({'group': 'isolation', **form})}")
    assert "2 langganan diisolir hari ini (sekarang 0)" in answer.text
    assert "<html" not in answer.text and 'id="effects"' in answer.text
    form["isolation.grace_days"] = "x"
    wrong = desk.get(f"{URL}/effects?{urlencode({'group': 'isolation', **form})}").text
    assert "Masa tenggang" in wrong and "Isi dengan angka bulat." in wrong


def test_going_back_to_the_default_follows_it(app: Flask, owner: Visitor) -> None:
    service.change("company.name", "Kampung Net")
    db.session.commit()
    html = owner.page(f"{URL}?group=company").text
    assert "bawaan: Loket" in html
    owner.post(URL, **{"group": "company", **group_form(owner, "company"), "company.name": "Loket"})
    assert "company.name" not in stored()
    assert [row.after for row in factories.every(AuditEntry)][-1] == {"v": "Loket"}
    history = owner.page(f"{URL}/history/company.name").text
    assert history.index("Kampung Net") < history.index("</table>") and "Siti Pemilik" in history
    assert owner.get(f"{URL}/history/internal.x").status_code == 404


def test_search_finds_by_word_of_label_and_help(owner: Visitor) -> None:
    html = owner.page(f"{URL}?q=TENGGANG").text
    assert "group=isolation#f-isolation.grace_days" in html
    assert "Tidak ada pengaturan dengan kata itu." in owner.page(f"{URL}?q=zzz").text


def test_messages_that_wait_for_the_hours(app: Flask) -> None:
    from portal.infra.timekeeping import now

    db.session.add(
        Message(
            dedupe_key="x", kind="isolation_notice", lane="messages", recipient="+62812",
            params={}, state="pending", next_at=now(), created_at=now(),
        )
    )  # fmt: skip
    db.session.commit()
    kinds = [*service.words("messages.patient_kinds"), "isolation_notice"]
    assert "1 pesan di antrean mengikuti jam kirim (sekarang 0)" in said(
        messages__patient_kinds=kinds
    )
