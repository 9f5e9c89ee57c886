"""The staff's message log, with and without HTMX."""

import pytest
from flask import Flask

from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.messaging import sending
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.parts import raising
from tests.messaging.rows import message, queued
from tests.visitor import Visitor, target

LOG = "/admin/messages"
SETTINGS = "/admin/settings/whatsapp"


def person(app: Flask, role: str = "owner", hx: bool = False) -> Visitor:
    visitor = Visitor(app, hx)
    factories.log_in(visitor.client, factories.staff(role=role))
    visitor.page(LOG if role != "technician" else "/admin/login")
    return visitor


# The log


def test_the_log_shows_whom_what_and_where_it_is_without_whole_numbers(
    app: Flask, provider: Provider
) -> None:
    owner = factories.customer(name="Siti Aminah", phone="+6281234567890")
    sending.deliver(queued(customer_id=owner.id, to=owner.phone))

    page = person(app).get(LOG).text

    assert "Siti Aminah" in page
    assert "Diterima penyedia" in page
    assert "+62 812-••••-7890" in page
    assert "81234567890" not in page


@pytest.mark.parametrize("hx", [False, True])
def test_filters(app: Flask, provider: Provider, hx: bool) -> None:
    budi = factories.customer(name="Budi", phone="+6281200000001")
    rina = factories.customer(name="Rina", phone="+6281200000002")
    sending.deliver(queued(key="1", customer_id=budi.id, to=budi.phone))
    queued("invoice_notification", "2", customer_id=rina.id, to=rina.phone, params={"name": "Rina"})
    visitor = person(app, hx=hx)

    def found(query: str) -> set[str]:
        body = visitor.get(f"{LOG}?{query}").text
        assert body.startswith("<div") == hx or not hx
        return {name for name in ("Budi", "Rina") if f">{name}<br>" in body}

    assert found("") == {"Budi", "Rina"}
    assert found("q=bud") == {"Budi"}
    assert found("q=0812-0000-0002") == {"Rina"}
    assert found("q=%2B62+812+0000+0001") == {"Budi"}
    assert found("status=waiting") == {"Rina"}
    assert found("status=accepted") == {"Budi"}
    assert found("kind=invoice_notification") == {"Rina"}
    assert found("driver=recorder") == {"Budi"}
    assert found(f"customer={rina.id}") == {"Rina"}
    assert found("status=nonsense&page=99") == {"Budi", "Rina"}
    assert found("q=%25%27+OR+1%3D1") == set()


def test_one_message_tells_its_story_reason_and_what_to_do(app: Flask, provider: Provider) -> None:
    provider.always = raising(Permanent("Nomor ini tidak terdaftar di WhatsApp.", detail="kode 9"))
    message_id = queued()
    sending.deliver(message_id)

    page = person(app).get(f"{LOG}/{message_id}").text

    assert "Nomor ini tidak terdaftar di WhatsApp." in page
    assert "Perbaiki nomor WhatsApp pelanggan" in page
    assert "kode 9" in page
    assert "Rp165.000" in page
    assert "6281234567890" not in page


def test_a_login_code_is_nowhere_on_its_page(app: Flask, provider: Provider) -> None:
    from portal.accounts import otp
    from portal.accounts.otp import Owner

    owner = factories.customer()
    otp.request_code(owner.phone, Owner(owner.id, "id"), "127.0.0.1", 60)
    db.session.commit()
    (row,) = factories.every(Message)
    sending.deliver(row.id)
    code = list(provider.arrived[0].params)[0]

    visitor = person(app)
    assert code not in visitor.get(f"{LOG}/{row.id}").text
    assert "••••••" in visitor.get(f"{LOG}/{row.id}").text
    assert code not in visitor.get(LOG).text


@pytest.mark.parametrize("hx", [False, True])
def test_resending_asks_first_and_keeps_the_link(app: Flask, provider: Provider, hx: bool) -> None:
    provider.answers = [raising(Permanent("Nomor salah."))]
    old = queued()
    sending.deliver(old)
    visitor = person(app, hx=hx)

    asked = visitor.page(f"{LOG}/{old}/resend")
    assert asked.status_code == 200
    assert len(factories.every(Message)) == 1
    answer = visitor.post(f"{LOG}/{old}/resend")

    assert answer.status_code == (204 if hx else 303)
    new = factories.every(Message)[-1]
    assert target(answer).endswith(f"{LOG}/{new.id}")
    assert (new.parent_id, new.state) == (old, "pending")


def test_an_outdated_reminder_is_not_resent(app: Flask, provider: Provider) -> None:
    bill = factories.invoice(state="paid")
    message_id = queued("payment_reminder", invoice_id=bill.id)
    sending.deliver(message_id)
    visitor = person(app)

    answer = visitor.post(f"{LOG}/{message_id}/resend")
    assert "Sudah lunas" in visitor.page(target(answer)).text
    assert len(factories.every(Message)) == 1


def test_cancelling_a_waiting_message(app: Flask) -> None:
    message_id = queued()
    visitor = person(app)

    visitor.post(f"{LOG}/{message_id}/cancel", reason="nomor lama")
    again = visitor.post(f"{LOG}/{message_id}/cancel")

    assert (message(message_id).state, message(message_id).reason) == ("cancelled", "nomor lama")
    assert "Terlambat" in visitor.page(target(again)).text


def test_who_may_see_what(app: Flask) -> None:
    message_id = queued()
    support, technician = person(app, "support"), person(app, "technician")
    assert support.get(LOG).status_code == 200
    assert support.get(SETTINGS).status_code == 403
    assert support.get(f"{SETTINGS}/status").status_code == 403
    assert technician.get(LOG).status_code == 403
    assert technician.get(f"{LOG}/{message_id}").status_code == 403
    assert Visitor(app).get(SETTINGS).status_code == 303
    assert person(app).get(f"{LOG}/999").status_code == 404
