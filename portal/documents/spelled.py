"""Rupiah in words, as Indonesian receipts say them. Pure."""

_UNITS = (
    *("nol", "satu", "dua", "tiga", "empat", "lima"),
    *("enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas"),
)
_STEPS = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"), (1000, "ribu"), (100, "ratus"))


def rupiah_in_words(amount: int) -> str:
    """`seratus enam puluh lima ribu rupiah`; for 0 up to 999 trillion."""
    return f"{_spelled(amount)} rupiah"


def _spelled(number: int) -> str:
    if number < 12:
        return _UNITS[number]
    if number < 20:
        return f"{_UNITS[number - 10]} belas"
    if number < 100:
        return _with_rest(f"{_UNITS[number // 10]} puluh", number % 10)
    size, name = next(step for step in _STEPS if number >= step[0])
    count, rest = divmod(number, size)
    # "seratus", "seribu"; but "satu juta".
    head = f"se{name}" if count == 1 and size <= 1000 else f"{_spelled(count)} {name}"
    return _with_rest(head, rest)


def _with_rest(head: str, rest: int) -> str:
    return f"{head} {_spelled(rest)}" if rest else head
