"""The arithmetic of corrections, pure. Amounts in rupiah."""

from portal.core.money import divide_half_up


def tax_part(amount: int, *, total: int, tax: int, before: int, tax_before: int) -> int:
    """How much of a credit note was tax, in proportion to the invoice.

    `before` and `tax_before` are what earlier notes took. Counted from the start, so that
    notes over the whole invoice give back exactly its tax.
    """
    return divide_half_up(tax * (before + amount), total) - tax_before
