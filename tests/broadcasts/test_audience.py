"""Who is meant: each filter, all of them together against a plain loop, and who is left out."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from portal.broadcasts import audience as people
from portal.broadcasts.audience import Audience
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now, today
from portal.messaging import optouts
from portal.network.models import Router
from portal.subscriptions.models import Subscription
from tests import factories
from tests.statements import counted


def meant(audience: Audience) -> set[int]:
    rows = db.session.execute(people.people(audience)).all()
    db.session.rollback()
    assert len(rows) == len({row.id for row in rows})
    return {row.id for row in rows}


def router(name: str) -> int:
    made = Router(name=name, driver="console", config="{}", created_at=now())
    db.session.add(made)
    db.session.commit()
    return made.id


@pytest.fixture
def three(app: Flask) -> dict[str, Any]:
    """Three customers who differ in everything a filter asks for."""
    home, office = factories.plan(), factories.plan("Kantor", 500_000)
    east, west = router("Timur"), router("Barat")
    budi = factories.customer(area="Cibiru")
    tini = factories.customer(area="Ujungberung", language="en")
    joko = factories.customer(area="Cibiru")
    lines = {
        "budi": factories.subscription(budi, home, state="active"),
        "tini": factories.subscription(tini, home, state="isolated"),
        "joko": factories.subscription(joko, office, state="paused"),
    }
    ended = factories.subscription(budi, office, state="ended")
    for line, place in ((lines["budi"], east), (lines["tini"], west), (lines["joko"], east)):
        _place(line, place)
    _place(ended, west)
    late = today() - timedelta(days=1)
    factories.invoice(lines["tini"], "2026-10", late, 200_000)
    factories.invoice(lines["tini"], "2026-11", total=100_000)
    part = factories.invoice(lines["joko"], "2026-11", today(), 500_000)
    factories.payment(joko, 250_000, [part])
    factories.invoice(lines["budi"], "2026-09", late, 900_000, "paid")
    factories.invoice(lines["budi"], "2026-10", late, 900_000, "void")
    return {
        "ids": {"budi": budi.id, "tini": tini.id, "joko": joko.id},
        "cibiru": budi.area_id, "ujungberung": tini.area_id,
        "home": home.id, "office": office.id, "east": east, "west": west,
    }  # fmt: skip


def _place(line: Subscription, place: int) -> None:
    db.session.execute(
        update(Subscription).where(Subscription.id == line.id).values(router_id=place)
    )
    db.session.commit()


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({}, "budi tini joko"),
        ({"areas": ["cibiru"]}, "budi joko"),
        ({"areas": ["cibiru", "ujungberung"]}, "budi tini joko"),
        ({"plans": ["home"]}, "budi tini"),
        ({"plans": ["office"]}, "joko"),  # budi's line on it has ended
        ({"states": ("active",)}, "budi"),
        ({"states": ("isolated", "paused")}, "tini joko"),
        ({"routers": ["east"]}, "budi joko"),
        ({"routers": ["west"]}, "tini"),
        ({"plans": ["office"], "states": ("active",)}, ""),  # of one and the same line
        ({"plans": ["home"], "routers": ["east"]}, "budi"),
        ({"arrears": "overdue"}, "tini"),
        ({"arrears": "owes", "owes": 1}, "tini joko"),
        ({"arrears": "owes", "owes": 250_000}, "tini joko"),
        ({"arrears": "owes", "owes": 250_001}, "tini"),
        ({"arrears": "owes", "owes": 300_000}, "tini"),
        ({"arrears": "owes", "owes": 300_001}, ""),
        ({"arrears": "overdue", "areas": ["cibiru"]}, ""),
        ({"language": "en"}, "tini"),
        ({"language": "id", "arrears": "owes"}, "joko"),
    ],
)
def test_filters(three: dict[str, Any], narrowed: dict[str, Any], names: str) -> None:
    values = {
        name: tuple(three.get(v, v) for v in value) if isinstance(value, list) else value
        for name, value in narrowed.items()
    }
    assert meant(Audience(**values)) == {three["ids"][name] for name in names.split()}


def test_due_today_is_not_overdue_and_tomorrow_it_is(app: Flask, clock: Any) -> None:
    line = factories.subscription()
    factories.invoice(line, due_on=today())
    assert meant(Audience(arrears="overdue")) == set()
    clock.move(days=1)
    assert meant(Audience(arrears="overdue")) == {line.customer_id}


def test_who_is_left_out_and_why(app: Flask) -> None:
    fine, refuses, closed, ended, lineless, bad, both, twin = (
        factories.customer(name=name) for name in "abcdefgh"
    )
    for person in (fine, refuses, closed, bad, both, twin):
        factories.subscription(person)
    factories.subscription(ended, state="ended")
    _set(closed, status="closed")
    _set(both, status="closed")
    _set(bad, phone="0812")
    _set(twin, phone=fine.phone)
    for person in (refuses, both):
        optouts.set(person.id, "broadcast", "staff")
    optouts.set(fine.id, "payment_reminder", "staff")
    db.session.commit()
    whys = {row.id: row.why for row in db.session.execute(people.people(Audience()))}
    assert whys == {
        fine.id: "", twin.id: "", refuses.id: "refused", closed.id: "closed",
        ended.id: "closed", lineless.id: "closed", bad.id: "no_number", both.id: "closed",
    }  # fmt: skip
    counts = people.count(Audience(), "Halo semua")
    assert (counts.customers, counts.reachable, counts.messages, counts.same_number) == (8, 2, 1, 1)
    assert (counts.closed, counts.no_number, counts.refused, counts.skipped) == (4, 1, 1, 7)
    assert people.count(Audience(), "Halo [[name]]").messages == 2
    _set(twin, name=fine.name)
    assert people.count(Audience(), "Halo [[name]]").messages == 1
    assert people.count(Audience(), "Halo [[name]] [[customer_number]]").messages == 2
    listed = db.session.execute(people.skipped(Audience())).all()
    assert {row.id for row in listed} == whys.keys() - {fine.id, twin.id}


def _set(person: Customer, **values: Any) -> None:
    db.session.execute(update(Customer).where(Customer.id == person.id).values(**values))
    db.session.commit()


@pytest.mark.parametrize("seed", range(6))
def test_all_filters_together_agree_with_a_plain_loop(app: Flask, seed: int) -> None:
    random = Random(seed)
    plans = [factories.plan(f"P{i}", 100_000).id for i in range(3)]
    routers = [router(f"R{i}") for i in range(2)]
    rows = [_somebody(random, plans, routers) for _ in range(25)]
    areas = sorted({row["area"] for row in rows})
    for _ in range(40):
        wanted = Audience(
            areas=tuple(random.sample(areas, random.choice([0, 0, 1, 2]))),
            plans=tuple(random.sample(plans, random.choice([0, 0, 1, 2]))),
            states=tuple(random.sample(people.LINE_STATES, random.choice([0, 0, 1, 2]))),
            routers=tuple(random.sample(routers, random.choice([0, 0, 1]))),
            arrears=random.choice(["", "", "overdue", "owes"]),
            owes=random.choice([50_000, 100_000, 150_000]),
            language=random.choice(["", "", "id", "en"]),
        )
        assert meant(wanted) == {row["id"] for row in rows if _fits(row, wanted)}, wanted


def _somebody(random: Random, plans: list[int], routers: list[int]) -> dict[str, Any]:
    person = factories.customer(
        area=random.choice(["Utara", "Selatan", "Timur"]), language=random.choice(["id", "en"])
    )
    owed, late = 0, False
    for _ in range(random.choice([0, 1, 1, 2])):
        state = random.choice(["active", "isolated", "paused", "ended"])
        plan = db.session.get_one(factories.Plan, random.choice(plans))
        line = factories.subscription(person, plan, state=state)
        place = random.choice([*routers, None])
        if place:
            _place(line, place)
        if random.random() < 0.6:
            due = today() + timedelta(days=random.choice([-5, 0, 5]))
            bill = factories.invoice(line, due_on=due, total=100_000)
            paid = random.choice([0, 0, 40_000, 100_000])
            if paid:
                factories.payment(person, paid, [bill])
            owed += 100_000 - paid
            late = late or (paid < 100_000 and due < today())
    # Paying everything has opened an isolated line.
    lines = db.session.scalars(select(Subscription).where(Subscription.customer_id == person.id))
    return {
        "id": person.id, "area": person.area_id, "language": person.language,
        "lines": [(line.plan_id, line.state, line.router_id) for line in lines],
        "owed": owed, "late": late,
    }  # fmt: skip


def _fits(row: dict[str, Any], wanted: Audience) -> bool:
    lines = [
        line
        for line in row["lines"]
        if (not wanted.plans or line[0] in wanted.plans)
        and line[1] in (wanted.states or people.LINE_STATES)
        and (not wanted.routers or line[2] in wanted.routers)
    ]
    asks_lines = bool(wanted.plans or wanted.states or wanted.routers)
    return (
        (not asks_lines or bool(lines))
        and (not wanted.areas or row["area"] in wanted.areas)
        and (not wanted.language or row["language"] == wanted.language)
        and (wanted.arrears != "overdue" or row["late"])
        and (wanted.arrears != "owes" or row["owed"] >= wanted.owes)
    )


def test_counting_costs_two_queries_whatever_the_filter(three: dict[str, Any]) -> None:
    with counted() as statements:
        people.count(Audience(areas=(three["cibiru"],), arrears="owes", owes=1), "Halo [[name]]")
    assert len([s for s in statements if s.startswith("SELECT")]) == 2


def test_odd_values_in_an_address_are_left_out() -> None:
    typed = MultiDict(
        [
            ("areas", "3"), ("areas", "3"), ("areas", "x"), ("areas", "-1"), ("areas", "0"),
            ("areas", str(2**31)), ("areas", "٣"), ("plans", "9" * 40), ("states", "ended"),
            ("states", "active"), ("arrears", "much"), ("owes", "Rp 150.000"), ("language", "fr"),
        ]
    )  # fmt: skip
    assert Audience.typed(typed) == Audience(areas=(3,), states=("active",), owes=150_000)


@pytest.mark.parametrize(
    "audience",
    [
        Audience(),
        Audience((1, 2), (3,), ("active", "paused"), (4,), "owes", 5_000, "en", 77),
        Audience(arrears="overdue"),
    ],
)
def test_a_filter_survives_being_stored(audience: Audience) -> None:
    assert Audience.stored(audience.json()) == audience
    assert replace(Audience.stored(audience.json()), through=None).json().get("through") is None


def test_a_stored_filter_that_is_nonsense_means_everybody() -> None:
    odd = {"areas": "1", "plans": {"a": 1}, "states": None, "arrears": [], "owes": "x", "z": 1}
    assert Audience.stored(odd) == Audience()
