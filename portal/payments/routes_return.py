"""`/pay/<order_id>`: where a gateway's own page sends people back to.

An order may be opened in the portal and gone on with from a pay link, or the other way round, so
the place to go is decided on return: the payer's own page, the link this browser came from, else
the login. The order id says nothing to whoever has neither.
"""

from typing import Any

from flask import Blueprint, redirect, session, url_for
from flask_login import current_user

from portal.accounts.models import Staff
from portal.payments import queries
from portal.web.access import public

bp = Blueprint("pay_return", __name__, url_prefix="/pay")
RETURN_PATH = "/pay/{order_id}"
_LINKS = "pay_links"
MOST_LINKS = 5


@bp.get("/<order_id>")
@public
def back(order_id: str) -> Any:
    """On to the page that waits for this order."""
    token = session.get(_LINKS, {}).get(order_id)
    user: Any = current_user
    owner = user.is_authenticated and not isinstance(user._get_current_object(), Staff)
    if token and not (owner and queries.order_of(user.id, order_id)):
        return redirect(url_for("paylink.show", pay_token=token), 303)
    return redirect(url_for("home.order", order_id=order_id), 303)


def remember(order_id: str, pay_token: str) -> None:
    """This browser pays the order through this link."""
    known = dict(session.get(_LINKS, {}))
    known[order_id] = pay_token
    session[_LINKS] = dict(list(known.items())[-MOST_LINKS:])
