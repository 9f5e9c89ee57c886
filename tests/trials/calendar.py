"""`python -m tests.trials.calendar`: five years, every billing day, three machine time zones.

Each of 1,826 days is lived for each of 31 days of billing and each way of billing: what the
nightly run would issue, for which days, due when; whether the line would be walled off; and to
which day an instant belongs. A second opinion, written apart (plain counting with the standard
library), says what it should have been. Each zone is a process of its own; all must say the same
to the letter (a hash of everything the rules answered).
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from portal.core.clock import FixedClock
from portal.core.cycles import SCHEMES, Terms
from portal.core.period import Period, due_date
from portal.invoices.rules import Account, Draft, Rules, Tariff, compose
from portal.network.decision import Debt, Facts, Rule, decide

ROOT = Path(__file__).resolve().parents[2]
FIRST = date(2027, 1, 1)
DAYS = 1826
ZONES = ("UTC", "Asia/Jakarta", "America/Los_Angeles")
LATER, GRACE, PRICE = 5, 3, 165_000
"""Days to pay, days of grace, rupiah a month."""
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DAY = timedelta(days=1)
RULE = Rule(enabled=True, grace_days=GRACE, minimum_amount=0)


@dataclass
class Told:
    """Everything the rules answered, as a hash; and where the second opinion differs."""

    answers: int = 0
    issued: int = 0
    wrong: list[str] = field(default_factory=list)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def say(self, *words: object) -> None:
        self.answers += 1
        self.digest.update(("|".join(map(str, words)) + "\n").encode())

    def expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.wrong.append(f"{what}: {found}, should be {wanted}")


def clamped(year: int, month: int, day: int) -> date:
    """The day of a month, or its last; without any calendar but our own table."""
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, min(day, LENGTHS[month - 1] + leap))


def days() -> Iterator[date]:
    for number in range(DAYS):
        yield FIRST + number * DAY


def month_before(day: date) -> tuple[int, int]:
    return (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)


def month_after(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def wanted_days(way: str, billing_day: int, on: date) -> tuple[date, date]:
    """First day billed and the first one after, of the invoice of that day; the oracle's."""
    if way == "calendar":
        return on.replace(day=1), date(*month_after(on.year, on.month), 1)
    if way == "prepaid":
        return on, clamped(*month_after(on.year, on.month), billing_day)
    return clamped(*month_before(on), billing_day), on


def live(way: str, billing_day: int, told: Told) -> None:
    """One line from day to day, as the nightly run sees it."""
    terms = Terms(way, 1, billing_day)
    # Long a customer, so that each month is a whole one.
    account = Account(terms, date(2026, 1, 1), [Tariff(date.min, "Rumah", PRICE)])
    issued: set[Period] = {Period.of(FIRST).plus(-n) for n in range(1, 4)}
    due_on, covered_to = date.min, None
    for day in days():
        for period in (Period.of(day).previous(), Period.of(day), Period.of(day).next()):
            comes = terms.issue_on(period, account.start) <= day
            if period in issued or not comes or not terms.has_invoice(period, account.start):
                continue
            issued.add(period)
            draft = compose(account, period, Rules(), day)
            about = f"{way} {billing_day} {day}"
            told.expect(about, day, clamped(day.year, day.month, billing_day))
            if not isinstance(draft, Draft):
                told.wrong.append(f"{about}: {draft}")
                continue
            told.issued += 1
            told.expect(about, draft.covers, wanted_days(way, billing_day, day))
            told.expect(about, draft.total, PRICE)
            if covered_to is not None:
                told.expect(f"{about}, no day skipped", draft.covers[0], covered_to)
            covered_to = draft.covers[1]
            due_on = due_date(period, billing_day, LATER, day)
            told.expect(about, due_on, day + 5 * DAY)
            told.say(way, billing_day, day, period, draft.covers, draft.total, due_on)
        if day == clamped(day.year, day.month, billing_day):
            told.expect(f"{way} {billing_day} {day}, issued", Period.of(day) in issued, True)
        _wall(way, billing_day, day, due_on, told)


def _wall(way: str, billing_day: int, day: date, due_on: date, told: Told) -> None:
    """The invoice of the last issue day stays unpaid up to the next: walled off, and when."""
    if due_on == date.min:
        return
    at = datetime(day.year, day.month, day.day, 0, 10)  # noqa: DTZ001 - local and naive, as asked
    said = decide(Facts([Debt(due_on, PRICE)]), RULE, at)
    late = (day - due_on).days > GRACE
    about = f"{way} {billing_day} {day} due {due_on}"
    told.expect(f"{about}, walled off", said.action == "isolate", late)
    if not late:
        told.expect(f"{about}, announced", said.next_on, due_on + (GRACE + 1) * DAY)
    told.say(way, billing_day, day, said.action, said.code, said.next_on)


def instants(told: Told) -> None:
    """Every day begins at 17:00 UTC of the day before and ends with the second before 17:00."""
    for day in days():
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)
        for after, wanted in (
            (-1, day - DAY),
            (0, day),
            (1, day),
            (86_399, day),
            (86_400, day + DAY),
        ):
            found = FixedClock(midnight + timedelta(seconds=after)).today()
            told.expect(f"{day} {after:+d} s", found, wanted)
            told.say(day, after, found)


def here(billing_days: range) -> Told:
    """All of it in this process."""
    told = Told()
    for way in sorted(SCHEMES):
        for billing_day in billing_days:
            live(way, billing_day, told)
    instants(told)
    return told


def in_zone(zone: str, last_day: int) -> dict[str, object]:
    """All of it in a process whose machine is in that zone."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.trials.calendar", "--here", "--days", str(last_day)],
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(prog="tests.trials.calendar")
    parser.add_argument("--days", type=int, default=31, help="days of billing, from the first")
    parser.add_argument("--here", action="store_true", help="in this process and its zone")
    asked = parser.parse_args()
    if asked.here:
        told = here(range(1, asked.days + 1))
        local = datetime(2027, 7, 1).astimezone().utcoffset()  # noqa: DTZ001
        print(json.dumps({"answers": told.answers, "issued": told.issued, "offset": str(local),
                          "wrong": told.wrong[:20], "hash": told.digest.hexdigest()}))  # fmt: skip
        return 0
    began, found = time.monotonic(), {zone: in_zone(zone, asked.days) for zone in ZONES}
    for zone, said in found.items():
        print(f"{zone}: {said}")
    same = len({said["hash"] for said in found.values()}) == 1
    sound = same and not any(said["wrong"] for said in found.values())
    print(f"{time.monotonic() - began:.0f} s; {'sound' if sound else 'NOT SOUND'}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
