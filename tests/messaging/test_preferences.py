"""Promotions refused in WhatsApp's own menu: only what promotes stops, and nobody wrote."""

from flask import Flask

from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import inbound, optouts, receipts
from portal.messaging.drivers.events import InboundMessage
from tests import factories
from tests.messaging.rows import PHONE

SOURCE = "whatsapp.meta"


def take(payload: str, form: str = "user_preferences") -> None:
    event = InboundMessage(f"id-{payload}-{form}", PHONE, wall(), form=form, payload=payload)
    inbound.take(SOURCE, receipts.scope_of(SOURCE), event)
    db.session.commit()


def refused(customer_id: int) -> set[str]:
    return {kind for kind in optouts.OPTIONAL if optouts.is_out(customer_id, kind)}


def test_only_promotions_stop_and_come_back(app: Flask) -> None:
    budi = factories.customer(phone=PHONE).id
    take("MARKETING_STOP")
    assert refused(budi) == {"broadcast"}
    take("MARKETING_RESUME")
    assert refused(budi) == set()


def test_a_button_of_that_name_is_no_such_choice(app: Flask) -> None:
    budi = factories.customer(phone=PHONE).id
    take("MARKETING_STOP", form="button")
    assert refused(budi) == set()


def test_a_choice_in_a_menu_opens_no_window(app: Flask) -> None:
    factories.customer(phone=PHONE)
    take("MARKETING_STOP")
    take("user_changed_number", form="system")
    assert inbound.wrote_lately([PHONE]) == frozenset()
    take("", form="text")
    assert inbound.wrote_lately([PHONE]) == {(PHONE, None)}
