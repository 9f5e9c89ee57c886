"""Where the signup meets edges that were there before it: nodes by id, and the templates."""

from typing import Any

from portal.simulators import faults, signup_assets, signup_credit
from portal.simulators.signup_meta import MetaError
from portal.simulators.signup_world import PHONES, WABAS
from portal.simulators.store import store


def answer(node: str) -> Any:
    """An account, a number or an allocation behind the faults of its step; None for others."""
    if node in WABAS or node in PHONES:
        target = "signup_waba"
    elif store().get("signup_alloc", node) is not None:
        target = "signup_alloc"
    else:
        return None
    fault, struck = _faults(target)
    if struck is not None:
        return struck
    made = signup_assets.node(fault, node)
    return signup_credit.allocation(fault, node) if made is None else made


def templates_fault(waba: str) -> Any:
    """What stands in the way of an account's templates; None when nothing does."""
    if waba not in WABAS:
        return None
    _fault, struck = _faults("signup_templates")
    if struck is None:
        signup_assets.must_reach(waba)
    return struck


def _faults(target: str) -> tuple[dict[str, Any], Any]:
    fault = faults.active(target)
    struck = faults.strike(target, fault)
    if struck is None and (code := int(fault.get("error", 0))):
        raise MetaError(code)
    return fault, struck
