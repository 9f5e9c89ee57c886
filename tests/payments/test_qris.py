"""QRIS strings: the vendor's own sample, every way one can be wrong, and nonsense."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.core import qr_image
from portal.payments import qris
from portal.simulators.qris import qris as drawn

# From the vendor's document: 99,000 and 1,003 of fee.
SAMPLE = (
    "00020101021226610016ID.CO.SHOPEE.WWW01189360091800216005230208216005230303UME51440014"
    "ID.CO.QRIS.WWW0215ID10243228429300303UME5204792953033605409100003.005802ID5907Pakasir"
    "6012KAB. KEBUMEN61055439262230519SP25RZRATEQI2HQ65Q46304A079"
)
TOTAL = 100_003


def sealed(body: str) -> str:
    """The string with a right checksum."""
    return f"{body}6304{qris.crc16((body + '6304').encode()):04X}"


def changed(**tags: str | None) -> str:
    """The sample with other values, or without a field, and a right checksum."""
    parts = []
    for tag, value in qris.fields(SAMPLE)[:-1]:
        said = tags.pop(f"t{tag}", value)
        parts += [] if said is None else [f"{tag}{len(said):02d}{said}"]
    parts += [f"{tag[1:]}{len(value or ''):02d}{value}" for tag, value in tags.items()]
    return sealed("".join(parts))


def test_the_vendors_sample_is_good() -> None:
    qris.check(SAMPLE, TOTAL)
    assert qris.crc16(b"123456789") == 0x29B1
    assert changed() == SAMPLE


@pytest.mark.parametrize("total", [1, 99_000, 100_002, 100_004, 10_000_300, -100_003, 0])
def test_another_amount_is_refused(total: int) -> None:
    with pytest.raises(qris.BadQris, match="jumlah"):
        qris.check(SAMPLE, total)


@pytest.mark.parametrize("said", ["100003", "100003.", "100003.0", "100003.00"])
def test_ways_to_write_the_same_amount(said: str) -> None:
    qris.check(changed(t54=said), TOTAL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0002",
        SAMPLE[:-4],
        SAMPLE[:60],
        SAMPLE + "00",
        SAMPLE + "0002",
        SAMPLE[:-4] + "a079",
        "bukan qris sama sekali",
        "https://qris.example/abc",
        changed(t54="100003.50"),
        changed(t54="0x1869F"),
        changed(t54="1e5"),
        changed(t54=None),
        changed(t53="840"),
        changed(t58="MY"),
        changed(t01="11"),
        changed(t01=None),
        changed(t26="0016MY.CO.SHOPEE.WWW", t51=None),
        changed(t26="xx", t51="0099"),
        changed(t55="01"),
        changed(t56="500"),
        changed(t00="02"),
        sealed(SAMPLE[6:-8] + SAMPLE[:6]),
        sealed(SAMPLE[:-8] + "5409100003.00"),
    ],
)
def test_what_will_not_do(text: str) -> None:
    with pytest.raises(qris.BadQris):
        qris.check(text, TOTAL)


@given(st.integers(0, len(SAMPLE) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_one_wrong_letter_is_always_found(at: int, letter: str) -> None:
    text = SAMPLE[:at] + letter + SAMPLE[at + 1 :]
    if text == SAMPLE:
        qris.check(text, TOTAL)
    else:
        with pytest.raises(qris.BadQris):
            qris.check(text, TOTAL)


@given(st.text(max_size=300))
def test_nonsense_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(qris.BadQris):
        qris.check(text, TOTAL)


@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.text(st.characters(codec="ascii"), max_size=60)),
        max_size=12,
    )
)
def test_well_built_nonsense_with_a_right_checksum_is_refused(parts: list[tuple[int, str]]) -> None:
    body = "000201" + "".join(f"{tag:02d}{len(value):02d}{value}" for tag, value in parts)
    with pytest.raises(qris.BadQris):
        qris.check(sealed(body), TOTAL)


@given(st.integers(500, 50_000_000), st.text("LKT234567ABC", min_size=5, max_size=29))
def test_what_the_simulator_draws_is_good_for_its_amount_only(total: int, order_id: str) -> None:
    qris.check(drawn(total, order_id), total)
    with pytest.raises(qris.BadQris):
        qris.check(drawn(total, order_id), total + 1)


def test_the_pictures_hold_a_quiet_zone_and_no_style() -> None:
    svg = qr_image.svg(SAMPLE)
    assert svg.startswith(b"<?xml") and b"style" not in svg and b"<script" not in svg
    with Image.open(io.BytesIO(qr_image.png(SAMPLE))) as picture:
        picture = picture.convert("L")
        side, _ = picture.size
        edge = qr_image.QUIET * 10
        assert side >= 480
        assert all(picture.getpixel((x, y)) == 255 for x in range(0, side, 7) for y in range(edge))
        assert picture.getpixel((edge + 1, edge + 1)) == 0
