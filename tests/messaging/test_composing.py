"""Texts with a `[[wa]]` block: read before they are filled, spelled out where only text goes."""

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.messaging import sending, texts
from tests.messaging.fakes import Provider
from tests.messaging.rows import REMINDER, queued

BLOCK = """[[wa]]
[type](template)
Halo [[name]], tagihan [[amount]] jatuh tempo [[days_left]].
[button](url|Bayar sekarang|https://isp.example/t/[[customer_number]])
[button](quick|tanya|Tanya [[name]])
[footer](ISP Kita)
[[/wa]]"""


def test_a_block_is_filled_in_every_part(app: Flask) -> None:
    found = texts.composed_of(BLOCK, "id", REMINDER)
    assert found.block is not None and found.block.interactive is not None
    bayar, tanya = found.block.interactive.buttons
    assert (bayar.text, bayar.url) == ("Bayar sekarang", "https://isp.example/t/PLG-1")
    assert (tanya.id, tanya.text) == ("tanya", "Tanya Budi")
    assert found.block.interactive.text == "Halo Budi, tagihan Rp165.000 jatuh tempo dalam 3 hari."
    # Nothing is lost where only text goes, and no markup of the block is left.
    for words in ("Halo Budi", "https://isp.example/t/PLG-1", "Tanya Budi", "ISP Kita"):
        assert words in found.text
    assert "[[" not in found.text


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)
@given(
    name=st.text(max_size=60)
    | st.sampled_from(["a|b", "x)", "[[/wa]]", "[button](url|x|http://y)", "\n[footer](z)", "#"])
)
def test_the_structure_does_not_depend_on_the_values(app: Flask, name: str) -> None:
    odd = texts.composed_of(BLOCK, "id", {**REMINDER, "name": name}).block
    usual = texts.composed_of(BLOCK, "id", REMINDER).block
    assert odd is not None and usual is not None
    assert odd.interactive is not None and usual.interactive is not None
    assert len(odd.interactive.buttons) == len(usual.interactive.buttons)
    assert odd.interactive.buttons[0].url == usual.interactive.buttons[0].url
    assert odd.interactive.footer == usual.interactive.footer


def test_what_staff_wrote_for_one_message_is_read_but_not_filled(app: Flask) -> None:
    body = "[[wa]]\n[type](buttons)\nPilih [[name]]\n[button](1|Ya)\n[[/wa]]"
    found = texts.compose("broadcast", "id", {"text": "x"}, body=body)
    assert found.block is not None and found.block.interactive is not None
    assert found.block.interactive.text == "Pilih [[name]]"
    plain = texts.compose("broadcast", "id", {"text": "x"}, body="Halo [[name]]")
    assert (plain.text, plain.block) == ("Halo [[name]]", None)


def test_a_broken_block_never_shows_its_tags(app: Flask) -> None:
    for body in ("Halo [[wa]][[/wa]] dunia", "[[WA]]\n# catatan\n[[/WA]] Halo"):
        found = texts.compose("broadcast", "id", {"text": body})
        assert "wa]]" not in found.text.lower()
        assert "Halo" in found.text


def test_a_broadcast_s_block_goes_out_with_its_recipient_s_name(
    app: Flask, provider: Provider
) -> None:
    text = "[[wa]]\n[type](buttons)\nHalo [[name]]\n[button](1|Ya)\n[[/wa]]"
    queued("broadcast", params={"text": text, "name": "Budi | Ani"})
    sending.drain("bulk")
    [sent] = provider.arrived
    assert sent.block is not None and sent.block.interactive is not None
    assert sent.block.interactive.text == "Halo Budi | Ani"
    assert sent.text.startswith("Halo Budi | Ani")


def test_plain_texts_are_as_before(app: Flask) -> None:
    for kind in ("payment_reminder", "overdue_notice"):
        composed = texts.compose(kind, "id", REMINDER)
        assert composed.text == texts.render(kind, "id", REMINDER)
        assert composed.block is None
