"""What our own rows say about a customer's lines, so that the customer need not ask."""

from dataclasses import dataclass

from portal.network import words
from portal.network.decision import Decision
from portal.network.facts import BY_HAND, judge
from portal.network.queries import AccessView, access_views
from portal.subscriptions.models import Subscription
from portal.subscriptions.queries import lines_of


@dataclass(frozen=True)
class Check:
    """One line. `code`: fine, isolated (paying opens it), by_hand (a person walled it off),
    opening (on its way back), paused, not_yet."""

    line: Subscription
    access: AccessView
    decision: Decision | None
    code: str

    @property
    def why(self) -> str:
        """Why it is walled off, in words."""
        if self.code != "isolated" or self.decision is None:
            return ""
        return words.sentence(self.decision)


def of_customer(customer_id: int) -> list[Check]:
    """The customer's lines that have not ended, each with what we know."""
    lines = lines_of(customer_id)
    ids = [line.id for line in lines]
    access, judged = access_views(ids), judge(ids)
    return [
        Check(line, access[line.id], judged[line.id].decision, _code(line, access[line.id]))
        for line in lines
    ]


def _code(line: Subscription, access: AccessView) -> str:
    if line.state == "isolated":
        return "by_hand" if access.decision == BY_HAND else "isolated"
    if line.state == "paused":
        return "paused"
    if line.state != "active":
        return "not_yet"
    return "fine" if access.actual == "open" else "opening"
