"""Java Indonusa's billing (Laravel, MySQL or PostgreSQL): postpaid customers with invoices.

Invoices are made on the first of the month for everybody active. What is still open is taken
with what is left of it, due as it was; a credit is taken off the next bill. Passwords (PPPoE's,
routers', users') are not even read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from portal.core.money import divide_half_up
from portal.core.period import Period
from portal.imports.dumps.reader import Dump, Row
from portal.imports.dumps.source import Reading, by_id, day, joined, left, whole
from portal.imports.rows import Extra, OldInvoice

NAME = "Java Indonusa"
WANTED = {
    "customers": (
        "id", "customer_id", "name", "address", "rt_rw", "kelurahan", "kecamatan", "phone",
        "phone_alt", "package_id", "area_id", "router_id", "pppoe_username", "status",
        "total_debt", "credit_balance", "join_date", "billing_date", "is_rapel",
        "payment_behavior", "discount_type", "discount_value", "is_taxed", "deleted_at",
    ),
    "packages": ("id", "name", "price", "deleted_at"),
    "areas": ("id", "name"),
    "routers": ("id", "name", "deleted_at"),
    "invoices": (
        "invoice_number", "customer_id", "period_month", "period_year", "remaining_amount",
        "status", "due_date", "deleted_at",
    ),
    "payments": ("amount", "status", "created_at", "deleted_at"),
}  # fmt: skip
OPEN = {"pending", "partial", "overdue"}
STATES = {"active": "aktif", "isolated": "diisolir", "suspended": "cuti", "terminated": "berhenti"}


def known_by(tables: set[str]) -> bool:
    """Whether a dump with these tables is one of theirs."""
    return {"customers", "packages", "invoices"} <= tables


def mapped(dump: Dump, today: date) -> Reading:
    """Their tables as our rows."""
    reading = Reading(not_taken=left(dump, tuple(WANTED)))
    packages, areas = by_id(dump.rows["packages"]), by_id(dump.rows["areas"])
    invoices: defaultdict[str, list[Row]] = defaultdict(list)
    for row in dump.rows["invoices"]:
        if row.get("deleted_at") is None and row.get("status") != "cancelled":
            invoices[row.get("customer_id") or ""].append(row)
    for line, customer in enumerate(dump.rows["customers"], 1):
        mine = invoices.get(customer["id"] or "", [])
        _one(reading, line, customer, mine, packages, areas)
    reading.routers = [
        row.get("name") or "" for row in dump.rows["routers"] if row.get("deleted_at") is None
    ]
    reading.plans = [
        {"name": row.get("name") or "", "price": whole(row.get("price"))}
        for row in packages.values()
        if row.get("deleted_at") is None
    ]
    for row in dump.rows["payments"]:
        if row.get("deleted_at") is None and row.get("status") == "verified":
            month = (row.get("created_at") or "")[:7]
            reading.received[month] = reading.received.get(month, 0) + whole(row.get("amount"))
    return reading


def _one(
    reading: Reading,
    line: int,
    customer: Row,
    invoices: Sequence[Row],
    packages: Mapping[str, Mapping[str, str | None]],
    areas: Mapping[str, Mapping[str, str | None]],
) -> None:
    number = (customer.get("customer_id") or "").strip()
    package = packages.get(customer.get("package_id") or "")
    status = customer.get("status") or "active"
    still = _still_open(invoices)
    price = _price(customer, package)
    person = {
        "line": line,
        "number": number,
        "name": (customer.get("name") or "").strip(),
        "phone": _phones(customer),
        "state": STATES.get(status, status),
        "plan": (package.get("name") or "") if package else "",
        "price": price,
        "owes": sum(one.amount for one in still),
        "credit": max(0, whole(customer.get("credit_balance"))),
        "why": _why(customer, status, package),
    }
    reading.people.append(person)
    _note(reading, line, customer, person)
    if person["why"]:
        return
    area = areas.get(customer.get("area_id") or "", {}).get("name") or ""
    address = joined(
        customer.get("address"), _prefixed("RT/RW", customer.get("rt_rw")),
        customer.get("kelurahan"), customer.get("kecamatan"),
    )  # fmt: skip
    login = (customer.get("pppoe_username") or "").strip() or number
    started = day(customer.get("join_date"))
    reading.lines.append((line, [
        number, str(person["name"]), str(person["phone"]), address, area, str(person["plan"]),
        str(price), login, customer.get("billing_date") or "1",
        started.isoformat() if started else "",
    ]))  # fmt: skip
    reading.extras[line] = Extra(tuple(still), int(str(person["credit"])), _bill_from(invoices))


def _still_open(invoices: Sequence[Row]) -> list[OldInvoice]:
    found = []
    for row in invoices:
        rest, due = whole(row.get("remaining_amount")), day(row.get("due_date"))
        if row.get("status") in OPEN and rest > 0 and due is not None:
            number = (row.get("invoice_number") or "").strip()[:35]
            found.append(OldInvoice(number, str(_period(row)), due, rest))
    return sorted(found, key=lambda one: one.period)


def _period(row: Row) -> Period:
    return Period(whole(row.get("period_year")), whole(row.get("period_month")))


def _bill_from(invoices: Sequence[Row]) -> date | None:
    """They bill a month on its first day: nothing of what they billed is billed again."""
    billed = [_period(row) for row in invoices]
    return max(billed, key=str).next().first_day if billed else None


def _price(customer: Row, package: Mapping[str, str | None] | None) -> int:
    """A month without tax, after the customer's own discount."""
    price = whole(package.get("price")) if package else 0
    value = whole(customer.get("discount_value"))
    kind = customer.get("discount_type")
    if kind == "nominal":
        price -= value
    elif kind == "percentage":
        price -= divide_half_up(price * value, 100)
    return max(0, price)


def _why(customer: Row, status: str, package: Mapping[str, str | None] | None) -> str:
    """Why somebody is left out; empty for who is taken."""
    if customer.get("deleted_at") is not None:
        return "Sudah dihapus di sana."
    if status == "terminated":
        return "Sudah berhenti di sana."
    if status == "suspended":
        return "Sedang cuti di sana. Tambahkan saat aktif lagi."
    if package is None:
        return "Paketnya tidak ada di dump."
    return ""


def _note(reading: Reading, line: int, customer: Row, person: Mapping[str, object]) -> None:
    """What we do otherwise, or cannot know."""
    number = str(person["number"])
    notes = []
    debt = whole(customer.get("total_debt"))
    if debt != person["owes"]:
        notes.append(f"total_debt di sana {debt}, tetapi tagihan terbukanya {person['owes']}.")
    if customer.get("is_taxed") in {"1", "t", "true"}:
        notes.append("Di sana kena PPN; harga di sini sebelum PPN.")
    if customer.get("is_rapel") in {"1", "t"} or customer.get("payment_behavior") == "rapel":
        notes.append("Pelanggan rapel di sana: atur di halaman isolirnya.")
    if person["state"] == "diisolir" and not person["why"]:
        notes.append("Diisolir di sana; di sini aturan kita yang memutuskan.")
    reading.notes += [(line, number, note) for note in notes]


def _phones(customer: Row) -> str:
    found = [(customer.get(name) or "").strip() for name in ("phone", "phone_alt")]
    return " / ".join(one for one in found if one)


def _prefixed(prefix: str, text: str | None) -> str:
    return f"{prefix} {text.strip()}" if text and text.strip() else ""
