"""Lines and routers that wait: the fuse's question, tonight's isolations, silent routers."""

from collections.abc import Iterator

from flask_babel import gettext as _

from portal.infra.timekeeping import today
from portal.network import fuse, overview
from portal.web.todo import TodoItem


def items() -> Iterator[TodoItem]:
    """For the first page."""
    stop = fuse.waiting(today())
    if stop is not None:
        yield TodoItem(
            "fuse",
            _("Isolir berhenti, menunggu Anda"),
            len(stop.lines),
            "dashboard.isolation",
            "bad",
            note=_("Lebih banyak dari batas sekring. Belum ada yang diisolir."),
        )
    else:
        yield TodoItem(
            "isolations",
            _("Isolir hari ini"),
            overview.due_today(),
            "dashboard.isolation",
            "info",
            {"show": "today"},
            note=_("Berjalan sendiri pada jam isolir."),
        )
    for router in overview.silent():
        yield TodoItem(
            f"router-{router.id}",
            _("Router %(name)s tidak menjawab", name=router.name),
            router.failing,
            "routers.index",
            "bad",
            note=_("Langganan yang menunggu perintahnya."),
        )
    yield TodoItem(
        "out-of-step",
        _("Langganan belum sesuai router"),
        overview.out_of_step(),
        "routers.index",
        note=_("Dicoba lagi sendiri; lihat alasannya."),
    )
