"""Somebody at the desk of each role, and customers in different states."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import update

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import db
from tests import factories
from tests.visitor import Visitor

Enter = Callable[..., Visitor]


@pytest.fixture
def enter(app: Flask) -> Enter:
    """A browser of somebody in this role; a collector gets the areas named."""

    def come_in(role: str, *areas: str, person: Staff | None = None) -> Visitor:
        person = person or factories.staff(role=role)
        if areas:
            mine = update(Area).where(Area.name.in_(areas)).values(collector_id=person.id)
            db.session.execute(mine)
            db.session.commit()
        visitor = Visitor(app)
        factories.log_in(visitor.client, person)
        visitor.page("/admin/customers")
        assert visitor.token
        return visitor

    return come_in


@pytest.fixture
def people(app: Flask) -> dict[str, Customer]:
    """Three customers with lines in different states and areas."""
    budi = factories.customer("PLG-1001", "Budi Santoso", "+6281234567890", area="Cibiru")
    tini = factories.customer(
        "PLG-1002", "Warung Bu Tini", "+6285711112222", "+6287733334444", area="Ujungberung"
    )
    joko = factories.customer(
        "PLG-1003", "Joko 100%_Hemat", "+6289900001111", address="Gg. Kenanga 9", area="Cibiru"
    )
    factories.subscription(budi, login="budi.01")
    late = factories.subscription(tini, login="tini.02", state="isolated")
    factories.subscription(joko, login="joko.03", state="paused")
    factories.invoice(late, due_on=date(2026, 11, 1))
    return {"budi": budi, "tini": tini, "joko": joko}
