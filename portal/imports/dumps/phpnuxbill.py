"""PHPNuxBill (MySQL): prepaid customers and their recharges.

A customer pays before a period; `tbl_user_recharges` says until when. So nobody owes anything,
the day it ends is our billing day, and a deposit (`balance`) is taken off the next bill.
Passwords (customers', PPPoE's, routers') are not even read.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from portal.imports.dumps.reader import Dump, Row
from portal.imports.dumps.source import Reading, by_id, day, joined, left, whole
from portal.imports.rows import Extra

NAME = "PHPNuxBill"
WANTED = {
    "tbl_customers": (
        "id", "username", "pppoe_username", "fullname", "address", "city", "district", "state",
        "phonenumber", "balance", "status", "created_at",
    ),
    "tbl_plans": ("id", "name_plan", "price", "type", "validity", "validity_unit"),
    "tbl_user_recharges": (
        "id", "customer_id", "username", "plan_id", "namebp", "recharged_on", "expiration",
        "status", "type",
    ),
    "tbl_routers": ("id", "name"),
    "tbl_customers_fields": ("customer_id", "field_name", "field_value"),
    "tbl_transactions": ("price", "recharged_on"),
}  # fmt: skip
GONE_DAYS = 45
"""Who has not recharged for so long is gone, and is not billed by us."""
CLOSED = {"Banned": "diblokir", "Disabled": "dinonaktifkan", "Inactive": "tidak aktif",
          "Suspended": "ditangguhkan", "Limited": "dibatasi"}  # fmt: skip


def known_by(tables: set[str]) -> bool:
    """Whether a dump with these tables is one of theirs."""
    return {"tbl_customers", "tbl_user_recharges"} <= tables


def mapped(dump: Dump, today: date) -> Reading:
    """Their tables as our rows."""
    reading = Reading(not_taken=left(dump, tuple(WANTED)))
    plans = by_id(dump.rows["tbl_plans"])
    recharges: defaultdict[str, list[Row]] = defaultdict(list)
    for row in dump.rows["tbl_user_recharges"]:
        recharges[row.get("customer_id") or ""].append(row)
    for line, customer in enumerate(dump.rows["tbl_customers"], 1):
        mine = recharges.get(customer["id"] or "", [])
        _one(reading, line, customer, mine, plans, today)
    _fields(reading, dump)
    reading.routers = [row.get("name") or "" for row in dump.rows["tbl_routers"]]
    reading.plans = [
        {"name": row.get("name_plan") or "", "price": whole(row.get("price"))}
        for row in plans.values()
    ]
    for row in dump.rows["tbl_transactions"]:
        month = (row.get("recharged_on") or "")[:7]
        reading.received[month] = reading.received.get(month, 0) + whole(row.get("price"))
    return reading


def _one(
    reading: Reading,
    line: int,
    customer: Row,
    recharges: list[Row],
    plans: Mapping[str, Mapping[str, str | None]],
    today: date,
) -> None:
    username = (customer.get("username") or "").strip()
    newest = max(recharges, key=_rank, default=None)
    plan = plans.get(newest.get("plan_id") or "") if newest else None
    ends = day(newest.get("expiration")) if newest else None
    months = _months(plan)
    price = whole(plan.get("price")) // months if plan and months else 0
    name = (newest.get("namebp") or "") if newest else ""
    person = {
        "line": line,
        "number": username,
        "name": (customer.get("fullname") or username).strip(),
        "phone": _phone(customer, username),
        "state": _state(customer, newest, ends),
        "plan": name,
        "price": price,
        "owes": 0,
        "credit": max(0, whole(customer.get("balance"))),
        "why": _why(customer, newest, ends, plan, months, today),
    }
    reading.people.append(person)
    if len(recharges) > 1:
        note = f"{len(recharges)} paket di sana; yang dipakai: {name}."
        reading.notes.append((line, username, note))
    if months > 1:
        reading.notes.append((line, username, f"Paket {months} bulan dibaca per bulan."))
    if person["why"] or ends is None:
        return
    login = (customer.get("pppoe_username") or "").strip() or username
    address = joined(customer.get("address"), customer.get("district"), customer.get("state"))
    started = day(customer.get("created_at")) or (newest and day(newest.get("recharged_on")))
    reading.lines.append((line, [
        username, str(person["name"]), str(person["phone"]), address,
        (customer.get("city") or "").strip(), name, str(price), login, str(ends.day),
        started.isoformat() if started else "",
    ]))  # fmt: skip
    reading.extras[line] = Extra(credit=int(str(person["credit"])), bill_from=max(ends, today))


def _rank(recharge: Row) -> tuple[bool, bool, str]:
    """PPPoE before hotspot, running before ended, then what lasts longest."""
    pppoe = (recharge.get("type") or "").upper() == "PPPOE"
    return recharge.get("status") == "on", pppoe, recharge.get("expiration") or ""


def _months(plan: Mapping[str, str | None] | None) -> int:
    """How many months a plan is for; 0 for hours and days, which are vouchers."""
    if plan is None:
        return 0
    unit, length = plan.get("validity_unit"), whole(plan.get("validity"))
    if unit in {"Months", "Period"}:
        return max(1, length)
    return 1 if unit == "Days" and 28 <= length <= 31 else 0


def _phone(customer: Row, username: str) -> str:
    """Their number; 0 means none, and often the username is the number."""
    phone = (customer.get("phonenumber") or "").strip()
    if phone.strip("0+ -"):
        return phone
    return username if username.lstrip("+").isdigit() and len(username) >= 9 else ""


def _state(customer: Row, recharge: Row | None, ends: date | None) -> str:
    status = customer.get("status") or "Active"
    if status != "Active":
        return CLOSED.get(status, status)
    if recharge is None:
        return "tanpa paket"
    return "aktif" if recharge.get("status") == "on" else "habis masa aktif"


def _why(
    customer: Row,
    recharge: Row | None,
    ends: date | None,
    plan: Mapping[str, str | None] | None,
    months: int,
    today: date,
) -> str:
    """Why somebody is left out; empty for who is taken."""
    status = customer.get("status") or "Active"
    if status in CLOSED and status != "Limited":
        return f"Di sana {CLOSED[status]}."
    if recharge is None or ends is None:
        return "Tidak punya paket di sana."
    if plan is None:
        return "Paketnya sudah dihapus di sana."
    if not months:
        return "Paketnya voucher jam atau harian, bukan bulanan."
    if ends < today - timedelta(days=GONE_DAYS):
        return f"Masa aktif habis sejak {ends.isoformat()}: dianggap berhenti."
    return ""


def _fields(reading: Reading, dump: Dump) -> None:
    """Extra bills are told, not taken: we cannot know whether they are paid."""
    line_of = {
        row["id"]: (line, row.get("username") or "")
        for line, row in enumerate(dump.rows["tbl_customers"], 1)
    }
    for row in dump.rows["tbl_customers_fields"]:
        name, found = row.get("field_name") or "", line_of.get(row.get("customer_id"))
        if found and name.endswith(" Bill"):
            line, number = found
            note = f"Biaya tambahan di sana tidak diambil: {name} {row.get('field_value')}."
            reading.notes.append((line, number, note))
