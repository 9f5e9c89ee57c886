"""Money that waits for a person: what fits nothing, and transfers to compare with the bank."""

from collections.abc import Iterator

from flask_babel import gettext as _

from portal.payments import queries, transfers
from portal.web.todo import TodoItem


def items() -> Iterator[TodoItem]:
    """For the first page."""
    yield TodoItem(
        "money",
        _("Uang yang belum cocok"),
        queries.attention_count(),
        "payments.attention_list",
        "bad",
        note=_("Tanpa tagihan, dobel, atau jumlahnya lain."),
    )
    yield TodoItem(
        "transfers",
        _("Transfer menunggu dicocokkan"),
        transfers.waiting() or 0,
        "transfers.index",
        note=_("Bandingkan dengan rekening bank."),
    )
