"""Fifty races of a payment against the isolation run, in every run of the suite."""

from flask import Flask

from tests.trials.races import SORTS, race


def test_whoever_pays_is_open_in_the_end(app: Flask) -> None:
    found = race(app, 50, seed=21)
    told = found.report()
    print(told)
    assert found.sound, told
    assert {end.partition(" -> ")[0] for end in found.ends} == set(SORTS)
