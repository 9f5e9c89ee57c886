"""The settings form: all or nothing, sentences beside the fields, audit."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.infra.audit import AuditEntry
from portal.settings import service
from portal.settings.models import Setting
from portal.settings.registry import GROUPS, SPECS
from tests import factories
from tests.visitor import Visitor, target

URL = "/admin/settings"
USUAL = {
    "company.name": "Loket",
    "company.cs_phone": "",
    "company.address": "",
    "company.npwp": "",
    "billing.due_days": "10",
    "billing.tax_bp": "0",
    "billing.proration": "none",
    "billing.late_fee": "none",
    "billing.late_fee_amount": "0",
    "billing.late_fee_bp": "0",
    "billing.late_fee_days": "7",
    "payments.partial": "",
    "payments.partial_minimum": "20000",
    "payments.overpay": "",
    "payments.ahead": "",
    "payments.ahead_rules": "",
    "reminders.before": "7, 3, 1",
    "reminders.after": "1, 3, 7",
    "isolation.enabled": "y",
    "isolation.grace_days": "7",
    "isolation.minimum_amount": "1",
    "isolation.tolerance_days": "0",
    "isolation.tolerance_bp": "5000",
    "isolation.rapel_cap": "3",
    "isolation.promise_days": "14",
    "isolation.promises_per_year": "3",
    "isolation.warn_hours": "0",
    "isolation.closed_weekdays": "",
    "isolation.holidays": "",
    "isolation.hours_from": "00:00",
    "isolation.hours_until": "00:00",
    "isolation.fuse_bp": "500",
    "isolation.fuse_lines": "10",
    "orders.open": "y",
    "orders.install_fee": "0",
    "orders.unpaid_days": "3",
    "tickets.answer_hours": "8",
    "login.codes_per_ip_hour": "60",
    "login.customer_days": "60",
    "login.staff_idle_minutes": "30",
    "login.staff_hours": "12",
    "login.totp_roles": "",
    "messages.hours_from": "08:00",
    "messages.hours_until": "20:00",
    "messages.patient_kinds": "invoice_notification, payment_reminder, overdue_notice, broadcast",
    "messages.closed_weekdays": "",
    "messages.holidays": "",
    "messages.max_attempts": "5",
    "messages.retry_seconds": "10",
    "messages.retention_days": "90",
    "messages.cost_rupiah": "0",
    "costs.utility": "0",
    "costs.authentication": "0",
    "costs.marketing": "0",
    "costs.service": "0",
}
BOXES = {"isolation.enabled", "orders.open", "messages.patient_kinds"}


def save(desk: Visitor, **changes: str | None):  # type: ignore[no-untyped-def]
    """Post the form with changes named like `billing__due_days`; None leaves a box unticked."""
    wished: dict[str, str | None] = dict(USUAL)
    wished |= {name.replace("__", "."): value for name, value in changes.items()}
    form = {name: value for name, value in wished.items() if value is not None}
    answer = desk.post(URL, **form)
    place = target(answer) if answer.status_code in (204, 303) else ""
    if "check=1" not in place:
        return answer
    # What it would change is shown first; sent again it says that it was seen.
    asked = desk.page(place).text
    assert "Belum ada yang disimpan." in asked
    seen = asked.split('name="seen" value="')[1].split('"')[0]
    return desk.post(URL, seen=seen, **form)


def changes() -> dict[str, AuditEntry]:
    """The audited changes of settings, by subject."""
    rows = factories.every(AuditEntry)
    return {row.subject: row for row in rows if row.action == "settings.change"}


def value(app: Flask, key: str) -> service.Value:
    with app.app_context():
        return service.get(key)


def test_the_form_shows_every_setting(desk: Visitor) -> None:
    text = "".join(desk.get(f"{URL}?group={name}").text for name, _title in GROUPS)
    for spec in SPECS:
        assert f'name="{spec.key}"' in text and str(spec.label) in text
    for key, shown in USUAL.items():
        assert f'name="{key}"' in text
        if shown and key not in BOXES:
            assert f'value="{shown}"' in text
    assert set(USUAL) == {spec.key for spec in SPECS}
    assert text.count("checked") == 2 + 4 + 2


def test_saving_what_is_shown_changes_nothing(desk: Visitor) -> None:
    assert target(save(desk)) == URL
    assert changes() == {}
    db_rows = [row for row in _rows() if not row.startswith("internal.")]
    assert db_rows == []


def _rows() -> list[str]:
    from sqlalchemy import select

    from portal.extensions import db

    db.session.rollback()
    found = list(db.session.scalars(select(Setting.key)))
    db.session.rollback()
    return found


def test_an_address_may_be_empty_and_long_but_not_endless(app: Flask, desk: Visitor) -> None:
    long = "Jl. Merdeka " * 20
    assert target(save(desk, company__address=long)) == URL
    assert value(app, "company.address") == long.strip()
    assert target(save(desk, company__address="")) == URL
    assert value(app, "company.address") == ""
    assert "240 huruf" in save(desk, company__address="x" * 241).text
    assert save(desk, company__name="").status_code == 422, "a name is still needed"


def test_saving_takes_effect_and_is_audited(app: Flask, desk: Visitor, siti: Staff) -> None:
    answer = save(
        desk,
        company__name="Kampung Net",
        company__cs_phone="0812-3456-7890",
        reminders__before="1; 5,3,5",
        isolation__enabled=None,
        isolation__minimum_amount="50.000",
    )
    assert target(answer) == URL
    assert value(app, "company.name") == "Kampung Net"
    assert value(app, "company.cs_phone") == "+6281234567890"
    assert value(app, "reminders.before") == [1, 5, 3]
    assert value(app, "isolation.enabled") is False
    assert value(app, "isolation.minimum_amount") == 50_000
    shown = desk.page(f"{URL}?group=all").text
    assert "Pengaturan disimpan." in shown and 'value="0812-3456-7890"' in shown
    assert 'value="1, 5, 3"' in shown and "Kampung Net" in Visitor(app).get("/login").text
    entries = changes()
    assert len(entries) == 5
    entry = entries["setting:isolation.enabled"]
    assert (entry.actor, entry.before, entry.after) == (
        f"staff:{siti.id}",
        {"v": True},
        {"v": False},
    )


@pytest.mark.parametrize(
    ("key", "typed", "sentence"),
    [
        ("company.name", "", "Isian ini wajib diisi."),
        ("company.name", "n" * 121, "Paling banyak 120 huruf."),
        ("company.cs_phone", "12", ""),
        ("billing.due_days", "0", "Isi antara 1 dan 60."),
        ("billing.due_days", "61", "Isi antara 1 dan 60."),
        ("billing.due_days", "sepuluh", "Isi dengan angka bulat."),
        ("billing.due_days", "", "Isi dengan angka bulat."),
        ("billing.due_days", "-5", "Isi antara 1 dan 60."),
        ("billing.tax_bp", "11,5", "Isi dengan angka bulat."),
        ("reminders.before", "7, x", "Isi dengan angka bulat."),
        ("reminders.after", "0", "Isi antara 1 dan 60."),
        ("reminders.after", "99", "Isi antara 1 dan 60."),
        ("isolation.minimum_amount", "0", "Isi antara 1 dan 1.000.000.000."),
        ("login.codes_per_ip_hour", "1", "Isi antara 5 dan 100.000."),
    ],
)
def test_a_wrong_value_is_said_beside_its_field(
    app: Flask, desk: Visitor, key: str, typed: str, sentence: str
) -> None:
    """All or nothing: the good values of the same form are not stored either, but kept typed."""
    name = key.replace(".", "__")
    other = "company__name" if key != "company.name" else "isolation__grace_days"
    answer = save(desk, **{other: "21" if other.startswith("iso") else "Baru Net", name: typed})
    assert answer.status_code == 422
    place = answer.text.split(f'id="f-{key}"')[1].split("</div>")[0]
    assert sentence in place and 'class="err"' in place and 'aria-invalid="true"' in place
    assert f'value="{typed}"' in answer.text
    assert ('value="21"' if other.startswith("iso") else 'value="Baru Net"') in answer.text
    assert value(app, "company.name") == "Loket" and value(app, key) == _default(key)
    assert changes() == {}


def _default(key: str) -> service.Value:
    return next(spec.default for spec in SPECS if spec.key == key)


def test_an_unticked_box_stays_unticked_after_an_error(desk: Visitor) -> None:
    text = save(desk, isolation__enabled=None, billing__due_days="x").text
    box = text.split('name="isolation.enabled"')[1].split(">")[0]
    assert "checked" not in box


def test_the_new_values_rule_the_product(app: Flask, desk: Visitor) -> None:
    """What is saved is what billing uses."""
    from portal.core.period import Period
    from portal.infra.timekeeping import today
    from portal.invoices import billing
    from portal.invoices.models import Invoice

    factories.subscription()
    save(desk, billing__due_days="15")
    with app.app_context():
        billing.issue_chunk(Period.of(today()), only_due=False)
        from portal.extensions import db

        db.session.commit()
    bill = factories.every(Invoice)[0]
    assert bill.due_on == bill.issued_on + timedelta(days=15)
