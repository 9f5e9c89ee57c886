"""Rows out of the INSERT and COPY statements of mysqldump, phpMyAdmin and pg_dump; pure.

Streaming: memory holds one value, not the file. No SQL is executed and no server is needed;
anything that is not data is skipped. Columns nobody asked for are dropped while reading, so a
password never leaves this module.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from portal.imports.dumps.syntax import (
    MARK,
    NO_COLUMN,
    REST,
    VALUE,
    WHOLE,
    plain,
    uncopied,
    unescaped,
)
from portal.imports.dumps.text import DumpError, mended
from portal.imports.dumps.window import CUT, Window

Row = dict[str, str | None]


@dataclass
class Dump:
    """Rows of the wanted tables, and how many rows each table had."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    tables: set[str] = field(default_factory=set)


def read(texts: Iterable[str], wanted: Mapping[str, Sequence[str]]) -> Dump:
    """The wanted columns of the wanted tables. Raises DumpError."""
    dump = Dump(rows={table: [] for table in wanted})
    reader = _Reader(iter(texts), wanted, dump.counts)
    for table, row in reader.rows():
        dump.rows[table].append(row)
    dump.tables = {*reader.columns, *dump.counts}
    return dump


class _Reader(Window):
    """Statement after statement of what the window shows."""

    def __init__(
        self, texts: Iterator[str], wanted: Mapping[str, Sequence[str]], counts: Counter[str]
    ) -> None:
        super().__init__(texts)
        self.wanted, self.counts = wanted, counts
        self.columns: dict[str, list[str]] = {}

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Statement after statement."""
        while word := self.token().lower():
            if word in {"insert", "replace"}:
                yield from self._insert()
            elif word == "create":
                self._create()
            elif word == "copy":
                yield from self._copy()
            elif word == "delimiter" and self.kind == "mysql":
                self._routine()
            elif word == "\\.":
                continue
            elif word != ";":
                self._to_end()

    def _name(self) -> str:
        """A table's name without its database or schema."""
        name = plain(self.token())
        while self.peek() == ".":
            self.token()
            name = plain(self.token())
        return name.lower()

    def _to_end(self) -> None:
        """Past the rest of this statement."""
        while True:
            found = REST[self.kind].match(self.buffer, self.at)
            assert found is not None
            self.at = found.end()
            if self.at >= len(self.buffer):
                if self.ended:
                    return
                self.more()
                continue
            if self.token() in {"", ";"}:
                return

    def _routine(self) -> None:
        """Between two DELIMITER lines stands a program, which is none of our business."""
        while True:
            place = re.compile(r"^DELIMITER ;[ \t\r]*$", re.I | re.M).search(self.buffer, self.at)
            if place is not None:
                self.at = place.end()
                return
            if self.ended:
                self.at = len(self.buffer)
                return
            self.at = max(self.at, len(self.buffer) - 40)
            self.more()

    def _create(self) -> None:
        """Learn a table's columns: mysqldump's INSERT names none."""
        word = self.token().lower()
        while word in {"temporary", "unlogged", "or", "replace", "global", "local"}:
            word = self.token().lower()
        if word != "table":
            self._to_end()
            return
        if self.peek().lower() == "i":
            before = self.at
            if self.token().lower() == "if":
                self.token(), self.token()
            else:
                self.at = before
        name = self._name()
        self.columns[name] = list(self._defined())

    def _defined(self) -> Iterator[str]:
        """The columns of a definition; keys and constraints are none."""
        depth, fresh = 0, False
        while (word := self.token()) not in {"", ";"}:
            depth += (word == "(") - (word == ")")
            if depth == 1 and word in {"(", ","}:
                fresh = True
            elif depth == 1 and fresh:
                if word[0] in '`"' or word.lower() not in NO_COLUMN:
                    yield plain(word).lower()
                fresh = False

    def _list(self) -> list[str]:
        """Names between parentheses; the first one is read already."""
        names = []
        while (word := self.token()) not in {")", ""}:
            if word != ",":
                names.append(plain(word).lower())
        return names

    def _insert(self) -> Iterator[tuple[str, Row]]:
        word = self.token()
        while word.lower() in {"low_priority", "delayed", "high_priority", "ignore"}:
            word = self.token()
        if word.lower() != "into":
            self._to_end()
            return
        table, columns = self._name(), []
        word = self.token()
        if word == "(":
            columns, word = self._list(), self.token()
        while word.lower() in {"overriding", "system", "user", "value"} and self.peek() != "(":
            word = self.token()
        if word.lower() not in {"values", "value"}:
            self._to_end()
            return
        yield from self._values(table, columns or self.columns.get(table, []))

    def _values(self, table: str, columns: list[str]) -> Iterator[tuple[str, Row]]:
        """Row after row of an INSERT."""
        places = self._places(table, columns)
        mark = ","
        while mark == ",":
            if self._mark() != "(":
                self._to_end()
                return
            self.counts[table] += 1
            if places is None:
                self._past_row()
            else:
                values = self._tuple()
                if len(values) != len(columns):
                    raise DumpError(f"Jumlah kolom tabel {table} tidak cocok dengan isinya.")
                yield table, {name: values[at] for name, at in places.items()}
            mark = self._mark()
        if mark != ";":
            self._to_end()

    def _places(self, table: str, columns: list[str]) -> dict[str, int] | None:
        if table not in self.wanted:
            return None
        if not columns:
            raise DumpError(f"Dump ini tidak menyebut kolom tabel {table}. Sertakan CREATE TABLE.")
        return {name: columns.index(name) for name in self.wanted[table] if name in columns}

    def _mark(self) -> str:
        """The next token, which is nearly always one of three characters."""
        found = MARK.match(self.buffer, self.at)
        if found is None:
            return self.token()
        self.at = found.end()
        return found[1]

    def _past_row(self) -> None:
        while (found := WHOLE[self.kind].match(self.buffer, self.at)) is None:
            if self.ended:
                raise DumpError(CUT)
            self.more()
        self.at = found.end()

    def _tuple(self) -> list[str | None]:
        """The values up to the closing parenthesis."""
        values: list[str | None] = []
        pattern = VALUE[self.kind]
        while True:
            found = pattern.match(self.buffer, self.at)
            if found is None:
                if self.ended:
                    raise DumpError(CUT)
                self.more()
                continue
            self.at = found.end()
            values.append(self._read(found))
            if found["end"] == ")":
                return values

    def _read(self, found: re.Match[str]) -> str | None:
        if found["null"] is not None:
            return None
        if (text := found["text"]) is not None:
            if self.kind == "mysql" or text[0] in "eE":
                return mended(unescaped(text[text.index("'") + 1 : -1]))
            return mended(text[1:-1].replace("''", "'"))
        if (number := found["hex"]) is not None:
            digits = number[2:].rstrip("'")
            return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits).decode(
                "utf-8", "replace"
            )
        return found["number"] if found["number"] is not None else found["word"]

    def _copy(self) -> Iterator[tuple[str, Row]]:
        table, columns = self._name(), []
        word = self.token()
        if word == "(":
            columns, word = self._list(), self.token()
        if word.lower() != "from" or self.token().lower() != "stdin":
            self._to_end()
            return
        self._to_end()
        self.line()  # what is left of the statement's own line
        columns = columns or self.columns.get(table, [])
        places = self._places(table, columns)
        while (line := self.line()) is not None and line != "\\.":
            self.counts[table] += 1
            if places is not None:
                values = line.split("\t")
                if len(values) != len(columns):
                    raise DumpError(f"Jumlah kolom tabel {table} tidak cocok dengan isinya.")
                yield (
                    table,
                    {
                        name: None if (one := uncopied(values[at])) is None else mended(one)
                        for name, at in places.items()
                    },
                )
