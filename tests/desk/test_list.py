"""The list of customers for staff: search, filters, pages."""

import pytest

from portal.customers.models import Customer
from portal.extensions import db
from portal.subscriptions.models import Subscription
from tests import factories
from tests.desk.conftest import Enter
from tests.visitor import Visitor

LIST = "/admin/customers"


def found_numbers(desk: Visitor, **query: str) -> list[str]:
    """Customer numbers on the first page of the answer, in order."""
    import re
    from urllib.parse import urlencode

    answer = desk.get(f"{LIST}?{urlencode(query)}")
    assert answer.status_code == 200
    assert ("<html" in answer.text) == (not desk.headers)
    return re.findall(r'<small class="muted">([A-Z]+-[0-9]+) ·', answer.text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["PLG-1001", "PLG-1002", "PLG-1003"]),
        ("budi", ["PLG-1001"]),
        ("BU TINI", ["PLG-1002"]),
        ("plg-1003", ["PLG-1003"]),
        ("1003", ["PLG-1003"]),
        ("0812-3456-7890", ["PLG-1001"]),
        ("+62 812 3456 7890", ["PLG-1001"]),
        ("6281234567890", ["PLG-1001"]),
        ("0877 3333 4444", ["PLG-1002"]),
        ("34567890", ["PLG-1001"]),
        ("tini.02", ["PLG-1002"]),
        ("tidak ada", []),
        ("100%", ["PLG-1003"]),
        ("%", ["PLG-1003"]),
        ("_", ["PLG-1003"]),
        ("'; DROP TABLE customer; --", []),
        ("bu warung", ["PLG-1002"]),
        ("gg kenanga", ["PLG-1003"]),
        ("kenanga hemat", ["PLG-1003"]),
        ("kenanga budi", []),
        ("(0812) 3456.7890", ["PLG-1001"]),
        ("  ", ["PLG-1001", "PLG-1002", "PLG-1003"]),
        ("()", []),
    ],
)
def test_search(desk: Visitor, people: dict[str, Customer], text: str, numbers: list[str]) -> None:
    assert found_numbers(desk, q=text) == numbers


@pytest.mark.parametrize(
    ("state", "numbers"),
    [
        ("active", ["PLG-1001"]),
        ("isolated", ["PLG-1002"]),
        ("paused", ["PLG-1003"]),
        ("ended", []),
        ("arrears", ["PLG-1002"]),
        ("nonsense", ["PLG-1001", "PLG-1002", "PLG-1003"]),
    ],
)
def test_filter_by_state(
    desk: Visitor, people: dict[str, Customer], state: str, numbers: list[str]
) -> None:
    assert found_numbers(desk, state=state) == numbers


def test_filters_combine(desk: Visitor, people: dict[str, Customer]) -> None:
    cibiru = str(people["budi"].area_id)
    assert found_numbers(desk, area=cibiru) == ["PLG-1001", "PLG-1003"]
    assert found_numbers(desk, area=cibiru, state="paused") == ["PLG-1003"]
    assert found_numbers(desk, area=cibiru, state="paused", q="budi") == []
    assert found_numbers(desk, area="nonsense", q="budi") == ["PLG-1001"]


def test_empty_list_says_what_to_do(desk: Visitor) -> None:
    text = desk.get(LIST).text
    assert "Belum ada pelanggan." in text and "Impor dari CSV" in text
    assert "Tidak ada pelanggan yang cocok." in desk.get(f"{LIST}?q=x").text


def test_owes_and_plan(desk: Visitor, people: dict[str, Customer]) -> None:
    plan = str(factories.plan().id)
    assert found_numbers(desk, owes="overdue") == ["PLG-1002"]
    assert found_numbers(desk, owes="owing") == ["PLG-1002"]
    assert found_numbers(desk, owes="none") == ["PLG-1001", "PLG-1003"]
    assert found_numbers(desk, owes="overdue", state="active") == []
    assert found_numbers(desk, plan=plan, state="paused") == ["PLG-1003"]
    assert found_numbers(desk, plan=str(factories.plan("Lain", 1).id)) == []


def test_who_is_closed_and_who_only_ordered(desk: Visitor) -> None:
    factories.customer("PLG-1", status="closed")
    factories.customer("CALON-1", status="prospect")
    assert found_numbers(desk) == ["PLG-1"]
    assert found_numbers(desk, state="closed") == ["PLG-1"]
    assert found_numbers(desk, state="prospect") == ["CALON-1"]
    # What the first page counts as customers leads here.
    factories.customer("PLG-2")
    assert found_numbers(desk, state="current") == ["PLG-2"]


@pytest.mark.parametrize("sort", ["", "name", "newest", "owed"])
def test_pages_go_forth_and_back(enter: Enter, sort: str) -> None:
    """Every customer once, in order, whatever is equal; and back the same way."""
    desk = enter("finance")
    for n in range(60):
        made = factories.customer(f"PLG-{2000 + n}", name=f"Sama {n % 3}")
        if n % 7 == 0:
            factories.invoice(factories.subscription(made), total=1000 * (n % 4 + 1))
    seen, url, pages = [], f"{LIST}?sort={sort}", []
    while url:
        text = desk.get(url).text
        pages.append(_numbers(text))
        seen += pages[-1]
        url = _link(text, "next")
    assert len(seen) == 60 == len(set(seen)) and [len(one) for one in pages] == [25, 25, 10]
    if sort in {"", "newest"}:
        assert seen == sorted(seen, reverse=sort == "newest")
    text, back = text, []
    while url := _link(text, "prev"):
        text = desk.get(url).text
        back.append(_numbers(text))
    assert back == [pages[1], pages[0]]


def _numbers(text: str) -> list[str]:
    import re

    return re.findall(r'<small class="muted">([A-Z]+-[0-9]+) ·', text)


def _link(text: str, rel: str) -> str:
    import re
    from html import unescape

    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    return unescape(found[1]) if found else ""


@pytest.mark.parametrize("after", ["0", "-7", "abc", "", str(10**40), "999999"])
def test_an_odd_place_is_the_first_page(enter: Enter, after: str) -> None:
    desk = enter("finance")
    made = [factories.customer(f"PLG-{2000 + n}") for n in range(26)]
    assert found_numbers(desk, after=after) == [row.number for row in made[:25]]


def test_page_links_keep_the_filters(desk: Visitor) -> None:
    for n in range(30):
        factories.customer(f"PLG-{2000 + n}", name=f"A & B {n}")
    text = desk.get(f"{LIST}?q=A+%26+B&state=").text
    assert f'href="{LIST}?q=A+%26+B&amp;after=' in text
    assert "30 pelanggan" in text and "Sebelumnya" not in text


def test_a_collector_sees_their_own_areas_only(enter: Enter, people: dict[str, Customer]) -> None:
    udin = enter("collector", "Cibiru")
    assert _numbers(udin.get(LIST).text) == ["PLG-1001", "PLG-1003"]
    assert _numbers(udin.get(f"{LIST}?q=tini").text) == []
    assert "2 pelanggan" in udin.get(LIST).text
    assert _numbers(udin.get(f"{LIST}?area={people['tini'].area_id}").text) == []
    assert udin.get(f"{LIST}/{people['tini'].id}").status_code == 404
    assert udin.get(f"{LIST}/{people['tini'].id}/notes").status_code == 404
    own = udin.get(f"{LIST}/{people['budi'].id}")
    assert own.status_code == 200 and "Ubah data" not in own.text
    lines = udin.get("/admin/subscriptions").text
    assert "budi.01" in lines and "tini.02" not in lines
    assert udin.get(f"{LIST}/export").status_code == 403


def test_a_technician_sees_lines_and_no_money(enter: Enter, people: dict[str, Customer]) -> None:
    toni = enter("technician")
    tini = people["tini"]
    for url in (LIST, f"{LIST}/{tini.id}", f"{LIST}/{tini.id}/services", "/admin/subscriptions"):
        text = toni.get(url).text
        assert "tini.02" in text and "Belum dibayar" not in text, url
    assert toni.get(f"{LIST}/{tini.id}/invoices").status_code == 403
    assert toni.get(f"{LIST}/{tini.id}/log").status_code == 403


def test_closed_customers_by_the_plan_they_had(desk: Visitor, people: dict[str, Customer]) -> None:
    joko = db.session.get_one(Customer, people["joko"].id)
    line = db.session.query(Subscription).filter_by(customer_id=joko.id).one()
    joko.status, line.state, plan = "closed", "ended", str(line.plan_id)
    db.session.commit()
    assert found_numbers(desk, state="closed", plan=plan) == ["PLG-1003"]
    assert "PLG-1003" not in found_numbers(desk, plan=plan)
