"""One customer for staff: tabs with an address each, quick actions."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.desk import customer_page, pay_link
from portal.desk.blueprint import bp
from portal.extensions import db
from portal.messaging import optouts
from portal.web.access import staff
from portal.web.htmx import go, page


def tab_page(endpoint: str, customer_id: int, rows: dict[str, Any], status: int = 200) -> Any:
    """The page with this tab open; for a fragment the tab and its row of names."""
    about = rows.pop("about", None) or customer_page.head(customer_id)
    shown = customer_page.shown(endpoint, about)
    return page("customers/show.html", block="tabbed", status=status, **shown, **rows)


@bp.get("/<int:customer_id>")
@staff("lookup")
def show(customer_id: int) -> Any:
    """Ringkasan: who, what they owe, how their line is."""
    about = customer_page.head(customer_id)
    return tab_page("customers.show", customer_id, {**customer_page.summary(about), "about": about})


@bp.get("/<int:customer_id>/invoices")
@staff("customers")
def invoices(customer_id: int) -> Any:
    """Every invoice, the newest first."""
    return tab_page("customers.invoices", customer_id, customer_page.invoice_rows(customer_id))


@bp.get("/<int:customer_id>/payments")
@staff("customers")
def payments(customer_id: int) -> Any:
    """Every payment and what it paid."""
    return tab_page("customers.payments", customer_id, customer_page.payment_rows(customer_id))


@bp.get("/<int:customer_id>/services")
@staff("lookup")
def services(customer_id: int) -> Any:
    """The lines: plan, login, router, what was decided about access."""
    return tab_page("customers.services", customer_id, customer_page.service_rows(customer_id))


@bp.get("/<int:customer_id>/messages")
@staff("customers")
def messages(customer_id: int) -> Any:
    """What was said both ways, and what the customer wants to hear."""
    about = customer_page.head(customer_id)
    rows = {**customer_page.message_rows(about.customer), "about": about}
    return tab_page("customers.messages", customer_id, rows)


@bp.post("/<int:customer_id>/messages")
@staff("customers")
def change_messages(customer_id: int) -> Any:
    """Which of the optional WhatsApp messages the customer gets, as told to staff."""
    customer_page.customer_or_404(customer_id)
    optouts.choose(customer_id, request.form.getlist("wanted"), "staff")
    db.session.commit()
    return go(url_for(".messages", customer_id=customer_id), _("Pilihan pesan disimpan."))


@bp.get("/<int:customer_id>/log")
@staff("customers")
def log(customer_id: int) -> Any:
    """What was changed, by whom."""
    return tab_page("customers.log", customer_id, customer_page.log_rows(customer_id))


@bp.post("/<int:customer_id>/pay-link")
@staff("customers")
def send_link(customer_id: int) -> Any:
    """Send the pay link of the oldest open invoice, once in ten minutes."""
    customer = customer_page.customer_or_404(customer_id)
    here = url_for(".show", customer_id=customer_id)
    try:
        sent = pay_link.send(customer)
    except pay_link.NoLink as error:
        db.session.rollback()
        return go(here, str(error), "bad")
    db.session.commit()
    if not sent:
        return go(here, _("Tautan bayar baru saja dikirim. Tunggu beberapa menit."), "warn")
    return go(here, _("Tautan bayar masuk antrean kirim."))
