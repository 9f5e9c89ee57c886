"""Images are not kept as they came: they are decoded and written anew.

What comes out holds pixels and nothing else, neither the place where the photo was taken nor
whatever was hidden in the file, in a form every WhatsApp service takes: JPEG, or PNG where
something is transparent, at most 5 MB.
"""

import io
from contextlib import suppress

from PIL import Image, ImageOps

from portal.media.recognition import JPEG, PNG, WEBP, Form

MOST_PIXELS = 40_000_000
MOST_BYTES = 5 * 1000 * 1000
"""What Meta takes of an image."""
_SIDES = (4096, 2560, 1600, 1024)
_DECODERS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}


class BadImage(ValueError):
    """It cannot be decoded."""


class TooManyPixels(ValueError):
    """Decoding it would take more memory than a picture may."""


def rewritten(data: bytes, form: Form) -> tuple[bytes, Form]:
    """The picture's pixels in a new file, turned as the camera was held, and its form.

    Raises BadImage or TooManyPixels. Of a moving picture the first frame stays.
    """
    try:
        # The one decoder its first bytes call for: Pillow would try all it has.
        with Image.open(io.BytesIO(data), formats=[_DECODERS[form]]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise TooManyPixels
            return _encoded(_plain(image))
    except (TooManyPixels, Image.DecompressionBombError):
        raise TooManyPixels from None
    # Pillow's decoders raise nearly anything over a broken file.
    except Exception as error:
        raise BadImage(type(error).__name__) from None


def small(data: bytes, form: Form, side: int = 1600) -> tuple[bytes, Form]:
    """A rewritten picture for people to look at: a JPEG of some 300 kB. Raises BadImage."""
    try:
        with Image.open(io.BytesIO(data), formats=[_DECODERS[form]]) as image:
            plain = _plain(image).convert("RGB")
            plain.thumbnail((side, side), Image.Resampling.LANCZOS)
            into = io.BytesIO()
            plain.save(into, "JPEG", quality=80)
            return into.getvalue(), JPEG
    except Exception as error:
        raise BadImage(type(error).__name__) from None


def _plain(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent; upright, no larger than the largest side."""
    # A JPEG can be decoded smaller than it is; that also bounds the memory.
    image.draft("RGB", (_SIDES[0], _SIDES[0]))
    image.load()
    with suppress(Exception):  # a broken EXIF block turns nothing
        image = ImageOps.exif_transpose(image)
    clear = image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info
    plain = image.convert("RGBA" if clear else "RGB")
    if clear and plain.getchannel("A").getextrema() == (255, 255):
        plain = plain.convert("RGB")
    plain.info.clear()
    return plain


def _encoded(image: Image.Image) -> tuple[bytes, Form]:
    """In the largest size that fits what services take."""
    form = PNG if image.mode == "RGBA" else JPEG
    found = b""
    for side in _SIDES:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        into = io.BytesIO()
        if form is PNG:
            image.save(into, "PNG", compress_level=6)
        else:
            image.save(into, "JPEG", quality=88)
        found = into.getvalue()
        if len(found) <= MOST_BYTES:
            break
    return found, form
