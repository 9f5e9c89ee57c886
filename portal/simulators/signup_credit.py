"""The edges of a Solution Partner: system users, who works on an account, the line of credit."""

import json
import secrets
from typing import Any

from flask import jsonify, request

from portal.simulators.signup_meta import (
    MetaError,
    V,
    chosen,
    edge,
    listed,
    missing,
    need_system,
    need_waba,
)
from portal.simulators.signup_world import (
    CREDIT_LINE,
    SYSTEM_USERS,
    WABAS,
    change_waba,
    waba_state,
)
from portal.simulators.store import Doc, store

CURRENCIES = {"AUD", "EUR", "GBP", "IDR", "INR", "USD"}
TASKS = {
    "MANAGE", "DEVELOP", "MANAGE_TEMPLATES", "VIEW_TEMPLATES", "MANAGE_PHONE", "VIEW_COST",
    "VIEW_INSIGHTS", "MANAGE_USERS", "MANAGE_BILLING", "MESSAGING",
}  # fmt: skip
USERS = V + "/<waba>/assigned_users"
LINE = V + "/<line>/whatsapp_credit_sharing_and_attach"


@edge("signup_users", V + "/<business>/system_users")
def system_users(fault: Doc, business: str) -> Any:
    """The system users of the owner's portfolio."""
    need_system(business)
    return listed([dict(one) for one in SYSTEM_USERS], fault)


@edge("signup_assign", USERS, method="POST")
def assign(fault: Doc, waba: str) -> Any:  # noqa: ARG001 - every edge is given its faults
    """Let a system user work on an account."""
    need_system()
    need_waba(waba)
    user, tasks = request.values.get("user", ""), _tasks(request.values.get("tasks", ""))
    if user not in {one["id"] for one in SYSTEM_USERS}:
        raise MetaError(100, "(#100) Param user must be a valid system user ID")
    if not tasks or not set(tasks) <= TASKS:
        raise MetaError(100, "(#100) Param tasks must be a non-empty array of tasks")
    change_waba(waba, users={**waba_state(waba)["users"], user: tasks})
    return jsonify(success=True)


def _tasks(given: str) -> list[str]:
    """As Meta's own samples write it: `['MANAGE']`, with either kind of quotes."""
    try:
        found = json.loads(given.replace("'", '"'))
    except ValueError:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


@edge("signup_assign", USERS)
def assigned(fault: Doc, waba: str) -> Any:
    """Who works on an account; `business` is needed."""
    need_waba(waba)
    if not request.args.get("business"):
        raise MetaError(100, "(#100) The parameter business is required")
    names = {one["id"]: one["name"] for one in SYSTEM_USERS}
    users = waba_state(waba)["users"].items()
    return listed(
        [{"id": user, "name": names[user], "tasks": tasks} for user, tasks in users], fault
    )


@edge("signup_credit", V + "/<business>/extendedcredits")
def credit_lines(fault: Doc, business: str) -> Any:
    """The owner's lines of credit; who is no Solution Partner has none (fault `empty`)."""
    need_system(business)
    return listed([chosen(dict(CREDIT_LINE), "id,legal_entity_name")], fault)


@edge("signup_share", LINE, method="POST")
def share(fault: Doc, line: str) -> Any:
    """Pay for an account from this line, in a currency that never changes again."""
    _need_line(line)
    waba = request.values.get("waba_id", "")
    need_waba(waba)
    currency = request.values.get("waba_currency", "")
    if currency not in CURRENCIES:
        raise MetaError(100, "(#100) Param waba_currency must be one of the supported currencies")
    if waba_state(waba)["funding"]:
        said = "(#100) The WhatsApp Business Account already has a payment method attached"
        raise MetaError(100, said)
    alloc, credential = str(secrets.randbelow(10**15) + 10**15), str(secrets.randbelow(10**15))
    # `foreign`: shared, but what the account draws on is something else.
    drawn = "999" + credential if fault.get("foreign") else credential
    about = {
        "waba": waba,
        "own_id": alloc,
        "credential": credential,
        "receiver": WABAS[waba].business,
    }
    store().put("signup_alloc", alloc, about)
    change_waba(waba, funding=drawn, currency=currency)
    return jsonify(allocation_config_id=alloc, waba_id=waba)


@edge("signup_alloc", V + "/<line>/owning_credit_allocation_configs")
def allocations(fault: Doc, line: str) -> Any:
    """Whom this line pays for."""
    _need_line(line)
    wanted = request.args.get("receiving_business_id", "")
    rows = []
    for kept in store().all("signup_alloc"):
        if wanted in {"", kept["receiver"]} and not kept.get("gone"):
            rows.append({"id": kept["own_id"], "receiving_business": {"id": kept["receiver"]}})
    return listed(rows, fault)


def allocation(fault: Doc, alloc: str) -> Any:
    """One sharing, to be compared with the account's primary_funding_id; None when unknown."""
    kept = store().get("signup_alloc", alloc)
    if kept is None:
        return None
    need_system()
    if fault.get("empty"):
        raise missing(alloc)
    row = {
        "id": alloc,
        "receiving_credential": {"id": "1" if fault.get("foreign") else kept["credential"]},
        "receiving_business": {"id": kept["receiver"]},
        "request_status": "DELETED" if kept.get("gone") else "ACTIVE",
    }
    return jsonify(chosen(row, "id,receiving_credential"))


@edge("signup_alloc", V + "/<alloc>", method="DELETE")
def revoke(fault: Doc, alloc: str) -> Any:  # noqa: ARG001 - every edge is given its faults
    """Stop paying."""
    need_system()
    kept = store().get("signup_alloc", alloc)
    if kept is None:
        raise missing(alloc)
    store().put("signup_alloc", alloc, {**kept, "gone": True})
    change_waba(kept["waba"], funding="")
    return jsonify(success=True)


def _need_line(line: str) -> None:
    need_system()
    if line != CREDIT_LINE["id"]:
        raise missing(line)
