"""Meta at our own seam: accounts, numbers and codes in memory, and what was done to them.

It keeps the rules that matter to "once": a code is exchanged once, a credit line is shared once,
a number is registered once. `dies` is where the next call kills the process or loses its answer,
`dies_at` the call that does. A shared credit line arrives after `slow` looks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from portal.core.driverkit import Misconfigured, Permanent, Retryable
from portal.messaging.meta_app import App
from portal.signup.graph import MANAGE, SEND
from portal.signup.graph_values import Account, CodeRefused, Grant, Number, Subscribed, Token

APP = {"app_id": "77", "app_secret": "app-secret-word", "config_id": "88", "verify_token": "vt"}
PARTNER = {"system_token": "EAAsystem", "business_id": "900", "system_user_id": "901"}
FOREIGN = "666"
END = datetime(2027, 1, 20, tzinfo=UTC)


class Killed(BaseException):
    """The process dies here."""


@dataclass
class World:
    """One Meta. `has` is the numbers of each account; `done` counts what has an effect."""

    partner: bool = False
    has: dict[str, list[Number]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)
    callbacks: dict[str, str] = field(default_factory=dict)
    registered: dict[str, str] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    assigned_to: set[str] = field(default_factory=set)
    scopes: frozenset[str] = frozenset({MANAGE, SEND})
    valid: bool = True
    meanwhile: Callable[[], None] = lambda: None
    dies: str = ""
    slow: int = 0
    dies_at: tuple[str, str] = ("", "")
    errors: dict[str, Exception] = field(default_factory=dict)

    @property
    def app(self) -> App:
        return App({**APP, **(PARTNER if self.partner else {})})

    def _count(self, name: str) -> None:
        self.done[name] = self.done.get(name, 0) + 1

    def _call(self, name: str, act: Any = None) -> None:
        """One call: maybe refused, maybe the process dies before or after, or the answer is
        lost."""
        how, self.dies = self.dies, ""
        if self.dies_at[0] == name:
            how, self.dies_at = self.dies_at[1], ("", "")
        if name in self.errors:
            raise self.errors.pop(name)
        if how == "before":
            raise Killed
        if act is not None:
            act()
            self._count(name)
        if how == "after":
            raise Killed
        if how == "lost":
            raise Retryable("Jawaban terputus.", outcome_unknown=True)

    def exchange(self, code: str) -> Token:
        if code not in self.codes or code in self.used:
            raise CodeRefused("Kode tidak berlaku.", code="100")
        self._call("exchange", lambda: self.used.add(code))
        return Token(f"EAA-{code}", 60)

    def inspect(self, token: str) -> Grant:
        self._call("inspect")
        self.meanwhile()
        account = self.codes.get(token.removeprefix("EAA-"), "")
        accounts = (account,) if account else tuple(self.has)
        return Grant(self.valid, "77", self.scopes, accounts, END)

    def account(self, token: str, waba_id: str) -> Account:
        self._call("account")
        return Account(waba_id, "NusaLink", "IDR", "ns_1")

    def numbers(self, token: str, waba_id: str) -> list[Number]:
        self._call("numbers")
        return [self.number("", one.id, quiet=True) for one in self.has.get(waba_id, [])]

    def client_accounts(self) -> list[str]:
        self._call("clients")
        return list(self.has)

    def number(self, token: str, phone_id: str, quiet: bool = False) -> Number:
        if not quiet:
            self._call("number")
        found = next(n for listed in self.has.values() for n in listed if n.id == phone_id)
        if phone_id in self.registered:
            return Number(found.id, found.display, found.name, "CONNECTED", "CLOUD_API")
        return found

    def subscribed(self, token: str, waba_id: str) -> Subscribed | None:
        self._call("subscribed")
        known = self.callbacks.get(waba_id)
        return None if known is None else Subscribed(known)

    def subscribe(
        self, token: str, waba_id: str, callback: str = "", verify_token: str = ""
    ) -> None:
        self._call("subscribe", lambda: self.callbacks.update({waba_id: callback}))

    def register(self, token: str, phone_id: str, pin: str) -> None:
        if self.pins.get(phone_id, pin) != pin:
            raise Misconfigured("PIN salah.", code="133005")
        assert len(pin) == 6 and pin.isdigit()
        assert phone_id not in self.registered, "registered twice"
        self._call("register", lambda: self.registered.update({phone_id: pin}))

    def assigned(self, waba_id: str) -> bool:
        self._call("assigned")
        return waba_id in self.assigned_to

    def assign(self, waba_id: str) -> None:
        self._call("assign", lambda: self.assigned_to.add(waba_id))

    def credit_line(self) -> str:
        self._call("credit_line")
        return "1"

    def allocations(self, credit_id: str, business_id: str) -> list[str]:
        self._call("allocations")
        return list(self.shared.values())

    def share(self, credit_id: str, waba_id: str, currency: str) -> str:
        if waba_id in self.shared and not self.slow:
            raise Permanent("Sudah dibagikan.", code="100")
        self._call("share", lambda: self.shared.update({waba_id: f"al{waba_id}"}))
        return self.shared[waba_id]

    def funded(self, waba_id: str) -> bool:
        self._call("funded")
        return waba_id in self.shared and not self.slow

    def credit_arrived(self, allocation_id: str, waba_id: str) -> bool:
        self._call("arrived")
        self.slow = max(self.slow - 1, 0)
        return self.shared.get(waba_id) == allocation_id and not self.slow

    def revoke(self, allocation_id: str) -> None:
        gone = [waba for waba, one in self.shared.items() if one == allocation_id]
        self._call("revoke", lambda: [self.shared.pop(waba) for waba in gone])
