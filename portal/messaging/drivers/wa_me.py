"""wa.me: a link that opens WhatsApp with the text typed in; a person presses send.

Nothing leaves by itself, so a message is `manual` until somebody says that it was sent. No
groups, no files, no word about what became of it.
"""

from urllib.parse import quote

from portal.core.driverkit import Capability, Health, Permanent
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt

TO_DO = "Menunggu dikirim oleh staf lewat WhatsApp."


class WaMe(MessageDriver):
    """Makes links for staff to press."""

    kind = "wa_me"
    label = "wa.me (dikirim sendiri oleh staf)"
    capabilities = frozenset({Capability.TEXT})
    by_hand = True

    def payload(self, message: OutgoingMessage) -> dict[str, str]:
        return {"number": message.to.lstrip("+"), "text": message.text}

    def send(self, message: OutgoingMessage) -> Receipt:
        """Puts it on the list of what staff have to send. Raises Permanent for a group."""
        self.link(message)
        return Receipt(None, TO_DO, state="manual")

    def link(self, message: OutgoingMessage) -> str:
        """The address that opens a chat with the number and this text, spaces as %20, line
        breaks as %0A. Raises Permanent for a group, which has no such address."""
        digits = message.to.lstrip("+")
        if not (digits.isascii() and digits.isdigit()):
            raise Permanent("wa.me hanya dapat membuka nomor, bukan grup.", elsewhere=True)
        text = message.text.replace("\r\n", "\n").replace("\r", "\n")
        return f"https://wa.me/{digits}?text={quote(text, safe='', errors='replace')}"

    def check(self) -> Health:
        return Health(True, "Tidak perlu tersambung: staf menekan tombol kirim sendiri.", {})


DRIVER = WaMe
