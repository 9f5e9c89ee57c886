"""Any block at all becomes a request Meta's limits allow, and no word of it is lost."""

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from portal.core.wablock import Block, Button, Interactive, Row, Section, spelled_out
from portal.messaging.drivers.base import Media
from tests.contracts.messaging import outgoing
from tests.drivers.messaging.meta import meta, nothing_null

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=30
) | st.sampled_from(["Ya", "Tidak", "x" * 61, "https://x.example/a", "-"])
FLOW = st.fixed_dictionaries(
    {"display_text": WORDS, "url": WORDS, "id": WORDS, "title": WORDS},
    optional={"sections": st.lists(st.fixed_dictionaries({"rows": st.lists(st.none())}))},
).map(json.dumps)
FLOWS = st.sampled_from(["cta_url", "quick_reply", "single_select", "other"])
BUTTONS = st.builds(
    Button,
    st.sampled_from(["reply", "quick", "url", "call", "copy", "other"]),
    WORDS,
    id=WORDS,
    url=WORDS,
) | st.builds(Button, st.just("flow"), st.just(""), id=FLOWS, params=FLOW | WORDS)
ROWS = st.builds(Row, WORDS, WORDS, WORDS)
SECTIONS = st.builds(Section, WORDS, st.lists(ROWS, max_size=4).map(tuple))
INNER = st.builds(
    Interactive,
    type=st.sampled_from(["buttons", "list", "template", "native_flow", ""]),
    text=st.none() | WORDS,
    title=st.none() | WORDS,
    button_text=st.none() | WORDS,
    footer=st.none() | WORDS,
    header_type=st.none() | st.integers(0, 5),
    header_text=st.none() | WORDS,
    header_media=st.none() | WORDS,
    buttons=st.lists(BUTTONS, max_size=4).map(tuple),
    sections=st.lists(SECTIONS, max_size=3).map(tuple),
)
BLOCKS = st.builds(Block, text=st.none() | WORDS, interactive=INNER)
FILES = st.none() | st.builds(
    Media,
    st.sampled_from(["image", "video", "document", "audio"]),
    WORDS,
    st.sampled_from(["", "image/jpeg", "image/webp", "application/pdf"]),
    WORDS,
)
LIMITS = {"title": 24, "text": 4096, "id": 256, "description": 72, "display_text": 20}


def texts(value: Any) -> list[str]:
    """Every text in a request, without the names."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def too_long(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for inner in value for name in too_long(inner)]
    if not isinstance(value, dict):
        return []
    here = [n for n, v in value.items() if isinstance(v, str) and len(v) > LIMITS.get(n, 4096)]
    return here + [name for inner in value.values() for name in too_long(inner)]


@given(BLOCKS, FILES)
def test_any_block(block: Block, file: Media | None) -> None:
    said = spelled_out(block, media=True)
    assume(said)
    message = outgoing("broadcast", text=said, block=block, media=file)
    made: Any = meta().payload(message)
    inner = made[made["type"]]
    assert nothing_null(inner)
    assert too_long(inner) == []
    there = "\n".join(texts(inner))
    if made["type"] == "interactive":
        # Buttons and rows are no lines of the text there.
        for line in said.split("\n"):
            for part in line.removeprefix("• ").split(": "):
                assert part.strip() in there
    else:
        assert said.strip() in there
    assert file is None or file.url.strip() in there
