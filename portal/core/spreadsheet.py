"""What a spreadsheet must not take for a formula. One rule for every file we hand out."""

from typing import Any

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the wide forms that some spreadsheets read as the plain ones."""


def harmless(value: Any) -> Any:
    """Text that could be a formula gets an apostrophe before it; anything else is as it was."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(DANGEROUS) or _hidden(value) else value


def _hidden(value: str) -> bool:
    """Spaces before it do not stop every spreadsheet."""
    bare = value.lstrip()
    return bare != value and bare.startswith(DANGEROUS)
