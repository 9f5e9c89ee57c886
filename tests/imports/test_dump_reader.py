"""Reading dumps: whatever was written comes back, however it is cut; broken ones say so."""

import gzip
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.imports.dumps.reader import read
from portal.imports.dumps.text import DumpError, decoded, unpacked
from tests.imports.dumps import mysqldump, pg_dump, quoted

SCHEMA = {"t": "id name secret", "u": "id note"}
VALUES = st.none() | st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\;(),`\n\t\0\x1a-#/*$"),
    max_size=30,
)


def pieces(text: str, size: int) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=6),
    size=st.integers(min_value=1, max_value=60),
)
@settings(max_examples=60, deadline=None)
def test_mysqldump_round_trip(rows: list[tuple[str | None, str | None]], size: int) -> None:
    data = {
        "t": [{"id": n, "name": a, "secret": b} for n, (a, b) in enumerate(rows)],
        "u": [{"id": n, "note": b} for n, (_a, b) in enumerate(rows)],
    }
    dump = read(pieces(mysqldump(SCHEMA, data), size), {"t": ("id", "name"), "u": ("note",)})
    assert [(one["id"], one["name"]) for one in dump.rows["t"]] == [
        (str(n), a) for n, (a, _b) in enumerate(rows)
    ]
    assert [one["note"] for one in dump.rows["u"]] == [b for _a, b in rows]
    assert all("secret" not in one for one in dump.rows["t"])


@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=6),
    size=st.integers(min_value=1, max_value=60),
)
@settings(max_examples=60, deadline=None)
def test_pg_dump_round_trip(rows: list[tuple[str | None, str | None]], size: int) -> None:
    rows = [(a and a.replace("\0", ""), b and b.replace("\0", "")) for a, b in rows]
    data = {"t": [{"id": n, "name": a, "secret": b} for n, (a, b) in enumerate(rows)]}
    dump = read(pieces(pg_dump(SCHEMA, data), size), {"t": ("id", "name")})
    assert [one["name"] for one in dump.rows["t"]] == [a for a, _b in rows]


@given(text=VALUES, cut=st.integers(min_value=1, max_value=400))
@settings(max_examples=60, deadline=None)
def test_a_cut_dump_never_hangs_and_never_invents(text: str | None, cut: int) -> None:
    whole = mysqldump({"t": "id name"}, {"t": [{"id": 1, "name": text}, {"id": 2, "name": "b"}]})
    try:
        dump = read(pieces(whole[:-cut], 50), {"t": ("id", "name")})
    except DumpError:
        return
    assert [one["id"] for one in dump.rows["t"]] in ([], ["1"], ["1", "2"])


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_other_ways_of_writing(size: int) -> None:
    sql = (
        "# phpMyAdmin SQL Dump; it's old\n"
        "INSERT IGNORE INTO `db`.`t` (`id`, `name`) VALUES\n(1, 'a''b'),\n(-2, 0x4142),\n"
        "(3, _binary 'z');\n"
        "REPLACE INTO t (name, id) VALUES ('x', 4) ON DUPLICATE KEY UPDATE id = 1;\n"
        "INSERT INTO t SELECT * FROM s WHERE n = ';';\n"
        "CREATE TABLE IF NOT EXISTS `t` (`id` int, `name` enum('a','b)') DEFAULT 'a', "
        "UNIQUE KEY `k` (`id`)) ;\nINSERT INTO `t` VALUES (5,'y');"
    )
    rows = read(pieces(sql, size), {"t": ("id", "name")}).rows["t"]
    assert [(one["id"], one["name"]) for one in rows] == [
        ("1", "a'b"), ("-2", "AB"), ("3", "z"), ("4", "x"), ("5", "y"),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 9, 4096])
def test_postgres_inserts(size: int) -> None:
    sql = (
        "--\n-- PostgreSQL database dump\n--\nCREATE FUNCTION f() RETURNS int AS $_$ it's; $_$;\n"
        "CREATE TABLE public.t (\n    id integer NOT NULL,\n    name text\n);\n"
        "INSERT INTO public.t VALUES (1, 'a\\''b'), (2, E'x\\ny'::text), (3, true);\n"
        "INSERT INTO public.t (name, id) OVERRIDING SYSTEM VALUE VALUES (NULL, 4);\n"
    )
    rows = read(pieces(sql, size), {"t": ("id", "name")}).rows["t"]
    assert [one["name"] for one in rows] == ["a\\'b", "x\ny", "true", None]


def test_a_huge_line_and_a_huge_value() -> None:
    value = "x'y\\" * 300_000
    sql = f"CREATE TABLE t (id int, b text);INSERT INTO t VALUES (1,{quoted(value)}),(2,'z');"
    rows = read(pieces(sql, 65_536), {"t": ("id", "b")}).rows["t"]
    assert rows[0]["b"] == value and rows[1]["id"] == "2"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Café".encode(), "Café"),
        ("Café".encode("cp1252"), "Café"),
        ("Café".encode("latin-1"), "Café"),
    ],
)
def test_charsets(raw: bytes, name: str) -> None:
    sql = b"INSERT INTO t (name) VALUES ('" + raw + b"');"
    assert read(decoded([sql]), {"t": ("name",)}).rows["t"] == [{"name": name}]


def test_utf16_of_powershell() -> None:
    sql = "INSERT INTO t (name) VALUES ('Café');".encode("utf-16")
    assert read(decoded([sql[:9], sql[9:]]), {"t": ("name",)}).rows["t"] == [{"name": "Café"}]


def test_gzip_in_pieces_bombs_and_broken_ones() -> None:
    packed = gzip.compress(b"a" * 5_000_000)
    chunks = [packed[at : at + 999] for at in range(0, len(packed), 999)]
    assert b"".join(unpacked(chunks)) == b"a" * 5_000_000
    assert b"".join(unpacked([packed + gzip.compress(b"b")])) == b"a" * 5_000_000 + b"b"
    for bad in ([packed[:-20]], [packed[:50] + b"xxxx" * 99]):
        with pytest.raises(DumpError):
            list(unpacked(bad))
    with pytest.raises(DumpError, match="terlalu besar"):
        list(unpacked(chunks, most=1_000_000))
    with pytest.raises(DumpError, match="ZIP"):
        list(unpacked([b"PK\x03\x04..."]))
