"""The channel that comes of an attempt: made once per phone number id, or given its new token.

All in one transaction with the step that says so. Nothing here calls Meta, nothing commits.
"""

import json
from contextlib import suppress

from sqlalchemy import select

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.locks import one_at_a_time
from portal.infra.timekeeping import wall
from portal.messaging import (
    channel_areas,
    channel_config,
    channel_order,
    channels,
    meta_app,
    numbers,
)
from portal.messaging.channel_config import LONGEST_NAME, stored_values
from portal.messaging.models_channels import Channel
from portal.messaging.numbers import META
from portal.messaging.registry import REGISTRY
from portal.signup.models import Signup, SignupNumber
from portal.signup.outcomes import Outcome

COEXISTENCE_PER_SECOND = 20
"""Messages a second of a number that stays in the WhatsApp Business app too."""
DEFAULT_NAME = "WhatsApp"
DUMMY = "console"
"""The driver of development, which sends nothing."""


def connect(row: Signup) -> Outcome:
    """Write channel and number; raises Misconfigured when Meta's values will not do."""
    one_at_a_time("signup.channel")
    secrets = json.loads(row.secrets)
    about = row.found.get("number") or {}
    channel_id = numbers.by_number(row.phone_id)
    made = channel_id is None
    if channel_id is None:
        name = _free_name(row.brand or about.get("name") or DEFAULT_NAME, about.get("display", ""))
        channel_id = channel_config.add(META, name)
    _configure(channel_id, row, secrets["token"])
    _meant_for(channel_id, row)
    _bring_into_force(channel_id)
    _remember(channel_id, row, secrets)
    audit.record(
        "whatsapp.signup",
        f"channel:{channel_id}",
        after={"signup": row.id, "waba_id": row.waba_id, "made": made},
    )
    return Outcome(changes={"channel_id": channel_id}, found={"made": made})


def _configure(channel_id: int, row: Signup, token: str) -> None:
    app = meta_app.current()
    try:
        before = stored_values(META, channel_id)
    except Misconfigured:
        before = {}
    values = {
        **before,
        "access_token": token,
        "phone_number_id": row.phone_id,
        "waba_id": row.waba_id,
        **app.hook_values(),
    }
    errors = channel_config.save(META, values, channel_id)
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    if row.event == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING":
        channel = channel_config.row_of(META, channel_id)[0]
        channel.per_second = channel.per_second or COEXISTENCE_PER_SECOND
        db.session.flush()


def _meant_for(channel_id: int, row: Signup) -> None:
    """Brand and areas of the attempt; where it names none, those the channel has stay."""
    brand = db.session.scalar(select(Channel.brand).where(Channel.id == channel_id)) or ""
    areas = channel_areas.known([str(one) for one in row.area_ids])
    before = channel_areas.by_channel().get(channel_id, frozenset())
    channel_areas.save(channel_id, row.brand or brand, areas or before)


def _free_name(wanted: str, display: str) -> str:
    """A name no other channel has: the brand, then with the number, then counted."""
    wanted = "".join(letter for letter in wanted if letter.isprintable()).strip() or DEFAULT_NAME
    numbered = f"{wanted[: LONGEST_NAME - 22]} {display}".strip()[:LONGEST_NAME]
    counted = (f"{wanted[: LONGEST_NAME - 5]} {count}" for count in range(2, 1000))
    for name in (wanted[:LONGEST_NAME], numbered, *counted):
        if not channel_config.name_problem(name):
            return name
    return numbered


def _bring_into_force(channel_id: int) -> None:
    """Behind what is in force. A channel of the environment that sends so far becomes a stored
    one first: it would no longer count beside a stored one."""
    in_force = channel_config.in_force()
    if channel_id in in_force:
        return
    if not in_force:
        with suppress(Misconfigured):
            _store_environment(channel_id)
        in_force = channel_config.in_force()
    if in_force:
        channel_order.stand_in(channel_id)
    else:
        channel_order.promote(channel_id)


def _store_environment(channel_id: int) -> None:
    env = channels.environment_kind()
    if env in {"", DUMMY}:
        return
    values = channels.env_values(env)
    new = channel_config.merged_values(META, channel_id)
    if env == META and values.get("phone_number_id") in {"", new["phone_number_id"]}:
        return
    if REGISTRY.get(env).check_config(values):
        return
    label = REGISTRY.get(env).label
    main = channel_config.add(env, _free_name(f"{label[: LONGEST_NAME - 8]} (.env)", ""))
    channel_order.promote(main)


def _remember(channel_id: int, row: Signup, secrets: dict[str, str]) -> None:
    number = db.session.scalar(
        select(SignupNumber).where(
            (SignupNumber.phone_id == row.phone_id) | (SignupNumber.channel_id == channel_id)
        )
    )
    if number is None:
        number = SignupNumber(phone_id=row.phone_id, connected_at=wall())
        db.session.add(number)
    about, account = row.found.get("number") or {}, row.found.get("account") or {}
    number.channel_id, number.phone_id, number.waba_id = channel_id, row.phone_id, row.waba_id
    number.business_id = row.business_id or row.told_business_id or number.business_id or ""
    number.display, number.verified_name = about.get("display", ""), about.get("name", "")
    number.waba_name, number.namespace = account.get("name", ""), account.get("namespace", "")
    number.token_expires_at = row.token_expires_at
    number.told_expiry = number.told_days = None
    number.ended_at, number.ended_why = None, ""
    number.connected_at = wall()
    if row.found.get("registered") == "now":
        number.pin = secrets.get("typed") or number.pin or secrets.get("pin")
    if row.found.get("credit") == "shared":
        number.credit, number.allocation_id = "shared", row.found["allocation"]
    db.session.flush()
