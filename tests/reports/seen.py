"""Reading a report as it is on the screen."""

import re
from html import unescape

from portal.core.money import parse_rupiah

RANGE = "since=2026-11-01&until=2026-12-31"


def cells(html: str) -> list[list[str]]:
    """The words of each table row."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.S)
    return [
        [
            unescape(re.sub(r"<[^>]+>", " ", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in rows
    ]


def links(html: str) -> list[tuple[str, str]]:
    """(address, words) of every number that leads to its rows."""
    found = re.findall(r'<a href="([^"]*/admin/reports/rows/[^"]*)">([^<]*)</a>', html)
    return [(unescape(address), unescape(words)) for address, words in found]


def amount(words: str) -> int:
    return -parse_rupiah(words[1:]) if words.startswith("-") else parse_rupiah(words)
