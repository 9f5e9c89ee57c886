"""What the tests of several drivers' callbacks share: signing, samples, and any JSON at all."""

import hashlib
import hmac
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from portal.messaging.drivers.events import HookRequest
from portal.messaging.registry import REGISTRY

DATA = Path(__file__).parents[2] / "data"
ADDRESS = "https://loket.example/hooks/messaging/t0ken"

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def sample(kind: str, name: str) -> bytes:
    return (DATA / kind / f"{name}.json").read_bytes().strip()


def events(kind: str, body: bytes) -> list[Any]:
    """Parsed as the worker does: without configuration, without a connection."""
    return list(REGISTRY.get(kind)({}, None).parse_hook(body))  # type: ignore[arg-type]


def asked(body: bytes, **headers: str) -> HookRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HookRequest(ADDRESS, CaseInsensitiveDict(named), body)


def hex_hmac(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def shaped(names: tuple[str, ...], words: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Objects that look like the service's, with anything in their places."""
    value = ANY_JSON | st.sampled_from(words)
    inner = st.dictionaries(st.sampled_from(names), value, max_size=6)
    return st.dictionaries(st.sampled_from(names), value | inner | st.lists(inner), max_size=6)
