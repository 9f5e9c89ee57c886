"""Small storms: the books are right whatever came, whatever died, and when nothing was told."""

import os

import pytest

from tests.trials.storm.plan import FATES, NOISE, Order, deeds
from tests.trials.storm.run import Plan, Result, run

SMALL = int(os.environ.get("STORM_WEBHOOKS", "250"))


def sound(result: Result) -> None:
    told = result.report()
    print(told)
    assert result.sound, told
    assert len(result.outages) == result.plan.deaths and all(result.outages), told


# On SQLite `make trials` runs it; messaging/test_deaths kills there too.
@pytest.mark.services
def test_a_storm_with_deaths_in_the_middle(server_url: str) -> None:
    engine = server_url and "postgres"
    result = run(Plan(SMALL, parallel=16, database=engine, deaths=1, away=1, patience=120))
    sound(result)
    sent = result.traffic.answers
    assert {"true", "repeat", "rewritten", "forged"} <= set(sent)
    assert set(sent["forged"]) == {"401"}
    assert result.verdict.payments > 0


def test_without_any_webhook_the_poller_finds_all(server_url: str) -> None:
    engine = server_url and "postgres"
    result = run(Plan(0, parallel=8, database=engine, silent=True, deaths=0, patience=120))
    sound(result)
    assert result.verdict.hooks == {}


def test_the_same_seed_is_the_same_storm() -> None:
    orders = [Order(f"LKT{n}", f"txn{n}", 1000 + n, fate) for n, fate in enumerate(FATES)]
    first, again, other = (deeds(orders, 2000, seed) for seed in (1, 1, 2))
    assert first == again != other
    hooks = [deed for deed in first if deed.kind == "hook"]
    assert len(hooks) == 2000
    assert {deed.label for deed in hooks} == {*NOISE, "true"}
    paid = {deed.order_id for deed in first if deed.kind == "pay"}
    assert paid == {order.order_id for order in orders if order.paid}
    for order in orders:
        mine = [deed for deed in first if deed.order_id == order.order_id]
        truth = [deed for deed in mine if deed.label == "true"]
        assert bool(truth) == order.told
        if truth:
            before = [deed.kind for deed in mine[: mine.index(truth[0])]]
            assert before.count("pay") == 1, "told before it was paid"
