"""What Meta accepts as a template, checked before asking. Pure: components in, sentences out.

Meta answers a broken rule at once with a code, or after a day's review with a rejection; both
cost the owner more than a sentence here. How many words a parameter needs Meta does not say:
its users found two words each and one more; three are asked here, to be on the safe side.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

Component = Mapping[str, Any]

LONGEST_BODY, LONGEST_HEADER, LONGEST_FOOTER, LONGEST_BUTTON = 1024, 60, 60, 25
MOST_BUTTONS, MOST_LINKS = 10, 2
WORDS_PER_PARAMETER = 3
CODE_MINUTES = range(1, 91)

_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PARAMETER = re.compile(r"[a-z_][a-z0-9_]*")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_WORD = re.compile(r"\w+")
_WIDE = re.compile(r" {5,}|\n{3,}|\t")


def parameters(text: str) -> list[str]:
    """The names or numbers of a text's parameters, each once, in their order."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def part(components: Sequence[Component], kind: str) -> Component:
    """The first component of that type; empty without one. Meta does not keep to one case."""
    found = (one for one in components if str(one.get("type", "")).upper() == kind)
    return next(found, {})


def text_of(components: Sequence[Component], kind: str = "BODY") -> str:
    """The words of a component."""
    return str(part(components, kind).get("text") or "")


def buttons(components: Sequence[Component]) -> list[Component]:
    """The buttons, if any."""
    found = part(components, "BUTTONS").get("buttons")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def problems(name: str, category: str, components: Sequence[Component]) -> list[str]:
    """Why Meta would refuse this template; empty when nothing speaks against it."""
    found = []
    if not _NAME.fullmatch(name):
        found.append(_("Nama hanya boleh huruf kecil, angka dan garis bawah."))
    if category == "AUTHENTICATION":
        return [*found, *_code_problems(components)]
    body = part(components, "BODY")
    return [
        *found,
        *body_problems(text_of(components), _examples(body), named=_named(body)),
        *_header_problems(part(components, "HEADER")),
        *_footer_problems(part(components, "FOOTER")),
        *_button_problems(buttons(components)),
    ]


def body_problems(
    text: str, examples: Sequence[Any] | None = None, *, named: bool = False
) -> list[str]:
    """What is wrong with a body; `examples` are the values of its parameters, None when there
    are none yet to be checked. `named`: its parameters are words, not numbers."""
    if not text.strip():
        return [_("Isi template kosong.")]
    found = []
    if len(text) > LONGEST_BODY:
        found.append(_("Isi paling panjang %(limit)s huruf.", limit=LONGEST_BODY))
    if _WIDE.search(text):
        found.append(_("Jangan memakai tab, dua baris kosong, atau lebih dari empat spasi."))
    found += _place_problems(text, named)
    count = len(parameters(text))
    if examples is not None and count:
        if len(examples) != count:
            words = _(
                "Contoh isian harus %(count)s, ada %(given)s.", count=count, given=len(examples)
            )
            found.append(words)
        if any(not str(example).strip() for example in examples):
            found.append(_("Ada contoh isian yang kosong."))
    return found


def _place_problems(text: str, named: bool) -> list[str]:
    """Where the parameters stand, and what they are called."""
    names = parameters(text)
    rest = _PLACE.sub("", text)
    found = []
    if "{{" in rest or "}}" in rest:
        found.append(_("Ada kurung isian yang tidak berpasangan."))
    if not names:
        return found
    found += _name_problems(names, named)
    before, after = _PLACE.split(text)[0], _PLACE.split(text)[-1]
    if not _WORD.search(before):
        found.append(_("Teks tidak boleh diawali isian. Tulis kata di depannya."))
    if not _WORD.search(after):
        found.append(_("Teks tidak boleh diakhiri isian. Tulis kata di belakangnya."))
    if any(not _WORD.search(gap) for gap in _between(text)):
        found.append(_("Dua isian tidak boleh berdampingan. Tulis kata di antaranya."))
    words, needed = len(_WORD.findall(rest)), WORDS_PER_PARAMETER * len(names)
    if words < needed:
        found.append(
            _(
                "Terlalu banyak isian untuk panjang teks: %(count)s isian butuh paling sedikit "
                "%(needed)s kata, ada %(words)s.",
                count=len(names),
                needed=needed,
                words=words,
            )
        )
    return found


def _name_problems(names: Sequence[str], named: bool) -> list[str]:
    if named:
        good = all(_PARAMETER.fullmatch(name) for name in names)
        return [] if good else [_("Nama isian hanya boleh huruf kecil, angka dan garis bawah.")]
    if any(not name.isdigit() for name in names):
        return [_("Isian hanya boleh angka, misalnya {{1}}.")]
    if sorted(names, key=int) != [str(number) for number in range(1, len(names) + 1)]:
        return [_("Nomor isian harus urut dari {{1}} tanpa yang terlewat.")]
    return []


def _between(text: str) -> list[str]:
    """What stands between one parameter and the next; the pieces in even places are words."""
    return _PLACE.split(text)[2:-1:2]


def _examples(component: Component) -> Sequence[Any]:
    """The values given for a body's parameters: an array of arrays, of which the first counts."""
    given = component.get("example")
    if not isinstance(given, Mapping):
        return []
    if _named(component):
        return [one.get("example", "") for one in given["body_text_named_params"]]
    rows = given.get("body_text")
    first = rows[0] if isinstance(rows, list) and rows else []
    return first if isinstance(first, list) else []


def _named(component: Component) -> bool:
    given = component.get("example")
    return isinstance(given, Mapping) and isinstance(given.get("body_text_named_params"), list)


def _header_problems(component: Component) -> list[str]:
    text = str(component.get("text") or "")
    found = []
    if len(text) > LONGEST_HEADER:
        found.append(_("Judul paling panjang %(limit)s huruf.", limit=LONGEST_HEADER))
    if "\n" in text:
        found.append(_("Judul harus satu baris."))
    if len(parameters(text)) > 1:
        found.append(_("Judul paling banyak memuat satu isian."))
    return found


def _footer_problems(component: Component) -> list[str]:
    text = str(component.get("text") or "")
    found = []
    if len(text) > LONGEST_FOOTER:
        found.append(_("Catatan kaki paling panjang %(limit)s huruf.", limit=LONGEST_FOOTER))
    if parameters(text):
        found.append(_("Catatan kaki tidak boleh memuat isian."))
    return found


def _button_problems(found: Sequence[Component]) -> list[str]:
    said = []
    if len(found) > MOST_BUTTONS:
        said.append(_("Tombol paling banyak %(limit)s.", limit=MOST_BUTTONS))
    links = [one for one in found if str(one.get("type", "")).upper() == "URL"]
    if len(links) > MOST_LINKS:
        said.append(_("Tombol tautan paling banyak %(limit)s.", limit=MOST_LINKS))
    if any(not 1 <= len(str(one.get("text") or "")) <= LONGEST_BUTTON for one in found):
        said.append(_("Tulisan tombol 1 sampai %(limit)s huruf.", limit=LONGEST_BUTTON))
    if any(parameters(str(one.get("text") or "")) for one in found):
        said.append(_("Tulisan tombol tidak boleh memuat isian."))
    return said


def _code_problems(components: Sequence[Component]) -> list[str]:
    """A template for login codes has Meta's own words: only their options are ours."""
    found = []
    if text_of(components):
        found.append(_("Template kode masuk memakai kalimat Meta; isinya tidak dapat ditulis."))
    minutes = part(components, "FOOTER").get("code_expiration_minutes")
    if minutes is not None and minutes not in CODE_MINUTES:
        found.append(_("Masa berlaku kode 1 sampai 90 menit."))
    kinds = [str(one.get("type", "")).upper() for one in buttons(components)]
    if kinds != ["OTP"]:
        found.append(_("Template kode masuk wajib punya satu tombol salin kode."))
    return found
