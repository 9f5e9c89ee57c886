"""Faults that can be switched on, per target: `/faults`, `/faults.json`."""

import random
import time
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from portal.simulators.store import Doc, store

bp = Blueprint("faults", __name__)

TARGETS = (
    "graph",
    "gateway",
    "fonnte",
    "watzap",
    "twilio",
    "gowa",
    "telegram",
    "pakasir_api",
    "pakasir_webhook",
    "router",
)
# One for each step of Meta's Embedded Signup.
SIGNUP = (
    "signup_code",
    "signup_debug",
    "signup_waba",
    "signup_phones",
    "signup_clients",
    "signup_subscribe",
    "signup_register",
    "signup_templates",
    "signup_users",
    "signup_assign",
    "signup_credit",
    "signup_share",
    "signup_alloc",
)
NUMBERS = {
    "delay": "jeda tiap jawaban (detik)",
    "timeout": "1 = tidak pernah menjawab",
    "rate_5xx": "peluang 503, 0 sampai 1",
    "rate_429": "peluang 429, 0 sampai 1",
    "garbage": "1 = 200 berisi HTML",
    "no_buttons": "1 = gateway menolak tombol",
    "accept_then_500": "1 = diterima tetapi menjawab 500",
    "duplicate": "webhook dikirim n kali",
    "no_webhook": "1 = tanpa webhook",
    "wrong_amount": "1 = jumlah di webhook salah",
    "window": "1 = teks bebas hanya 24 jam setelah balasan (Meta)",
    "count": "hanya n permintaan berikutnya (0 = terus)",
}
SIGNUP_NUMBERS = {
    **{name: NUMBERS[name] for name in ("delay", "timeout", "rate_5xx", "garbage")},
    "accept_then_500": NUMBERS["accept_then_500"],
    "error": "kode kesalahan Meta: 190, 200, 133005, 133016, 80008, …",
    "empty": "1 = daftar kosong",
    "second_page": "1 = halaman pertama kosong, isinya di halaman kedua",
    "expired": "1 = token sudah habis",
    "foreign": "1 = akun orang lain",
    "count": NUMBERS["count"],
}


def numbers(target: str) -> dict[str, str]:
    """What can be set for a target, and its words."""
    return SIGNUP_NUMBERS if target in SIGNUP else NUMBERS


def active(target: str) -> Doc:
    """The faults in force for a target; a counted one is used up by asking."""

    def use(current: Doc | None) -> Doc:
        current = dict(current or {})
        left = int(current.get("count", 0))
        if left == 1:
            return {}
        if left > 1:
            current["count"] = left - 1
        return current

    before = store().get("fault", target) or {}
    if before.get("count"):
        store().change("fault", target, use)
    return before


def strike(target: str, fault: Doc | None = None) -> Response | None:
    """Do what the faults say before answering; a response means: answer this instead."""
    fault = active(target) if fault is None else fault
    if fault.get("delay"):
        time.sleep(min(float(fault["delay"]), 60))
    if fault.get("timeout"):
        time.sleep(30)
        return Response("", 504)
    if random.random() < float(fault.get("rate_429", 0)):  # noqa: S311 - a die, not a secret
        answer = jsonify(error="Too Many Requests", message="Too Many Requests")
        answer.status_code = 429
        answer.headers["Retry-After"] = "5"
        return answer
    if random.random() < float(fault.get("rate_5xx", 0)):  # noqa: S311
        return Response("<html><body>503 Service Unavailable</body></html>", 503)
    if fault.get("garbage"):
        return Response("<html><body>down for maintenance</body></html>", 200)
    return None


def after(fault: Doc) -> Response | None:
    """What replaces a good answer once the work was done."""
    if fault.get("accept_then_500"):
        return Response("<html><body>500</body></html>", 500)
    return None


@bp.get("/faults")
def page() -> str:
    """The switchboard."""
    targets = (*TARGETS, *SIGNUP)
    current = {target: store().get("fault", target) or {} for target in targets}
    return render_template("faults.html", targets=targets, numbers=numbers, current=current)


@bp.get("/faults.json")
def as_json() -> Any:
    """Everything that is switched on."""
    return jsonify({one: store().get("fault", one) or {} for one in (*TARGETS, *SIGNUP)})


@bp.post("/faults")
def change() -> Any:
    """`target` and any of the numbers; replaces the target's faults."""
    data = request.get_json(silent=True) or request.form.to_dict()
    target = str(data.get("target", ""))
    if target not in TARGETS and target not in SIGNUP:
        return jsonify(error="unknown target", targets=(*TARGETS, *SIGNUP)), 400
    known = numbers(target)
    try:
        wanted = {name: float(data[name]) for name in known if data.get(name) not in (None, "")}
    except (TypeError, ValueError):
        return jsonify(error="numbers only"), 400
    store().put("fault", target, {name: value for name, value in wanted.items() if value})
    if request.is_json:
        return jsonify(store().get("fault", target))
    return redirect("/faults", 303)


@bp.post("/faults/reset")
def reset() -> Any:
    """Everything works again."""
    store().clear("fault")
    return jsonify({}) if request.is_json else redirect("/faults", 303)
