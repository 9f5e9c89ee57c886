"""What holds for every text: reading never fails, loses no word, and survives writing."""

import json
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core.wablock import (
    Block,
    Button,
    Interactive,
    Row,
    Section,
    fallback_text,
    parse,
    payload,
    spelled_out,
    write,
)

KEYS = ["type", "text", "body", "title", "buttonText", "button_text", "footer", "headerText"]
KEYS += ["headerType", "headerMedia", "section", "row", "button", "requestPhoneNumber"]
KEYS += ["allowEmptyText", "to", "session_id", "threadid", "bogus"]
SIGNS = [*"ab |):([]#=0\r\x0c\xa0\x00\v/", "quick", "url", "call", "copy", "buttons", "template"]
SIGNS += ["list", "native_flow", "https://x", "[[wa]]", "[[/wa]]", "[[w", "a]]", "[[name]]"]
FORMS = ["[%s](%s)", "[%s] (%s) ", "[%s](%s", "%s=%s", "%s: %s", " %s)%s)"]
FIXED = ["", "[type](buttons)", "[type](template)", "[type](list)", "[text](", ")", "# c"]

values = st.lists(st.sampled_from(SIGNS), max_size=6).map("".join)
keyed = st.builds(
    lambda key, value, form: form % (key, value),
    st.sampled_from(KEYS),
    values,
    st.sampled_from(FORMS),
)
lines = st.one_of(values, keyed, st.sampled_from(FIXED))
bodies = st.lists(lines, max_size=9).map("\n".join)
openings = st.sampled_from(["[[wa]]", "[[WA]]\n", "[[wa]]\r\n", ""])
endings = st.sampled_from(["[[/wa]]", "\n[[/wa]]\n", "[[/Wa]]\n[[wa]]q\n[footer](z)[[/wa]]", ""])
texts = st.tuples(values, openings, bodies, endings, values).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
)
names = st.sampled_from(
    ["action", "to", "text", "body", "message", "contacts", "threadId", "queue"]
)
parts = st.fixed_dictionaries(
    {},
    optional={
        "type": json_values | st.sampled_from(["list", "buttons", "native_flow"]),
        "buttons": json_values
        | st.lists(st.dictionaries(st.sampled_from(["id", "type"]), json_values)),
        "sections": json_values,
        "text": json_values,
        "headerMedia": json_values,
    },
)
payloads = st.dictionaries(names, json_values, min_size=1, max_size=4) | st.builds(
    lambda interactive: {"interactive": interactive}, parts | json_values
)


@given(text=texts | st.text())
@example(text="[[wa]][text](\na\n[type](\x00)[[/wa]]")
@example(text="[[wa]]a\n\n# c[[/wa]]")
@example(text="[[wa]]a\n\nfooter: x[[/wa]]")
@example(text="[[wa]][text](\n\n)[[/wa]]")
@example(text="[[wa]]a\n[text](#)\n[text](title: b)\n[button](1|c)[[/wa]]\nd\n  e")
def test_reading_writing_and_reading_again_is_the_identity(text: str) -> None:
    found = parse(text)
    if found is None:
        return
    written = write(found)
    assert parse(written) == found
    assert write(parse(written) or Block()) == written


@given(text=texts)
def test_no_tag_ever_leaves(text: str) -> None:
    found = parse(text)
    if found is not None and found.given is None:
        sent = "\n".join([json.dumps(payload(found)), fallback_text(found), spelled_out(found)])
        assert not re.search(r"\[\[/?wa\]\]", sent, re.IGNORECASE)


@given(text=payloads.map(json.dumps))
def test_json_never_fails_and_survives(text: str) -> None:
    found = parse(text)
    if found is not None:
        sent = payload(found)
        assert json.loads(json.dumps(sent, allow_nan=False)) == sent
        assert spelled_out(found) or True
        assert parse(write(found)) == found


strings = st.lists(st.sampled_from(SIGNS), max_size=4).map("".join)
made = st.builds(
    Block,
    interactive=st.builds(
        Interactive,
        type=st.sampled_from(["buttons", "template", "list"]),
        text=st.none() | strings,
        footer=st.none() | strings,
        buttons=st.lists(
            st.builds(Button, st.sampled_from(["reply", "quick"]), strings, id=strings)
            | st.builds(Button, st.just("url"), strings, url=strings),
            max_size=3,
        ).map(tuple),
        sections=st.lists(
            st.builds(
                Section,
                strings,
                st.lists(st.builds(Row, strings, strings, strings), max_size=2).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
    ),
)


@given(block=made)
@example(
    Block(interactive=Interactive(type="list", buttons=(Button("reply", "", id="quick[[wa]]"),)))
)
def test_what_a_form_made_is_read_back_with_as_many_buttons_and_rows(block: Block) -> None:
    found = parse(write(block))
    assert found is not None
    assert block.interactive is not None
    assert found.interactive is not None
    assert found.interactive.type == block.interactive.type
    assert [b.kind for b in found.interactive.buttons] == [
        b.kind for b in block.interactive.buttons
    ]
    assert [len(s.rows) for s in found.interactive.sections] == [
        len(s.rows) for s in block.interactive.sections
    ]


# Words that are nobody's key, value or comment: each must come out somewhere.
word = st.from_regex(r"w[0-9]{5}", fullmatch=True)
said = st.one_of(
    word,
    word.map(lambda w: f"text: {w}"),
    word.map(lambda w: f"[text]({w})"),
    word.map(lambda w: f"[body]({w}\n{w})"),
    word.map(lambda w: f"[text]({w}"),
    word.map(lambda w: f"[footer]({w})"),
    word.map(lambda w: f"headerText={w}"),
    word.map(lambda w: f"[unknown]({w})"),
    word.map(lambda w: f"[type]({w})"),
    word.map(lambda w: f"[button](1|{w})"),
    word.map(lambda w: f"[button](url|{w}|contoh.id)"),
    word.map(lambda w: f"[button](url|Buka|https://x/{w})"),
    word.map(lambda w: f"[button](call|{w}|)"),
    word.map(lambda w: f"[row](1|{w})"),
    word.map(lambda w: f"[section]({w})\n[row](1|a)"),
    st.sampled_from(["", "[type](buttons)", "[type](list)", "[type](template)"]),
)


@given(
    before=word,
    inside=st.lists(said, max_size=6).map("\n".join),
    ending=st.sampled_from(["\n[[/wa]]\n", "\n[[/wa]]\n[[wa]]\nw00001\n[[/wa]]\n", "\n"]),
    after=word,
)
def test_no_word_is_lost(before: str, inside: str, ending: str, after: str) -> None:
    text = f"{before}\n[[wa]]\n{inside}{ending}{after}"
    found = parse(text)
    assert found is not None
    # The last of a key counts, so a repeated footer or header leaves only its last word.
    replaced = _overridden(inside)
    wanted = set(re.findall(r"w[0-9]{5}", text)) - replaced
    assert wanted <= set(re.findall(r"w[0-9]{5}", repr(found)))
    assert wanted <= set(re.findall(r"w[0-9]{5}", spelled_out(found)))


def _overridden(inside: str) -> set[str]:
    gone: set[str] = set()
    for key in (r"\[footer\]\(", "headerText="):
        gone |= set(re.findall(rf"^{key}(w[0-9]{{5}})", inside, re.MULTILINE)[:-1])
    return gone


@pytest.mark.parametrize(
    "text",
    [
        "[[wa]]" * 20_000,
        "[[w" * 5_000 + "a]]" * 5_000,
        "[[wa]]" + "[text](a\n" * 20_000,
        "[[wa]]" + "[text](a" + ")" * 50_000 + "x[[/wa]]",
        "[[wa]]" + "[a]" + " " * 50_000 + "(x[[/wa]]",
        "[[wa]]" + "[row](" + "|" * 50_000 + ")[[/wa]]",
        "[[wa]]x" + "\n" * 50_000 + "y[[/wa]]",
        "[" * 50_000,
    ],
)
def test_long_texts_are_read_quickly(text: str) -> None:
    started = time.monotonic()
    found = parse(text)
    if found is not None:
        payload(found)
        spelled_out(found)
        write(found)
    assert time.monotonic() - started < 5
