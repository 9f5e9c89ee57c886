"""Making values harmless before they are put into a text. Pure.

A value is what a person or a table said: a name, a plan, a number. It stays one line, it
cannot open a placeholder or a block, and it carries no mark that WhatsApp would act on. A
number that people copy from a message stays what it is: a mark between two letters or digits
does nothing on a phone, so it is left alone.
"""

import re
import unicodedata
from functools import lru_cache

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Letters by category, but nothing is seen where they stand.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_ODD = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u180e\\u200b\\u200c\\u200e\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e001f\\ud800-\\udfff]"
)
_SPACES = re.compile(r"\s+")
_SPECIAL = re.compile(r"[*_~`\[\]{}]|^(?:>|-(?: |$)|\d+\.(?: |$))", re.ASCII)
_MARK = re.compile(r"(?<![0-9A-Za-z])[*_~]|[*_~](?![0-9A-Za-z])|`")
_SIGN = re.compile(r">|-(?= |$)|\d+\.(?= |$)", re.ASCII)
_EDGES = re.compile(r"^[\[{]|[\[{]$|^[\]}]|[\]}]$|\[\[|\]\]|\{\{|\}\}")
_ROUND = str.maketrans("[]{}", "()()")


def wide(text: str) -> str:
    """The same signs in full width: a phone shows them and does nothing."""
    return "".join(chr(ord(char) + 0xFEE0) if char in "*_~`->." else char for char in text)


@lru_cache(maxsize=4096)
def clean(value: str) -> str:
    """One line without control, bidirectional or zero-width characters."""
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    spaced = _SPACES.sub(" ", value)
    seen = "".join(
        char for char in spaced if unicodedata.category(char) not in _UNSEEN and char not in _BLANK
    )
    return _SPACES.sub(" ", seen).strip()


@lru_cache(maxsize=4096)
def harmless(value: str) -> str:
    """The value as one line in which nothing is a mark, a list sign, a quote or a bracket pair."""
    found = clean(value)
    if not _SPECIAL.search(found):
        return found
    if _EDGES.search(found):
        found = found.translate(_ROUND)
    found = _MARK.sub(lambda mark: wide(mark[0]), found)
    sign = _SIGN.match(found)
    return wide(sign[0]) + found[sign.end() :] if sign else found


def paragraphs(value: str) -> str:
    """A text of several lines, each of them clean; emoji joined by U+200D stay whole."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_ODD.sub("", line.replace("\t", " ")).rstrip() for line in lines).strip()
