"""The letters of documents: our own fonts, what of a text they can draw, and where lines break.

DejaVu Sans Condensed comes with the product (`fonts/LICENSE.txt`): Latin, Greek, Cyrillic and
more; of what it lacks an empty box is drawn.
"""

import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "LoketSans", "LoketSans-Bold"
LONGEST = 600
"""Letters of one text; nothing on a bill is longer, and a page has an end."""
MISSING = "\u25a1"
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
# A font of the library must not serve two documents at once.
one_at_a_time = threading.Lock()


@cache
def glyphs() -> frozenset[int]:
    """What both weights can draw; registers them."""
    found = []
    for name, file in ((PLAIN, "DejaVuSansCondensed"), (BOLD, "DejaVuSansCondensed-Bold")):
        font = TTFont(name, str(FONTS / f"{file}.ttf"))
        pdfmetrics.registerFont(font)
        found.append(frozenset(font.face.charToGlyph))
    return found[0] & found[1]


def drawable(text: str) -> str:
    """What of a text can be seen: one blank for blanks, a box for what the font lacks."""
    known = glyphs()
    spaced = " ".join(unicodedata.normalize("NFC", text[: 4 * LONGEST]).split())
    seen = (char for char in spaced if unicodedata.category(char) not in _UNSEEN)
    drawn = "".join(char if ord(char) in known else MISSING for char in seen).strip()
    return drawn if len(drawn) <= LONGEST else drawn[: LONGEST - 1] + "…"


def width_of(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    """The text in lines no wider than `room` points; a word that is too long is broken."""
    lines: list[str] = []
    line = ""
    for word in _parts(drawable(text), font, size, room):
        longer = f"{line} {word}" if line else word
        if line and width_of(longer, font, size) > room:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line] if line else lines


def _parts(text: str, font: str, size: float, room: float) -> Iterator[str]:
    for word in text.split(" "):
        while width_of(word, font, size) > room and len(word) > 1:
            cut = len(word) - 1
            while cut > 1 and width_of(word[:cut], font, size) > room:
                cut -= max(1, cut // 8)
            yield word[:cut]
            word = word[cut:]
        if word:
            yield word
