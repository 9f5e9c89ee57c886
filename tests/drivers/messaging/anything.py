"""Callbacks that anybody could have sent, for tests that nothing of a body makes a driver raise."""

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | st.just(b"[" * 100_000) | st.just(b'{"id": 1' + b"0" * 5000)


def keepable(event: object) -> bool:
    """Whether every text of an event can be stored by any database."""
    texts = [value for value in vars(event).values() if isinstance(value, str)]
    return all("\0" not in text and text.encode() is not None for text in texts)
