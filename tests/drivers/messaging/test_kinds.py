"""What drivers know of the kinds of messages is what the engine says of them."""

from flask import Flask
from flask_babel import force_locale

from portal.messaging import kinds
from portal.messaging.drivers import _kinds


def test_the_names_of_the_values_are_those_of_the_kinds() -> None:
    assert {kind.name: kind.expects for kind in kinds.KINDS.values()} == dict(_kinds.NAMES)
    assert _kinds.FREE_KINDS == kinds.FREE_KINDS


def test_the_labels_are_those_of_the_kinds(app: Flask) -> None:
    with force_locale("id"):
        words = {kind.name: str(kind.label) for kind in kinds.KINDS.values()}
    assert words == dict(_kinds.LABELS)
    assert list(_kinds.LABELS) == list(_kinds.NAMES), "the first one's field carries the help"
