"""What a browser calls itself, in words somebody recognises; an address without its end."""

from flask_babel import gettext as _

# The first that occurs counts: most browsers also name the ones they descend from.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def in_words(agent: str) -> str:
    """`Chrome di Android`; "Perangkat tidak dikenal" for what names neither."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s di %(system)s", browser=browser, system=system)
    return browser or system or _("Perangkat tidak dikenal")


def masked(address: str) -> str:
    """`36.72.x.x`: enough to tell two networks apart."""
    if ":" in address:
        return ":".join(address.split(":")[:2]) + ":…"
    parts = address.split(".")
    return ".".join([*parts[:2], "x", "x"]) if len(parts) == 4 else ""
