"""Phone numbers: every habit of writing them becomes E.164; masks for screens and logs."""

import re
from dataclasses import dataclass

import phonenumbers

_GROUP = re.compile(r"[0-9-]{5,40}@g\.us")


class InvalidPhone(ValueError):
    """Not a phone number; the message is a sentence in Indonesian."""


@dataclass(frozen=True, order=True)
class PhoneNumber:
    """A number in E.164, such as `+6281234567890`."""

    e164: str

    @classmethod
    def parse(cls, text: str) -> "PhoneNumber":
        """Read 0812…, 62812…, +62 812-…, 812…; other countries need their +.

        Lenient about new prefixes, strict about length. Raises InvalidPhone.
        """
        cleaned = re.sub(r"[^0-9+]", "", text.strip())
        if not 7 <= len(cleaned.lstrip("+")) <= 16 or "+" in cleaned[1:]:
            raise InvalidPhone("Nomor telepon tidak sah. Contoh: 081234567890.")
        if re.search(r"[A-Za-z@]", text):
            raise InvalidPhone("Nomor telepon hanya boleh berisi angka. Contoh: 081234567890.")
        if cleaned.startswith("62"):
            cleaned = "+" + cleaned
        elif cleaned.startswith("0062"):
            cleaned = "+" + cleaned[2:]
        try:
            number = phonenumbers.parse(cleaned, "ID")
        except phonenumbers.NumberParseException:
            raise InvalidPhone("Nomor telepon tidak sah. Contoh: 081234567890.") from None
        if not phonenumbers.is_possible_number(number):
            raise InvalidPhone("Jumlah angka nomor telepon tidak benar. Contoh: 081234567890.")
        return cls(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def __str__(self) -> str:
        return self.e164

    @property
    def digits(self) -> str:
        """`6281234567890`, as providers want it."""
        return self.e164.lstrip("+")

    def local(self) -> str:
        """`0812-3456-7890`, as people write it; foreign numbers keep their +."""
        if not self.e164.startswith("+62"):
            return self.e164
        digits = "0" + self.e164[3:]
        return "-".join(filter(None, (digits[:4], digits[4:8], digits[8:])))

    def mask(self) -> str:
        """`+62 812-••••-7890`: enough to recognise one's own number."""
        country = "+62" if self.e164.startswith("+62") else self.e164[:3]
        rest = self.e164[len(country) :]
        return f"{country} {rest[:3]}-••••-{rest[-4:]}"

    def for_log(self) -> str:
        """`+6281****890`."""
        return f"{self.e164[:5]}****{self.e164[-3:]}"


@dataclass(frozen=True)
class GroupId:
    """A WhatsApp group (`…@g.us`): never a phone number."""

    value: str

    @classmethod
    def parse(cls, text: str) -> "GroupId":
        """Raises ValueError for anything else."""
        if _GROUP.fullmatch(text.strip()) is None:
            raise ValueError("ID grup WhatsApp tidak sah.")
        return cls(text.strip())

    def __str__(self) -> str:
        return self.value
