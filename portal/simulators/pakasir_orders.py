"""The order book as a tester sees it: lists, and paying by hand or by script."""

from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request

from portal.simulators import orderbook
from portal.simulators.store import Doc, store

bp = Blueprint("pakasir_orders", __name__, url_prefix="/pakasir")
SHOWN = 100


def _find(order_id: str) -> Doc:
    order = orderbook.named(order_id)
    if order is None:
        abort(404)
    return order


@bp.get("/orders")
def order_list() -> Any:
    """The newest orders, each with a button that pays it: for codes nobody can scan here."""
    return render_template("orders.html", orders=store().all("order", SHOWN))


@bp.post("/orders/<order_id>/press")
def press(order_id: str) -> Any:
    """The button of the list."""
    order = _find(order_id)
    if order["status"] == "pending":
        orderbook.pay(order, order["method"] or "qris")
    return redirect("/pakasir/orders", 303)


@bp.get("/orders.json")
def orders() -> Any:
    """Every order, the newest first."""
    return jsonify(store().all("order"))


@bp.get("/webhooks.json")
def sent_webhooks() -> Any:
    """Every webhook that was sent, with the portal's answer."""
    return jsonify(store().all("webhook"))


@bp.post("/orders/<order_id>/pay")
def pay_order(order_id: str) -> Any:
    """For scripts: pay. `method`, `webhook` (false = none), `times`, `amount` (in the webhook),
    `sandbox` (the gateway says it was no real money)."""
    order = _find(order_id)
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    hook = str(data.get("webhook", "true")).lower() not in {"false", "0", "no"}
    said = int(data["amount"]) if data.get("amount") else None
    method = str(data.get("method") or order["method"] or "qris")
    if data.get("sandbox"):
        orderbook.make_sandbox(order)
    paid = orderbook.pay(order, method, hook=hook, times=int(data.get("times", 1)), said=said)
    return jsonify(paid)
