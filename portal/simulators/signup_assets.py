"""The account and number edges of the simulated signup: what is there, callbacks, registering."""

import re
import time
from typing import Any

import requests
from flask import jsonify, request

from portal.simulators.signup_meta import (
    MetaError,
    V,
    chosen,
    edge,
    instead,
    listed,
    missing,
    need_phone,
    need_system,
    need_waba,
)
from portal.simulators.signup_world import (
    CLIENT,
    PHONES,
    WABAS,
    Phone,
    change_phone,
    change_waba,
    newest_first,
    phone_state,
    phones_of,
    waba_state,
)
from portal.simulators.store import Doc

WINDOW, MOST = 72 * 3600, 10
CLIENTS = V + "/<business>/client_whatsapp_business_accounts"
APPS = V + "/<waba>/subscribed_apps"


def node(fault: Doc, one: str) -> Any:
    """An account or a number by its id; None when the signup knows neither."""
    if one in WABAS:
        need_waba(one)
        if fault.get("foreign") or fault.get("empty"):
            raise missing(one)
        return jsonify(chosen(_waba(one), "id,name,timezone_id,message_template_namespace"))
    if one in PHONES:
        need_phone(one)
        return jsonify(chosen(_phone(PHONES[one]), "display_phone_number,verified_name"))
    return None


def _waba(one: str) -> Doc:
    known, state = WABAS[one], waba_state(one)
    return {
        "id": one,
        "name": known.name,
        "timezone_id": "42",
        "currency": state["currency"] or "IDR",
        "message_template_namespace": known.namespace,
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "ownership_type": "CLIENT_OWNED",
        "owner_business_info": {"id": known.business, "name": "PT Nusa Link"},
        "on_behalf_of_business_info": {"id": known.business, "name": "PT Nusa Link"},
        "primary_funding_id": state["funding"],
    }


def _phone(known: Phone) -> Doc:
    state = phone_state(known.id)
    return {
        "id": known.id,
        "display_phone_number": known.shown,
        "verified_name": known.name,
        "code_verification_status": "VERIFIED" if known.verified else "NOT_VERIFIED",
        "quality_rating": "GREEN" if state["registered"] else "UNKNOWN",
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "certificate": "CmcKIwi0lNvL7",
        "status": "CONNECTED" if state["registered"] else "PENDING",
        "platform_type": "CLOUD_API" if state["registered"] else "NOT_APPLICABLE",
        "throughput": {"level": "STANDARD" if state["registered"] else "NOT_APPLICABLE"},
        "whatsapp_business_manager_messaging_limit": "TIER_250",
        "health_status": {
            "can_send_message": "AVAILABLE" if state["registered"] else "BLOCKED",
            "entities": [],
        },
        "webhook_configuration": state["callback"],
    }


@edge("signup_phones", V + "/<waba>/phone_numbers")
def phone_numbers(fault: Doc, waba: str) -> Any:
    """The numbers of an account."""
    need_waba(waba)
    fields = "id,verified_name,code_verification_status,display_phone_number,quality_rating"
    of = instead(waba, fault)
    return listed([chosen(_phone(one), fields) for one in phones_of(of)], fault)


@edge("signup_clients", CLIENTS)
def clients(fault: Doc, business: str) -> Any:
    """The accounts others shared, the newest first."""
    need_system(business)
    rows = [chosen(_waba(one.id), "id,name,currency,timezone_id") for one in newest_first(CLIENT)]
    return listed(rows, fault)


@edge("signup_subscribe", APPS, method="POST")
def subscribe(fault: Doc, waba: str) -> Any:  # noqa: ARG001 - every edge is given its faults
    """Callbacks of this account to the app, or to an address of their own after a handshake."""
    who = need_waba(waba)
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    apps = dict(waba_state(waba)["apps"])
    address = str(data.get("override_callback_uri") or "")
    if address:
        if who.app_id not in apps:
            said = (
                "(#100) Before override the current callback uri, your app must be subscribed to "
                "receive messages for WhatsApp Business Account"
            )
            raise MetaError(100, said)
        _shake_hands(address, str(data.get("verify_token") or ""))
    change_waba(waba, apps={**apps, who.app_id: address})
    return jsonify(success=True)


def _shake_hands(address: str, token: str) -> None:
    """Meta asks an address whether it wants the callbacks."""
    if len(address) > 200 or not token:
        raise MetaError(100, "(#100) Invalid parameter")
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
    said = "(#2200) Callback verification failed with the following errors: "
    try:
        answer = requests.get(address, params=asked, timeout=5, allow_redirects=False)
    except requests.RequestException as error:
        raise MetaError(2200, said + type(error).__name__) from None
    if answer.status_code != 200:
        raise MetaError(2200, f"{said}HTTP Status Code = {answer.status_code}")
    if answer.text.strip() != asked["hub.challenge"]:
        raise MetaError(2200, said + "Response does not match challenge")


@edge("signup_subscribe", APPS)
def subscriptions(fault: Doc, waba: str) -> Any:
    """Which apps get the callbacks of this account."""
    need_waba(waba)
    rows = []
    for app_id, address in waba_state(waba)["apps"].items():
        link = f"https://www.facebook.com/games/?app_id={app_id}"
        row: Doc = {"whatsapp_business_api_data": {"id": app_id, "name": "Loket", "link": link}}
        rows.append(row | ({"override_callback_uri": address} if address else {}))
    return listed(rows, fault)


@edge("signup_subscribe", APPS, method="DELETE")
def unsubscribe(fault: Doc, waba: str) -> Any:  # noqa: ARG001 - every edge is given its faults
    """No callbacks any more."""
    who = need_waba(waba)
    apps = {one: to for one, to in waba_state(waba)["apps"].items() if one != who.app_id}
    change_waba(waba, apps=apps)
    return jsonify(success=True)


@edge("signup_register", V + "/<phone>/register", method="POST")
def register(fault: Doc, phone: str) -> Any:  # noqa: ARG001 - every edge is given its faults
    """Onto the Cloud API. The first PIN is kept; later only the same one opens."""
    need_phone(phone)
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    pin = data.get("pin")
    if data.get("messaging_product") != "whatsapp":
        raise MetaError(100, "(#100) The parameter messaging_product is required.")
    if not isinstance(pin, str) or not re.fullmatch(r"[0-9]{6}", pin):
        raise MetaError(100, "(#100) Param pin must be a string of 6 digits")
    state = _count_try(phone)
    if not PHONES[phone].verified:
        raise MetaError(133006)
    if state["pin"] and state["pin"] != pin:
        wrong = int(state["wrong"]) + 1
        change_phone(phone, wrong=wrong)
        raise MetaError(133008 if wrong > 5 else 133005)
    change_phone(phone, pin=pin, registered=True, wrong=0)
    return jsonify(success=True)


def _count_try(phone: str) -> Doc:
    """Ten in three days."""
    state = phone_state(phone)
    tries = [at for at in state["tries"] if time.time() - at < WINDOW]
    if len(tries) >= MOST:
        raise MetaError(133016)
    change_phone(phone, tries=[*tries, time.time()])
    return state


@edge("signup_register", V + "/<phone>/deregister", method="POST")
def deregister(fault: Doc, phone: str) -> Any:  # noqa: ARG001 - every edge is given its faults
    """Off the Cloud API."""
    need_phone(phone)
    _count_try(phone)
    change_phone(phone, registered=False)
    return jsonify(success=True)


def configure(phone: str) -> Any:
    """POST on a number: a new PIN, or a callback address of its own."""
    need_phone(phone)
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    if (pin := data.get("pin")) is not None:
        if not isinstance(pin, str) or not re.fullmatch(r"[0-9]{6}", pin):
            raise MetaError(100, "(#100) Param pin must be a string of 6 digits")
        change_phone(phone, pin=pin, wrong=0)
    if (wanted := data.get("webhook_configuration")) is not None:
        address = str(wanted.get("override_callback_uri") or "")
        if address:
            _shake_hands(address, str(wanted.get("verify_token") or ""))
        change_phone(phone, callback={"phone_number": address} if address else {})
    return jsonify(success=True)


def must_be_registered(phone: str) -> None:
    """What sending from a number of the signup needs: a token that reaches it, and /register."""
    if phone in PHONES:
        need_phone(phone)
        if not phone_state(phone)["registered"]:
            raise MetaError(133010)


def must_reach(waba: str) -> None:
    """What any other edge of an account of the signup needs."""
    if waba in WABAS:
        need_waba(waba)
