"""One turn of a conversation: who said what, where the talk stands, what is answered.

The row of the talk is locked while a turn lasts, so two updates of one person are taken one
after the other. A turn only writes rows, in the transaction in which the update was heard: an
update that is told twice has no second turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal.customers.models import Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import wall
from portal.messaging.models_inbound import InboundMessage
from portal.orders import telegram as users
from portal.telegram import saying
from portal.telegram.models import TelegramTalk
from portal.telegram.saying import Press

PATIENCE = timedelta(minutes=30)
"""How long a question waits for its answer."""
PER_MINUTE = 20
MINUTE = timedelta(minutes=1)


@dataclass
class Turn:
    """What somebody said or pressed, and the talk it belongs to."""

    talk: TelegramTalk
    user: TelegramUser
    row: InboundMessage
    answers: int = 0

    @property
    def telegram_id(self) -> int:
        return self.talk.telegram_id

    @property
    def customer(self) -> Customer | None:
        """The customer this person is, if an order or a code said so."""
        return self.user.customer

    @property
    def data(self) -> dict[str, Any]:
        """The answers so far."""
        return self.talk.data

    def remember(self, **answers: Any) -> None:
        self.talk.data = {**self.talk.data, **answers}

    def say(self, text: str, buttons: Sequence[Press] = ()) -> None:
        """Answer; the buttons stand one below the other."""
        self.answers += 1
        key = f"{self.row.id}:{self.answers}"
        saying.say(self.telegram_id, key, text, buttons, customer_id=self.user.customer_id)

    def ask(
        self, step: str, text: str, buttons: Sequence[Press] = (), wait: timedelta = PATIENCE
    ) -> None:
        """Ask for the answer of a step; it can always be left."""
        self.talk.step, self.talk.step_until = step, wall() + wait
        self.say(text, (*buttons, (_("✖️ Batal"), "cancel")))

    def end(self) -> None:
        """Nothing is being asked any more."""
        self.talk.step, self.talk.step_until = "", None
        self.talk.data, self.talk.code_token = {}, None


def begin(telegram_id: int, row: InboundMessage) -> Turn:
    """The person's talk, made when it is new, locked until the transaction ends."""
    insert = (postgresql if is_postgres() else sqlite).insert(TelegramTalk)
    db.session.execute(
        insert.values(
            telegram_id=telegram_id, step="", data={}, heard=0, heard_from=wall()
        ).on_conflict_do_nothing(index_elements=["telegram_id"])
    )
    talk = db.session.scalars(
        select(TelegramTalk)
        .where(TelegramTalk.telegram_id == telegram_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return Turn(talk, users.hold(telegram_id, row.user_id), row)


def count(talk: TelegramTalk) -> int:
    """How much this person said within the minute, this included."""
    if wall() - talk.heard_from >= MINUTE:
        talk.heard, talk.heard_from = 0, wall()
    talk.heard += 1
    return talk.heard
