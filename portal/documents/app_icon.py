"""The picture of the portal on a phone's home screen: from the ISP's logo, or our own.

Square and full to its edges, so that a phone may cut any shape out of it: what matters stays in
the middle four fifths.
"""

import io
from functools import lru_cache

from PIL import Image, ImageDraw

from portal.documents.models import CompanyLogo
from portal.extensions import db
from portal.settings import service as settings

SIZES = (48, 96, 180, 192, 512)
BRAND = (11, 102, 200)
WHITE = (255, 255, 255)
FINE = 4
"""Drawn that much bigger and made small, for smooth edges."""


def icon(size: int) -> bytes:
    """A PNG of `size` by `size`."""
    row = db.session.get(CompanyLogo, 1) if settings.internal("company.icon") else None
    return our_own(size) if row is None else of_logo(row.image, size)


@lru_cache(maxsize=len(SIZES) * 2)
def of_logo(image: bytes, size: int) -> bytes:
    """The logo on white, inside of what every phone leaves standing."""
    with Image.open(io.BytesIO(image)) as opened:
        logo = opened.convert("RGB")
    room = round(size * 0.72)
    scale = min(room / logo.width, room / logo.height)
    width, height = max(1, round(logo.width * scale)), max(1, round(logo.height * scale))
    logo = logo.resize((width, height), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", (size, size), WHITE)
    ground.paste(logo, ((size - width) // 2, (size - height) // 2))
    return _png(ground)


@lru_cache(maxsize=len(SIZES))
def our_own(size: int) -> bytes:
    """Waves of a wireless network, white on our blue."""
    side = size * FINE
    ground = Image.new("RGB", (side, side), BRAND)
    pen = ImageDraw.Draw(ground)
    middle, foot, wide = side / 2, side * 0.68, round(side * 0.06)
    for reach in (0.17, 0.29, 0.41):
        far = side * reach
        pen.arc([middle - far, foot - far, middle + far, foot + far], 225, 315, WHITE, wide)
    dot = side * 0.05
    pen.ellipse([middle - dot, foot - dot, middle + dot, foot + dot], fill=WHITE)
    return _png(ground.resize((size, size), Image.Resampling.LANCZOS))


def _png(image: Image.Image) -> bytes:
    into = io.BytesIO()
    image.quantize(64).save(into, "PNG", optimize=True)
    return into.getvalue()
