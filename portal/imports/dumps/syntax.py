"""How SQL dumps are written, as patterns: strings, names, comments, values, escapes; pure.

Two dialects: MySQL's strings know backslashes, standard ones (PostgreSQL) only doubled quotes.
Every repetition is possessive: a broken dump fails at once instead of after all eternity.
"""

import re

_MYSQL = r"'(?:[^'\\]++|\\.|'')*+'"
_STANDARD = r"'(?:[^']++|'')*+'"
_NAME = r"`(?:[^`]++|``)*+`|\"(?:[^\"]++|\"\")*+\"|[\w$\x80-\U0010ffff]++"
SKIP = {
    "mysql": re.compile(r"(?:\s++|--(?=\s)[^\n]*+\n|#[^\n]*+\n|/\*(?:[^*]++|\*(?!/))*+\*/)*+"),
    "postgres": re.compile(r"(?:\s++|--[^\n]*+\n|/\*(?:[^*]++|\*(?!/))*+\*/)*+"),
}
TOKEN = {
    "mysql": re.compile(rf"{_MYSQL}|{_NAME}|\\\.|.", re.S),
    "postgres": re.compile(rf"[eE]{_MYSQL}|{_STANDARD}|\$(\w*)\$.*?\$\1\$|{_NAME}|\\\.|.", re.S),
}
REST = {
    "mysql": re.compile(rf"(?:[^'\"`;(/#-]++|{_MYSQL}|`[^`]*+`|\"(?:[^\"\\]++|\\.)*+\")*+"),
    "postgres": re.compile(rf"(?:[^'\";($/-]++|{_STANDARD}|\"[^\"]*+\")*+"),
}


def _value(quoted: str) -> re.Pattern[str]:
    return re.compile(
        rf"\s*+(?:(?P<null>NULL)|(?P<number>[-+]?[\d.]++(?:[eE][-+]?\d++)?)"
        rf"|(?P<hex>0x[0-9a-fA-F]*+|[xX]'[0-9a-fA-F]*+')|(?:_\w++\s*+)?(?P<text>{quoted})"
        rf"|(?P<word>[\w.:]++(?:\([^()']*+\))?))(?:::[\w\" ]++)?\s*+(?P<end>[,)])",
        re.I | re.S,
    )


VALUE = {"mysql": _value(_MYSQL), "postgres": _value(rf"[eE]{_MYSQL}|{_STANDARD}")}
WHOLE = {
    "mysql": re.compile(rf"(?:[^'()]++|{_MYSQL}|\([^()']*+\))*+\)"),
    "postgres": re.compile(
        rf"(?:(?:[^'()eE]|[eE](?!'))++|[eE]{_MYSQL}|{_STANDARD}|\([^()']*+\))*+\)"
    ),
}
"""The rest of a row nobody wants, at once."""
MARK = re.compile(r"\s*+([(,;])")
_ESCAPE = re.compile(r"\\(.)|''", re.S)
_ESCAPED = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "Z": "\x1a",
            "%": "\\%", "_": "\\_"}  # fmt: skip
_COPY = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.S)
_COPIED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
NO_COLUMN = {"primary", "key", "unique", "index", "constraint", "fulltext", "spatial",
              "foreign", "check", "exclude", "like"}  # fmt: skip


def unescaped(text: str) -> str:
    """What stands between the quotes of a MySQL string."""
    if "\\" not in text and "''" not in text:
        return text
    return _ESCAPE.sub(_one_escape, text)


def _one_escape(found: re.Match[str]) -> str:
    return "'" if found[1] is None else _ESCAPED.get(found[1], found[1])


def uncopied(text: str) -> str | None:
    r"""A field of COPY; `\N` is NULL."""
    if text == r"\N":
        return None
    return _COPY.sub(_one_copy, text) if "\\" in text else text


def _one_copy(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _COPIED.get(code, code)


def plain(name: str) -> str:
    """A name without its quotes."""
    if name[:1] in {"`", '"'}:
        return name[1:-1].replace(name[0] * 2, name[0])
    return name
