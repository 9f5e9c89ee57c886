"""What people type on the order page."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import Length, ValidationError

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.web.forms import BaseForm
from portal.web.sentences import say


class OrderForm(BaseForm):
    """A new line. `website` is a trap: people do not see it, machines fill it in."""

    key = HiddenField()
    plan = IntegerField()
    name = StringField(_l("Nama lengkap"), [Length(max=120)])
    phone = TelField(_l("Nomor WhatsApp"))
    address = TextAreaField(_l("Alamat pemasangan"), [Length(max=500)])
    area = SelectField(_l("Wilayah"), coerce=int, default=0)
    note = TextAreaField(_l("Catatan (boleh kosong)"), [Length(max=500)])
    website = StringField()

    e164 = ""

    def validate_key(self, field: Any) -> None:
        if not 20 <= len(field.data or "") <= 64:
            raise ValidationError(_("Halaman ini terlalu lama terbuka. Coba lagi."))

    def validate_plan(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Pilih salah satu paket."))

    def validate_name(self, field: Any) -> None:
        if len(field.data or "") < 3:
            raise ValidationError(_("Isi nama Anda."))

    def validate_phone(self, field: Any) -> None:
        try:
            self.e164 = str(PhoneNumber.parse(field.data or ""))
        except InvalidPhone as error:
            raise ValidationError(say(error)) from None

    def validate_address(self, field: Any) -> None:
        if len(field.data or "") < 10:
            raise ValidationError(_("Isi alamat selengkapnya: jalan, nomor, RT/RW, patokan."))

    def validate_website(self, field: Any) -> None:
        if field.data:
            raise ValidationError(_("Kosongkan kolom ini."))
