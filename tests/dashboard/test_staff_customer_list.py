"""The list of customers for staff: search, filters, pages."""

from datetime import date

import pytest
from flask import Flask

from portal.customers.models import Customer
from tests import factories
from tests.visitor import Visitor

LIST = "/admin/customers"


def found_numbers(desk: Visitor, **query: str) -> list[str]:
    """Customer numbers on the first page of the answer, in order."""
    import re
    from urllib.parse import urlencode

    answer = desk.get(f"{LIST}?{urlencode(query)}")
    assert answer.status_code == 200
    assert ("<html" in answer.text) == (not desk.headers)
    return re.findall(r'/admin/customers/\d+">([^<]+)<br>', answer.text)


@pytest.fixture
def people(app: Flask) -> dict[str, Customer]:
    """Three customers with lines in different states and areas."""
    budi = factories.customer("PLG-1001", "Budi Santoso", "+6281234567890", area="Cibiru")
    tini = factories.customer(
        "PLG-1002", "Warung Bu Tini", "+6285711112222", "+6287733334444", area="Ujungberung"
    )
    joko = factories.customer("PLG-1003", "Joko 100%_Hemat", "+6289900001111", area="Cibiru")
    factories.subscription(budi, login="budi.01")
    late = factories.subscription(tini, login="tini.02", state="isolated")
    factories.subscription(joko, login="joko.03", state="paused")
    factories.invoice(late, due_on=date(2026, 11, 1))
    return {"budi": budi, "tini": tini, "joko": joko}


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
    assert "Belum ada pelanggan." in text and 'href="/admin/imports"' in text
    assert "Tidak ada pelanggan yang cocok." in desk.get(f"{LIST}?q=x").text


@pytest.mark.parametrize(
    ("page", "first", "rows"),
    [("1", 0, 25), ("2", 25, 5), ("3", 25, 5), ("999999", 25, 5), ("0", 0, 25), ("-7", 0, 25)]
    + [("abc", 0, 25), ("", 0, 25), (str(10**40), 25, 5)],
)
def test_pages(desk: Visitor, page: str, first: int, rows: int) -> None:
    """An odd page number shows the nearest real page."""
    made = [factories.customer(f"PLG-{2000 + n}") for n in range(30)]
    numbers = found_numbers(desk, page=page)
    assert numbers == [row.number for row in made[first : first + rows]]


def test_page_links_keep_the_filters(desk: Visitor) -> None:
    for n in range(30):
        factories.customer(f"PLG-{2000 + n}", name=f"A & B {n}")
    text = desk.get(f"{LIST}?q=A+%26+B&state=&page=1").text
    assert f'href="{LIST}?q=A+%26+B&amp;page=2"' in text
    assert "30 baris · halaman 1 dari 2" in text and "Sebelumnya" not in text
