"""Drawing a checked QRIS string: SVG for the page, PNG to save or to send. Nothing is checked
here."""

import io

import segno

QUIET = 4
"""Light modules around the code; scanners want them."""


def svg(code: str) -> bytes:
    """The code as an image file of its own, black on white, without style attributes."""
    return _drawn(code, "svg", scale=8, svgclass=None, lineclass=None, xmldecl=True)


def png(code: str) -> bytes:
    """The code as a picture for the gallery of a phone, about 600 pixels wide."""
    return _drawn(code, "png", scale=10)


def _drawn(code: str, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    # Medium correction: a scratched screen is read, and version 11 still fits a phone.
    made = segno.make_qr(code, error="m", boost_error=False)
    made.save(out, kind=kind, border=QUIET, dark="#000000", light="#ffffff", **how)
    return out.getvalue()
