"""When to ask about an order whose webhook may never come, and when it is over. Pure.

Everything is in seconds. The plan is walked to its end even after an order expired:
money may be on its way, and a webhook is a favour nobody promised.
"""

PLAN = (20, 60, 180, 600, 1800, 7200, 43200, 90000)
"""Ages at which an order is asked about; the last one is past every expiry."""

LIFETIME = 24 * 3600
"""How long a pay page may be used when the gateway says nothing else."""

GRACE = 10 * 60
"""How long past its expiry a pending order is given: a payment may be half way."""

SOON, CALM = 5, 3600
"""The shortest and the longest wait after a question that failed."""

TOGETHER = 1
"""Checks closer together than this are one."""


def next_check(age: float, left: float) -> float | None:
    """Seconds from now to the next question, None when the plan is through.

    `age` of the order; `left` until it expires, negative when it did.
    """
    coming = [at - age for at in PLAN if at - age > TOGETHER]
    if not coming:
        return None
    closing = left + GRACE + TOGETHER
    return min(coming[0], closing) if closing > TOGETHER else coming[0]


def is_over(left: float) -> bool:
    """Whether an order nobody paid is to be given up."""
    return left + GRACE <= 0


def retry_after(age: float, checks: int) -> int:
    """Seconds to wait when the gateway could not be asked: at once, then ever calmer.

    `checks` are the questions so far; those beyond the plan are the ones that failed, or
    that a customer asked for, who may ask again anyway.
    """
    planned = sum(at <= age for at in PLAN)
    extra = min(max(checks - planned, 0), 20)
    return int(min(SOON * 2**extra, CALM))


def past_plan(age: float) -> bool:
    """Whether the plan has come to its end."""
    return age > PLAN[-1] - TOGETHER
