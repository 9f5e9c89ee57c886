"""`make assets`: copies the named files out of node_modules into portal/static.

Run after `npm install --ignore-scripts`; the copies are committed with their checksums in
VENDOR.txt, so running Loket needs no node. The icon sprite is made from the listed icons.
"""

import hashlib
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "portal" / "static"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx-2.0.11.min.js",
    "@picocss/pico/css/pico.min.css": "pico-2.1.1.min.css",
    "@tabler/core/dist/css/tabler.min.css": "tabler-1.6.1.min.css",
}
ICONS = """
home receipt history user users bell brand-whatsapp wifi wifi-off check x
alert-triangle alert-circle info-circle clock chevron-right chevron-left
arrow-right refresh download upload search settings send credit-card ban
activity list-check logout plus edit trash file-text chart-bar package lock
world copy menu-2 player-play player-pause shield-check phone map-pin speakerphone
chevron-down moon sun device-desktop language user-circle users-group shield-lock
router map lifebuoy cash tool printer archive plug inbox calendar filter eye
device-mobile key ticket circle-check
""".split()  # noqa: SIM905 - easier to read and sort


def sprite(folder: Path) -> str:
    """One SVG with a symbol per icon, stroke colour inherited."""
    symbols = []
    for name in ICONS:
        source = (folder / f"{name}.svg").read_text(encoding="utf-8")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
        if inner is None:
            raise ValueError(f"{name}.svg is not an icon")
        paths = re.sub(r"\s+", " ", inner[1]).strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{paths}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def copy(modules: Path) -> None:
    """Copy everything and write the checksums."""
    vendor = STATIC / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    lines = []
    for source, name in FILES.items():
        shutil.copyfile(modules / source, vendor / name)
        digest = hashlib.sha256((vendor / name).read_bytes()).hexdigest()
        lines.append(f"{digest}  {name}  <- {source}")
    icons = sprite(modules / "@tabler" / "icons" / "icons" / "outline")
    (STATIC / "icons.svg").write_text(icons, encoding="utf-8")
    lines.append(f"{hashlib.sha256(icons.encode()).hexdigest()}  ../icons.svg  <- @tabler/icons")
    (vendor / "VENDOR.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    copy(ROOT / "node_modules")
