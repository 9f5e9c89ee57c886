"""Phone numbers: every habit of writing one is the same number; masks hide enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.phone import GroupId, InvalidPhone, PhoneNumber

mobiles = st.from_regex(r"8[1-9][0-9]{7,9}", fullmatch=True)


@given(mobiles, st.sampled_from(["0{}", "62{}", "+62{}", "+62 {}", "{}", "0062{}", "(0){}"]))
def test_all_habits_are_one_number(national: str, habit: str) -> None:
    assert str(PhoneNumber.parse(habit.format(national))) == f"+62{national}"


@given(mobiles)
def test_forms_round_trip_and_hide(national: str) -> None:
    number = PhoneNumber.parse("0" + national)
    assert PhoneNumber.parse(number.local()) == number
    assert PhoneNumber.parse(number.e164) == number
    assert number.digits == f"62{national}"
    assert national not in number.mask().replace("-", "")
    assert national not in number.for_log()
    assert number.mask().endswith(national[-4:])


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("0812-3456-7890", "+6281234567890"),
        ("0812.3456.7890", "+6281234567890"),
        (" 0812 3456 7890 ", "+6281234567890"),
        ("+65 9123 4567", "+6591234567"),
        ("0281 641234", "+62281641234"),
    ],
)
def test_examples(text: str, e164: str) -> None:
    assert str(PhoneNumber.parse(text)) == e164


@pytest.mark.parametrize(
    "text",
    ["", "abc", "0812", "08" + "1" * 20, "budi@0812345678", "+", "12+34567890", "0812x3456789"],
)
def test_what_is_no_number_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidPhone, match="elepon"):
        PhoneNumber.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_an_error(text: str) -> None:
    try:
        assert PhoneNumber.parse(text).e164.startswith("+")
    except InvalidPhone:
        return


def test_a_group_is_never_a_phone() -> None:
    group = GroupId.parse("6281234567890-1600000000@g.us")
    assert str(group).endswith("@g.us")
    with pytest.raises(InvalidPhone):
        PhoneNumber.parse(str(group))
    with pytest.raises(ValueError, match="grup"):
        GroupId.parse("081234567890")
