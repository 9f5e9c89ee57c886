"""Pakasir v1 and v2: the API and the page where one presses "Bayar"."""

import os
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, jsonify, redirect, render_template, request

from portal.simulators import faults, orderbook
from portal.simulators.store import Doc, store

bp = Blueprint("pakasir", __name__, url_prefix="/pakasir")


class Refused(Exception):
    """An API error with Pakasir's one-word body."""

    def __init__(self, status: int, message: str, word: str = "message") -> None:
        super().__init__(message)
        self.status, self.message, self.word = status, message, word


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """`{"message": …}` in v1, `{"error": …}` in v2."""
    return jsonify({error.word: error.message}), error.status


@bp.before_request
def strike() -> Any:
    """API faults; the pay page and the tester's own calls stay whole."""
    if request.path.startswith("/pakasir/api/"):
        return faults.strike("pakasir_api")
    return None


def _whole(value: Any, at_least: int = 500) -> int:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise Refused(
            400, "Key: 'Amount' Error:Field validation for 'Amount' failed on the 'min' tag"
        )
    return value


def _v1_body() -> tuple[str, str, int]:
    data: Doc = request.get_json(silent=True) or {}
    for name in ("project", "order_id", "api_key"):
        if not data.get(name):
            tag = name.replace("_", " ").title().replace(" ", "")
            raise Refused(
                400, f"Key: '{tag}' Error:Field validation for '{tag}' failed on the 'required' tag"
            )
    return str(data["project"]), str(data["order_id"]), _whole(data.get("amount"))


def _same(project: str, order_id: str, amount: int) -> Doc:
    """The order, if project, id and amount fit."""
    order = orderbook.find(project, order_id)
    if order is None or order["amount"] != amount:
        raise Refused(404, "Transaction not found")
    return order


@bp.post("/api/transactioncreate/<method>")
def v1_create(method: str) -> Any:
    """Open a charge for one method."""
    if method not in ("qris", *orderbook.VA, *orderbook.V1_ONLY):
        raise Refused(400, "payment method not supported")
    project, order_id, amount = _v1_body()
    order = orderbook.open_order(project, order_id, amount, "v1", method)
    if order["amount"] != amount or order.get("opened_for", "") not in {method, ""}:
        raise Refused(400, "order_id already used")
    charge = orderbook.fee(method, amount)
    return jsonify(
        payment={
            "project": project,
            "order_id": order_id,
            "amount": amount,
            "fee": charge,
            "total_payment": amount + charge,
            "payment_method": method,
            "payment_number": orderbook.payment_number(method, amount, order_id),
            "expired_at": orderbook.nine_digits(order["expires_at"]),
        }
    )


@bp.post("/api/transactioncancel")
def v1_cancel() -> Any:
    """Cancel a pending charge."""
    orderbook.cancel(_same(*_v1_body()))
    return jsonify(success=True)


@bp.post("/api/paymentsimulation")
def v1_simulate() -> Any:
    """Pay without money. In link mode the page may never have been opened: then it is now."""
    project, order_id, amount = _v1_body()
    if orderbook.find(project, order_id) is None:
        orderbook.open_order(project, order_id, amount, "v1", "qris")
    order = _same(project, order_id, amount)
    orderbook.pay(order, order["method"] or "qris")
    return jsonify(success=True)


@bp.get("/api/transactiondetail")
def v1_detail() -> Any:
    """State of a charge; the amount is part of the lookup."""
    for name, tag in (
        ("project", "Project"),
        ("order_id", "OrderID"),
        ("api_key", "ApiKey"),
        ("amount", "Amount"),
    ):
        if not request.args.get(name):
            raise Refused(
                400, f"Key: '{tag}' Error:Field validation for '{tag}' failed on the 'required' tag"
            )
    args = request.args
    order = _same(args["project"], args["order_id"], _whole(args["amount"], 1))
    transaction = {
        "amount": order["amount"],
        "order_id": order["order_id"],
        "project": order["project"],
        "status": order["status"],
        "payment_method": order["method"] or "qris",
        "completed_at": order["completed_at"],
    }
    if orderbook.sandbox(order):
        transaction["is_sandbox"] = True  # only seen there, and in no document
    return jsonify(transaction=transaction)


def _v2_key() -> None:
    if not request.headers.get("X-Api-Key"):
        raise Refused(401, "Invalid API key", "error")


@bp.post("/api/v2/create-transaction/<slug>/<order_id>")
def v2_create(slug: str, order_id: str) -> Any:
    """Find or create."""
    _v2_key()
    data: Doc = request.get_json(silent=True) or {}
    method, amount = str(data.get("method", "")), _whole(data.get("amount"))
    if method not in ("payment_link", "qris", *orderbook.VA):
        raise Refused(400, "invalid method", "error")
    known = "" if method == "payment_link" else method
    order = orderbook.open_order(slug, order_id, amount, "v2", known)
    if order["amount"] != amount or order.get("opened_for", "") != known:
        raise Refused(409, "order_id already used with other parameters", "error")
    if method == "payment_link":
        base = request.host_url.rstrip("/") + "/pakasir"
        return jsonify(txn_id=order["txn_id"], payment_link=f"{base}/pay-v2/{order['txn_id']}")
    charge = orderbook.fee(method, amount)
    number = "va_number" if method in orderbook.VA else "qr_string"
    return jsonify(
        {
            "txn_id": order["txn_id"],
            "order_id": order_id,
            "amount": amount,
            "fee": charge,
            "total_payment": amount + charge,
            "payment_method": method,
            number: orderbook.payment_number(method, amount, order_id),
            "expired_at": orderbook.nine_digits(order["expires_at"]),
            "status": order["status"],
            "is_sandbox": orderbook.sandbox(),
        }
    )


@bp.get("/api/v2/transaction-status/<slug>/<txn_id>")
def v2_status(slug: str, txn_id: str) -> Any:
    """State of a transaction; at most one call in a few seconds each."""
    _v2_key()
    order = orderbook.by_txn(slug, txn_id)
    if order is None:
        raise Refused(404, "transaction not found", "error")
    interval = float(os.environ.get("SIM_V2_STATUS_INTERVAL", "4"))
    last = (store().get("asked", txn_id) or {}).get("at", 0.0)
    if time.time() - last < interval:
        raise Refused(429, "too many requests", "error")
    store().put("asked", txn_id, {"at": time.time()})
    return jsonify(
        txn_id=txn_id,
        order_id=order["order_id"],
        amount=order["amount"],
        is_sandbox=orderbook.sandbox(order),
        status=order["status"],
        completed_at=order["completed_at"],
    )


@bp.get("/api/v2/payment-fee/<int:amount>")
def v2_fee(amount: int) -> Any:
    """Fee by method."""
    return jsonify({method: orderbook.fee(method, amount) for method in ("qris", *orderbook.VA)})


@bp.post("/api/v2/cancel-transaction/<slug>/<txn_id>")
def v2_cancel(slug: str, txn_id: str) -> Any:
    """Cancel a pending transaction."""
    _v2_key()
    order = orderbook.by_txn(slug, txn_id)
    if order is None:
        raise Refused(404, "transaction not found", "error")
    orderbook.cancel(order)
    return jsonify(success=True)


@bp.get("/pay/<slug>/<int:amount>")
@bp.get("/pay/<slug>/<int:amount>/")
def v1_page(slug: str, amount: int) -> Any:
    """The v1 pay page: the amount in the URL is what is charged, whoever wrote it."""
    order_id = request.args.get("order_id", "")
    if len(order_id) < 5 or amount < 500:
        abort(400)
    return _page(orderbook.open_order(slug, order_id, amount, "v1"))


@bp.get("/paypal/<slug>/<int:amount>")
def paypal_page(slug: str, amount: int) -> Any:
    """The v1 page for PayPal alone."""
    order_id = request.args.get("order_id", "")
    if len(order_id) < 5 or amount < 10_000:
        abort(400)
    return _page(orderbook.open_order(slug, order_id, amount, "v1"), ("paypal",))


@bp.get("/pay-v2/<txn_id>")
def v2_page(txn_id: str) -> Any:
    """The v2 pay page."""
    link = store().get("txn", txn_id)
    order = orderbook.find(link["project"], link["order_id"]) if link else None
    if order is None:
        abort(404)
    return _page(order)


def _page(order: Doc, methods: Sequence[str] = ("qris", *orderbook.VA)) -> str:
    if order.get("opened_for", ""):
        methods = (order.get("opened_for", ""),)
    elif request.args.get("qris_only"):
        methods = ("qris",)
    choices = [(m, orderbook.fee(m, order["amount"])) for m in methods]
    back = request.args.get("redirect", "")
    back = back if back.startswith(("http://", "https://")) else ""
    return render_template(
        "pay.html", order=order, choices=choices, back=back, here=request.full_path
    )


@bp.post("/checkout/<order_id>")
def checkout(order_id: str) -> Any:
    """The page's own button."""
    order = orderbook.named(order_id)
    if order is None:
        abort(404)
    if order["status"] == "pending":
        orderbook.pay(order, request.form.get("method", "qris"))
    query = urlencode({"redirect": request.form.get("back", "")})
    return redirect(f"/pakasir/pay-v2/{order['txn_id']}?{query}", 303)
