"""What each step asks of Meta. A snapshot in, an outcome out; nothing is written here.

Every step looks before it acts, so that one whose answer was lost, or whose process died, may be
done again and still happens once. No transaction is open meanwhile.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from flask_babel import gettext as _

from portal.core.driverkit import DriverError
from portal.infra.timekeeping import wall
from portal.signup import states, trouble
from portal.signup.graph import MANAGE, SEND, Graph
from portal.signup.graph_values import Number
from portal.signup.outcomes import Attempt, Outcome

EVENT_WAIT = timedelta(seconds=20)
"""How long after the code the browser's word about the account may still come."""
LONGEST_CALLBACK = 200


def take(attempt: Attempt, graph: Graph) -> Outcome:
    """Do the step that comes next, and put what went wrong into words."""
    try:
        return STEPS[attempt.state](attempt, graph)
    except DriverError as error:
        return trouble.failed(attempt, error)


# The permission --------------------------------------------------------------------------


def exchange(attempt: Attempt, graph: Graph) -> Outcome:
    """The code for a token, at once. One that is too old is not even tried."""
    if trouble.age(attempt) > trouble.CODE_LIVES:
        return trouble.too_late()
    token = graph.exchange(attempt.secrets.get("code", ""))
    expires = wall() + timedelta(seconds=token.seconds) if token.seconds else None
    return Outcome(
        changes={"token_expires_at": expires}, secrets={"code": "", "token": token.value}
    )


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
        if trouble.age(attempt) < EVENT_WAIT:
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
    if trouble.may_be_ours(attempt) and existing:
        return trouble.not_yet(attempt)
    if graph.funded(attempt.waba_id):
        # By a share of an unknown business, or by the owner's card: it cannot be changed later.
        return Outcome(found={"allocation": ""})
    if trouble.may_be_ours(attempt) and not attempt.business_id:
        return trouble.not_yet(attempt)
    currency = (attempt.found.get("account") or {}).get("currency") or "IDR"
    try:
        return Outcome(found={"allocation": graph.share(credit_id, attempt.waba_id, currency)})
    except DriverError as error:
        return trouble.asked(attempt, error)


def credit(attempt: Attempt, graph: Graph) -> Outcome:
    """The account is paid by what was shared; one that somebody pays already is left so."""
    if not attempt.found.get("allocation"):
        return Outcome()
    if graph.credit_arrived(attempt.found["allocation"], attempt.waba_id):
        return Outcome(found={"credit": "shared"})
    return trouble.not_yet(attempt)


def register(attempt: Attempt, graph: Graph) -> Outcome:
    """The number sends through the Cloud API; one that does already is left alone. Where we asked
    and never heard the answer it was us: the PIN is ours to keep."""
    if graph.number(attempt.token, attempt.phone_id).registered:
        return Outcome(found={"registered": "now" if trouble.may_be_ours(attempt) else "before"})
    try:
        graph.register(attempt.token, attempt.phone_id, trouble.pin_of(attempt))
    except DriverError as error:
        return trouble.asked(attempt, error)
    return Outcome(found={"registered": "now"})


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
