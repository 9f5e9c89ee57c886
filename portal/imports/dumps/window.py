"""A window on a dump's text that moves forward: tokens, and what is skipped between them.

Memory holds what the window shows: one value at most, never the file.
"""

from collections.abc import Iterator

from portal.imports.dumps.syntax import SKIP, TOKEN
from portal.imports.dumps.text import DumpError
from portal.web.sentences import N_

MOST_VALUE = 32 * 1024 * 1024
CUT = N_("Dump ini terpotong di tengah. Buat dump sekali lagi, lalu salin seluruhnya.")


class Window:
    """`buffer` from `at` on is what has not been read; `kind` is mysql or postgres."""

    def __init__(self, texts: Iterator[str]) -> None:
        self.texts = texts
        self.buffer, self.at, self.ended = "", 0, False
        self.kind = "mysql"
        while len(self.buffer) < 2_000 and not self.ended:
            self.more()
        if "PostgreSQL database dump" in self.buffer[:2_000]:
            self.kind = "postgres"

    def more(self) -> None:
        """Read on; what is done with is forgotten. At least as much again as is waiting, so
        that a huge value is not looked at from its beginning for each piece."""
        parts, size, waiting = [self.buffer[self.at :]], 0, len(self.buffer) - self.at
        if waiting > MOST_VALUE:
            raise DumpError(N_("Ada nilai yang terlalu besar di dump ini."))
        while size <= waiting:
            text = next(self.texts, None)
            if text is None:
                self.ended = True
                break
            parts.append(text)
            size += len(text)
        self.buffer, self.at = "".join(parts), 0

    def skip(self) -> None:
        """Past spaces and comments."""
        while True:
            found = SKIP[self.kind].match(self.buffer, self.at)
            assert found is not None
            end = found.end()
            known = self.ended or end < len(self.buffer) - 2
            if known and not self._comment(end):
                self.at = end
                return
            if self.ended:
                self.at = len(self.buffer)  # a comment to the very end
                return
            self.at = end
            self.more()

    def _comment(self, at: int) -> bool:
        """Whether a comment begins here; in MySQL a dash wants a space after it."""
        rest = self.buffer[at : at + 3]
        if rest.startswith("--"):
            return self.kind != "mysql" or len(rest) < 3 or rest[2].isspace()
        return rest.startswith("/*") or (rest.startswith("#") and self.kind == "mysql")

    def token(self) -> str:
        """The next word, name, string or mark; empty at the end."""
        self.skip()
        while True:
            found = TOKEN[self.kind].match(self.buffer, self.at)
            whole = found is not None and found.end() < len(self.buffer)
            if found is not None and (whole or self.ended):
                text = found[0]
                if text in {"'", '"', "`"}:
                    if self.ended:
                        raise DumpError(CUT)
                else:
                    self.at = found.end()
                    return text
            if found is None and self.ended:
                return ""
            self.more()

    def peek(self) -> str:
        """The next character that is not space or comment; empty at the end."""
        self.skip()
        if self.at >= len(self.buffer) and not self.ended:
            self.more()
        return self.buffer[self.at : self.at + 1]

    def line(self) -> str | None:
        """The rest of this line, without its end. Raises DumpError at the end of the text."""
        while (end := self.buffer.find("\n", self.at)) < 0:
            if self.ended:
                raise DumpError(CUT)
            self.more()
        line, self.at = self.buffer[self.at : end], end + 1
        return line.rstrip("\r")
