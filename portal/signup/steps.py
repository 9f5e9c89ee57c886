"""What each step asks of Meta. A snapshot in, an outcome out; nothing is written here.

Every step looks before it acts, so that one whose answer was lost, or whose process died, may be
done again and still happens once. No transaction is open meanwhile.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from portal.core.driverkit import DriverError, Misconfigured, RateLimited, Retryable
from portal.infra.timekeeping import wall
from portal.signup import states
from portal.signup.graph import MANAGE, SEND, Graph
from portal.signup.graph_values import CodeRefused, Number
from portal.signup.outcomes import Attempt, Outcome

CODE_LIVES = timedelta(seconds=30)
EVENT_WAIT = timedelta(seconds=20)
"""How long after the code the browser's word about the account may still come."""
TRIES = 6
LONGEST_CALLBACK = 200
WRONG_PIN = frozenset({"133005", "131031"})
DEAD_TOKEN = frozenset({"0", "190"})
TOO_OFTEN, THREE_DAYS = "133016", 72 * 3600


def take(attempt: Attempt, graph: Graph) -> Outcome:
    """Do the step that comes next, and put what went wrong into words."""
    try:
        return STEPS[attempt.state](attempt, graph)
    except DriverError as error:
        return failed(attempt, error)


def failed(attempt: Attempt, error: DriverError) -> Outcome:
    """A refusal waits for a person, trouble is tried again, a dead permission is an end."""
    said: dict[str, Any] = {"problem": error.sentence, "detail": error.detail}
    if attempt.state == states.EXCHANGE:
        return _exchange_failed(attempt, error)
    if error.code in DEAD_TOKEN and attempt.state not in states.PARTNER_ONLY:
        return Outcome(
            end=True,
            problem=_("Izin dari Facebook sudah tidak berlaku. Mulai lagi untuk izin yang baru."),
            detail=error.detail,
        )
    if attempt.state == states.REGISTER and error.code in WRONG_PIN:
        return Outcome(need=states.PIN, problem=_pin_words(attempt), detail=error.detail)
    if error.code == TOO_OFTEN:
        return Outcome(need=states.WAIT, wait=THREE_DAYS, **said)
    if isinstance(error, RateLimited):
        return Outcome(need=states.WAIT, wait=error.retry_after, **said)
    if isinstance(error, Retryable) and attempt.attempts + 1 < TRIES:
        return Outcome(need=states.WAIT, wait=5 * 2**attempt.attempts, burn=True, **said)
    return Outcome(need=states.RETRY, **said)


# The permission --------------------------------------------------------------------------


def exchange(attempt: Attempt, graph: Graph) -> Outcome:
    """The code for a token, at once. One that is too old is not even tried."""
    if _age(attempt) > CODE_LIVES:
        return _too_late()
    token = graph.exchange(attempt.secrets.get("code", ""))
    expires = wall() + timedelta(seconds=token.seconds) if token.seconds else None
    return Outcome(
        changes={"token_expires_at": expires}, secrets={"code": "", "token": token.value}
    )


def _exchange_failed(attempt: Attempt, error: DriverError) -> Outcome:
    """Only a server's trouble is worth another try, and only while the code lives."""
    if isinstance(error, CodeRefused):
        return _too_late()
    again = isinstance(error, Retryable) and _age(attempt) < CODE_LIVES
    if again:
        return Outcome(need=states.WAIT, wait=2, burn=True, problem=error.sentence)
    if isinstance(error, Misconfigured):
        words = _("Setelah diperbaiki, mulai lagi: kodenya hanya berlaku sekali.")
        return Outcome(end=True, problem=f"{error.sentence} {words}")
    return _too_late()


def _too_late() -> Outcome:
    return Outcome(
        end=True,
        problem=_(
            "Kode dari Facebook hanya berlaku 30 detik dan sekali pakai; yang ini terlambat. "
            "Mulai lagi; yang sudah diisi diingat Facebook."
        ),
    )


def _age(attempt: Attempt) -> timedelta:
    return wall() - (attempt.code_at or datetime(1970, 1, 1, tzinfo=UTC))


def inspect(attempt: Attempt, graph: Graph) -> Outcome:
    """What Meta's server says that this permission is for."""
    grant = graph.inspect(attempt.token)
    if not grant.valid:
        return Outcome(end=True, problem=_("Meta menyatakan izinnya tidak berlaku. Mulai lagi."))
    if grant.app_id and grant.app_id != graph.app["app_id"]:
        return Outcome(
            end=True, problem=_("Izin ini milik aplikasi Meta lain. Tidak ada yang disimpan.")
        )
    lacking = [scope for scope in (MANAGE, SEND) if scope not in grant.scopes]
    if lacking:
        return Outcome(
            end=True,
            problem=_(
                "Izin %(list)s tidak ikut diberikan. Tambahkan di konfigurasi Facebook Login for "
                "Business, lalu mulai lagi.",
                list=", ".join(lacking),
            ),
        )
    accounts = None if grant.accounts is None else list(grant.accounts)
    changes = {"token_expires_at": grant.expires_at} if grant.expires_at else {}
    return Outcome(changes=changes, found={"accounts": accounts})


# Which account, which number ------------------------------------------------------------


def account(attempt: Attempt, graph: Graph) -> Outcome:
    """The account the browser named, if the permission is for it; else the newest of those."""
    allowed: list[str] | None = attempt.found.get("accounts")
    wanted = attempt.told_waba_id
    if not wanted:
        if _age(attempt) < EVENT_WAIT:
            return Outcome(need=states.WAIT, wait=2)
        wanted = _newest(allowed, graph)
    elif allowed is not None and wanted not in allowed and not _shared(wanted, graph):
        return Outcome(
            end=True,
            problem=_(
                "Akun yang disebut peramban tidak termasuk izin yang diberikan Meta. Tidak ada "
                "yang disimpan; mulai lagi dan pilih akun milik Anda."
            ),
        )
    if not wanted:
        return Outcome(
            end=True,
            problem=_(
                "Meta tidak menyebut akun WhatsApp Business mana yang diizinkan. Mulai lagi."
            ),
        )
    said = graph.account(attempt.token, wanted)
    if said.id != wanted:
        return Outcome(need=states.RETRY, problem=_("Meta menjawab untuk akun lain. Coba lagi."))
    about = {"name": said.name, "currency": said.currency, "namespace": said.namespace}
    return Outcome(changes={"waba_id": wanted}, found={"account": about})


def _newest(allowed: list[str] | None, graph: Graph) -> str:
    if allowed:
        return allowed[0]
    listed = graph.client_accounts() if allowed is None and graph.app.partner else []
    return listed[0] if listed else ""


def _shared(wanted: str, graph: Graph) -> bool:
    """Whether a client shared the account with the partner's own portfolio."""
    return graph.app.partner and wanted in graph.client_accounts()


def number(attempt: Attempt, graph: Graph) -> Outcome:
    """The number that was chosen, if the account has it."""
    numbers = graph.numbers(attempt.token, attempt.waba_id)
    listed = [_number_words(one) for one in numbers]
    wanted = attempt.found.get("chosen") or attempt.told_phone_id
    match = next((one for one in numbers if one.id == wanted), None)
    if match is None and not wanted and len(numbers) == 1:
        match = numbers[0]
    if match is not None:
        return Outcome(
            changes={"phone_id": match.id},
            found={"numbers": listed, "number": _number_words(match), "chosen": ""},
        )
    if not numbers:
        return Outcome(
            need=states.ADD_NUMBER,
            found={"numbers": [], "chosen": ""},
            problem=_(
                "Akun WhatsApp Business ini belum punya nomor. Tambahkan nomor di WhatsApp "
                "Manager > Phone numbers, lalu tekan Lanjutkan."
            ),
        )
    why = (
        _("Nomor yang disebut peramban tidak ada di akun ini. Pilih dari daftar Meta.")
        if wanted
        else _("Akun ini punya beberapa nomor. Pilih yang dipakai Loket.")
    )
    return Outcome(need=states.CHOOSE, found={"numbers": listed, "chosen": ""}, problem=why)


def _number_words(one: Number) -> dict[str, str]:
    return {"id": one.id, "display": one.display, "name": one.name, "status": one.status}


# Webhook, credit, registration ----------------------------------------------------------


def subscribe(attempt: Attempt, graph: Graph) -> Outcome:
    """Our app hears of this account, at our own address."""
    if len(attempt.callback) > LONGEST_CALLBACK:
        return Outcome(
            need=states.RETRY,
            problem=_("Alamat webhook lebih dari 200 huruf. Pendekkan PUBLIC_URL."),
        )
    there = graph.subscribed(attempt.token, attempt.waba_id)
    if there is None:
        # Another address is taken only from an app that is subscribed already.
        graph.subscribe(attempt.token, attempt.waba_id)
    if there is None or there.callback != attempt.callback:
        graph.subscribe(attempt.token, attempt.waba_id, attempt.callback, attempt.verify_token)
    return Outcome()


def assign(attempt: Attempt, graph: Graph) -> Outcome:
    """The partner's system user may manage the account."""
    if not graph.assigned(attempt.waba_id):
        graph.assign(attempt.waba_id)
    return Outcome()


def share(attempt: Attempt, graph: Graph) -> Outcome:
    """The credit line, once: what a business has already been given is taken as it is."""
    if attempt.found.get("allocation"):
        return Outcome()
    credit_id = graph.credit_line()
    existing = graph.allocations(credit_id, attempt.business_id) if attempt.business_id else []
    for allocation in existing:
        if graph.credit_arrived(allocation, attempt.waba_id):
            return Outcome(found={"allocation": allocation})
    if graph.funded(attempt.waba_id):
        # By a share whose answer was lost, or by the owner's card: it cannot be changed later.
        return Outcome(found={"allocation": ""})
    currency = (attempt.found.get("account") or {}).get("currency") or "IDR"
    return Outcome(found={"allocation": graph.share(credit_id, attempt.waba_id, currency)})


def credit(attempt: Attempt, graph: Graph) -> Outcome:
    """The account is paid by what was shared; one that somebody pays already is left so."""
    if not attempt.found.get("allocation"):
        return Outcome()
    if graph.credit_arrived(attempt.found["allocation"], attempt.waba_id):
        return Outcome(found={"credit": "shared"})
    words = _("Meta belum memakai lini kredit itu untuk akun ini.")
    if attempt.attempts + 1 < TRIES:
        return Outcome(need=states.WAIT, wait=5 * 2**attempt.attempts, burn=True, problem=words)
    more = _("Periksa WhatsApp Manager > Payment settings, lalu coba lagi.")
    return Outcome(need=states.RETRY, problem=f"{words} {more}")


def register(attempt: Attempt, graph: Graph) -> Outcome:
    """The number sends through the Cloud API; one that does already is left alone."""
    if graph.number(attempt.token, attempt.phone_id).registered:
        return Outcome(found={"registered": "before"})
    graph.register(attempt.token, attempt.phone_id, pin_of(attempt))
    return Outcome(found={"registered": "now"})


def pin_of(attempt: Attempt) -> str:
    """What somebody typed, what it was registered with before, or the one made for it."""
    return attempt.secrets.get("typed") or attempt.known_pin or attempt.secrets.get("pin", "")


def _pin_words(attempt: Attempt) -> str:
    if attempt.secrets.get("typed"):
        return _(
            "PIN itu ditolak Meta. Periksa, atau setel ulang di WhatsApp Manager > Phone numbers "
            "> Two-step verification. Terlalu sering salah mengunci nomor."
        )
    return _(
        "Nomor ini sudah punya PIN verifikasi dua langkah. Ketik PIN itu, atau setel ulang di "
        "WhatsApp Manager > Phone numbers > Two-step verification."
    )


STEPS: Mapping[str, Callable[[Attempt, Graph], Outcome]] = {
    states.EXCHANGE: exchange,
    states.INSPECT: inspect,
    states.ACCOUNT: account,
    states.NUMBER: number,
    states.SUBSCRIBE: subscribe,
    states.ASSIGN: assign,
    states.SHARE: share,
    states.CREDIT: credit,
    states.REGISTER: register,
}
