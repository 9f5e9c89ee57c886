"""What an owner wants to know of a driver: what it can do in words, and its guide as a page.

The guides are the files of `docs/drivers/`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import mistune
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from portal.config import ROOT
from portal.core.driverkit import Capability
from portal.messaging.registry import REGISTRY

FOLDER = ROOT / "docs" / "drivers"
ABILITIES: dict[Capability, Any] = {
    Capability.TEXT: _l("teks bebas"),
    Capability.TEMPLATE: _l("template"),
    Capability.INTERACTIVE: _l("tombol dan daftar"),
    Capability.MEDIA: _l("gambar, video, PDF"),
    Capability.GROUP: _l("grup"),
    Capability.DELIVERY_HOOK: _l("status terkirim"),
    Capability.INBOUND: _l("balasan pelanggan"),
}
# `escape`: markup typed into a guide is shown, not run.
_markdown = mistune.create_markdown(escape=True, plugins=["table", "url"])


def abilities(kind: str) -> Sequence[Any]:
    """What the driver can do, in words."""
    can = REGISTRY.get(kind).capabilities
    return [words for ability, words in ABILITIES.items() if ability in can]


def exists(kind: str) -> bool:
    """Whether there is a guide for this driver."""
    return kind in REGISTRY and (FOLDER / f"{kind}.md").is_file()


@lru_cache(maxsize=32)
def html(kind: str) -> Markup:
    """The guide of a driver, ready to print. Raises KeyError when there is none."""
    if not exists(kind):
        raise KeyError(kind)
    text = (FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    return Markup(_markdown(text))  # noqa: S704 - our own file, escaped by the renderer
