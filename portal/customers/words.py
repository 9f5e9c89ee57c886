"""What customers are told about their own account, in their language."""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers.models import Customer
from portal.infra.timekeeping import now, zone
from portal.settings import service as settings


def phone_changed(customer: Customer) -> str:
    """To the old number: that it was changed, when, and what to do when it was somebody else.

    The new number is masked: the old one may be another person's by now.
    """
    with force_locale(customer.language):
        said = _(
            "Nomor WhatsApp akun %(company)s %(number)s diganti ke %(phone)s pada %(time)s. "
            "Pesan dan kode masuk selanjutnya dikirim ke nomor baru.",
            company=settings.text("company.name"),
            number=customer.number,
            phone=PhoneNumber(customer.phone).mask(),
            time=f"{now().astimezone(zone()):%d-%m-%Y %H.%M}",
        )
        return f"{said}\n\n{_not_you()}"


def _not_you() -> str:
    phone = settings.text("company.cs_phone")
    try:
        local = PhoneNumber.parse(phone).local()
    except InvalidPhone:
        return _("Bukan Anda? Segera hubungi layanan pelanggan kami.")
    return _("Bukan Anda? Segera hubungi CS %(phone)s.", phone=local)
