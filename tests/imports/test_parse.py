"""The CSV parser: Excel's habits, errors by line and column, and no crash on anything."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import ROOT
from portal.imports.parse import parse_customers

HEADER = "no_pelanggan,nama,telepon,paket,harga,tanggal_tagihan,tanggal_mulai\n"


def parse(line: str, header: str = HEADER):  # type: ignore[no-untyped-def]
    return parse_customers((header + line + "\n").encode())


def test_the_example_is_whole() -> None:
    parsed = parse_customers((ROOT / "examples" / "pelanggan.csv").read_bytes())
    assert (len(parsed.rows), parsed.errors, parsed.warnings) == (303, [], [])
    assert len({row.number for row in parsed.rows}) == 300


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_separators_read_the_same(encoding: str, mark: str, end: str) -> None:
    text = HEADER + 'A1,"Sri\nWahyuni",08123456789,Rumah,150000,31,2026-01-05\n'
    data = text.replace(",", mark).replace("\n", end).encode(encoding)
    (row,) = parse_customers(data).rows
    assert (row.name, row.phone, row.price) == ("Sri Wahyuni", "+628123456789", 150_000)
    assert (row.billing_day, row.started_on, row.login) == (31, date(2026, 1, 5), "A1")


@pytest.mark.parametrize(
    "cell", ["8123456789", "'08123456789", '"=""08123456789"""', "628123456789"]
)
def test_a_lost_zero_and_disguises_are_undone(cell: str) -> None:
    (row,) = parse(f"A1,Sri,{cell},Rumah,150000,1,").rows
    assert row.phone == "+628123456789"


def test_scientific_notation_is_undone_only_when_no_digit_is_lost() -> None:
    kept = parse("A1,Sri,6.28123456789E+12,Rumah,150000,1,")
    assert kept.rows[0].phone == "+6281234567890" and len(kept.warnings) == 1
    lost = parse("A1,Sri,6.28E+12,Rumah,150000,1,")
    assert lost.rows == []
    assert [(e.line, e.column, e.value) for e in lost.errors] == [(2, "telepon", "6.28E+12")]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",Sri,08123456789,Rumah,150000,1,", "no_pelanggan"),
        ("A1,,08123456789,Rumah,150000,1,", "nama"),
        ("A1,Sri,0812,Rumah,150000,1,", "telepon"),
        ("A1,Sri,08123456789,,150000,1,", "paket"),
        ("A1,Sri,08123456789,Rumah,-5,1,", "harga"),
        ("A1,Sri,08123456789,Rumah,150000,32,", "tanggal_tagihan"),
        ("A1,Sri,08123456789,Rumah,150000,1,31/02/2026", "tanggal_mulai"),
        ("A1,Sri,08123456789,Rumah,150000,1,,x", "-"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(line: str, column: str) -> None:
    parsed = parse(line)
    assert parsed.rows == []
    assert [(error.line, error.column) for error in parsed.errors] == [(2, column)]


def test_doubles_name_the_first_line() -> None:
    line = "A1,Sri,08123456789,Rumah,150000,1,\n"
    parsed = parse(line + line.strip())
    assert len(parsed.rows) == 1
    assert parsed.errors[0].line == 3 and "baris 2" in parsed.errors[0].sentence


def test_english_headers_and_unknown_columns() -> None:
    parsed = parse("A1,Sri,08123456789,R,1000,x", "Customer No,Name,Phone,Plan,Price,Notes\n")
    assert len(parsed.rows) == 1 and parsed.ignored_columns == ["Notes"]


def test_a_missing_column_is_one_error() -> None:
    parsed = parse("A1,Sri", "no_pelanggan,nama\n")
    assert len(parsed.errors) == 1 and "telepon" in parsed.errors[0].column


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    parse_customers(data)
    parse_customers(HEADER.encode() + data)
