"""So many in a while and no more, for each one apart, in bounded memory."""

from portal.infra import throttle
from portal.infra.throttle import Throttle


def test_the_limit_and_its_end() -> None:
    time = [0.0]
    few = Throttle(2, 60, clock=lambda: time[0])
    assert [few.spend("a") for _ in range(3)] == [True, True, False]
    assert few.spend("b"), "another address has its own"
    time[0] = 59.9
    assert not few.spend("a")
    time[0] = 60.0
    assert few.spend("a")


def test_memory_is_bounded() -> None:
    few = Throttle(1, 60)
    for number in range(throttle.MOST_KEYS + 50):
        few.spend(str(number))
    assert len(few._seen) == throttle.MOST_KEYS
