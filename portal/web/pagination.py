"""Pages of a list: a bounded page number, one count, one slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import func, select

from portal.extensions import db

PER_PAGE = 25


@dataclass(frozen=True)
class Page:
    """One page of rows; `number` counts from 1."""

    rows: Sequence[Any]
    number: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def has_next(self) -> bool:
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    def url(self, number: int) -> str:
        """This list's URL at another page, filters kept."""
        from urllib.parse import urlencode

        args = {k: v for k, v in request.args.items(multi=True) if k != "page" and v}
        return f"{request.path}?{urlencode({**args, 'page': number})}"


def paginate(statement: Any, *, scalars: bool = False) -> Page:
    """The page named by `?page=`; an odd number shows the nearest real page."""
    total = db.session.execute(
        select(func.count()).select_from(statement.order_by(None).subquery())
    ).scalar_one()
    last = max(1, -(-total // PER_PAGE))
    number = min(max(request.args.get("page", 1, type=int), 1), last)
    sliced = statement.limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    rows = db.session.scalars(sliced) if scalars else db.session.execute(sliced)
    return Page(rows.all(), number, total)
