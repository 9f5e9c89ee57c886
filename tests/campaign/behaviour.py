"""What the hostile provider does with a request, and how it says so in each dialect. No I/O.

26 % of all answers are ambiguous; in a little over half of those the message was taken. The
other answers are a clear yes, or a clear no of which nothing was taken.
"""

import itertools
import json
from dataclasses import dataclass
from random import Random

GRAPH, POST, KEYED, GET = "graph", "post", "keyed", "get"
_serial = itertools.count(1)


@dataclass(frozen=True)
class Act:
    """`take` the message or not; then answer as `answer` says."""

    take: bool
    answer: str


YES = Act(True, "yes")
# Percent of all requests. The ambiguous ones make 26.
WEIGHTS: dict[Act, float] = {
    YES: 66.5,
    Act(True, "cut"): 6,
    Act(True, "500"): 4.5,
    Act(True, "garbage"): 3,
    Act(True, "hang"): 0.5,
    Act(False, "cut"): 6,
    Act(False, "500"): 4,
    Act(False, "garbage"): 1.5,
    Act(False, "hang"): 0.5,
    Act(False, "busy"): 5,
    Act(False, "bad"): 2.2,
    Act(False, "slow down"): 0.3,
}
AMBIGUOUS = frozenset({"cut", "500", "garbage", "hang"})


def draw(random: Random, known: bool) -> Act:
    """One of them. A key the provider took before is never called invalid afterwards."""
    (act,) = random.choices(list(WEIGHTS), list(WEIGHTS.values()))
    return Act(False, "busy") if known and act.answer == "bad" else act


def answer(dialect: str, name: str) -> tuple[int, dict[str, str], bytes]:
    """Status, extra headers and body of an answer that is not cut off."""
    if name == "500":
        return 500, {}, b"<html>Internal Server Error</html>"
    if name == "garbage":
        return 200, {}, b"<html><b>Fatal error</b>: out of memory</html>"
    if name == "slow down":
        return 429, {"Retry-After": "1"}, b'{"message": "slow down"}'
    maker = {GRAPH: _graph, GET: _get}.get(dialect, _post)
    status, body = maker(name)
    return status, {}, json.dumps(body).encode() if isinstance(body, dict) else body


def _graph(name: str) -> tuple[int, dict[str, object] | bytes]:
    if name == "yes":
        return 200, {"messages": [{"id": f"wamid.{next(_serial)}"}]}
    if name == "busy":
        return 503, {"error": {"code": 131016, "message": "Service unavailable"}}
    if name == "unplugged":
        return 401, {"error": {"code": 190, "message": "Access token has expired"}}
    return 400, {"error": {"code": 131026, "message": "Message undeliverable"}}


def _post(name: str) -> tuple[int, dict[str, object] | bytes]:
    if name == "yes":
        return 200, {"ok": True, "id": f"gw-{next(_serial)}"}
    if name == "busy":
        return 503, {"ok": False, "code": "busy", "message": "try again"}
    if name == "unplugged":
        return 503, {"ok": False, "code": "disconnected", "message": "scan the QR code"}
    return 400, {"ok": False, "code": "not_registered", "message": "no WhatsApp there"}


def _get(name: str) -> tuple[int, dict[str, object] | bytes]:
    if name == "yes":
        return 200, b"OK queued"
    if name in {"busy", "unplugged"}:
        return 503, {"status": False, "message": "busy" if name == "busy" else "disconnected"}
    return 400, b"number not registered"
