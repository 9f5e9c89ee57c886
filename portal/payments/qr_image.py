"""Where payments find the drawing of a QRIS code; it is pure, and messages draw it too."""

from portal.core.qr_image import QUIET as QUIET
from portal.core.qr_image import png as png
from portal.core.qr_image import svg as svg
