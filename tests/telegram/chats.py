"""A person with Telegram: says things, presses buttons, reads what came."""

from dataclasses import dataclass
from typing import Any

import requests

from jobs.inline import work_off
from portal.extensions import db
from portal.infra.inbox import TALK_SOURCE, InboundHook
from tests.simulators.serving import post, until

TOKEN = "7000000001:AAH0nlyForTestsNoRealBotHasThis"


def settle() -> None:
    """What the workers do, until nothing is left."""
    db.session.rollback()
    while work_off(50, 5.0):
        db.session.rollback()
    db.session.rollback()


@dataclass
class Chat:
    """`seen` is how many messages of the bot were read."""

    sims: str
    number: int
    seen: int = 0

    def say(self, text: str, **about: str) -> list[dict[str, Any]]:
        """Write, let the workers work, read the answers, the oldest first."""
        return self._told("say", text=text, **about)

    def press(self, data: str) -> list[dict[str, Any]]:
        """Press the newest button that starts so."""
        found = next(
            (
                (one["message_id"], button["callback_data"])
                for one in self.messages()[::-1]
                for button in self.buttons(one)
                if button.get("callback_data", "").startswith(data)
            ),
            (0, data),
        )
        return self._told("press", message_id=found[0], data=found[1])

    def again(self, data: str) -> list[dict[str, Any]]:
        """Press exactly this, whether there is such a button or not."""
        return self._told("press", message_id=1, data=data)

    def _told(self, what: str, **values: Any) -> list[dict[str, Any]]:
        before = _stored()
        post(self.sims, f"/telegram/chat/{self.number}/{what}", **values)
        until(lambda: _stored() > before, "the update")
        settle()
        return self.new()

    def new(self) -> list[dict[str, Any]]:
        """What the bot said since."""
        found = self.messages()
        unread, self.seen = found[self.seen :], len(found)
        return unread

    def messages(self) -> list[dict[str, Any]]:
        """All the bot said, the oldest first."""
        url = f"{self.sims}/telegram/chat/{self.number}.json"
        said = requests.get(url, timeout=5).json()
        return [one for one in reversed(said) if not one["mine"]]

    @staticmethod
    def buttons(message: dict[str, Any]) -> list[dict[str, str]]:
        return [button for row in message["keys"] for button in row]

    def order(self) -> list[dict[str, Any]]:
        """From /start to the placed order, with ordinary answers."""
        self.say("/start", name="Wati Baru", username="wati_b")
        self.press("plans")
        self.press("plan:")
        self.press("use:name")
        self.say("0812 0000 0001")
        self.say("Jl. Anggrek 9, RT 2/RW 3")
        return self.press("ok:")


def _stored() -> int:
    """Updates of Telegram, repeats included."""
    mine = InboundHook.source.startswith(TALK_SOURCE)
    found = db.select(db.func.count(InboundHook.id), db.func.sum(InboundHook.repeats)).where(mine)
    count, repeats = db.session.execute(found).one()
    db.session.rollback()
    return int(count + (repeats or 0))
