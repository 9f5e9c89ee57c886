"""The Meta app of this installation: what Embedded Signup and its callbacks need of it.

Saved in the admin area over the environment. Each value is one declared field; the form and the
masking follow from them. Nothing here commits, nothing here calls Meta.
"""

import json
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select, update

from portal.config import Settings
from portal.core.driverkit import ConfigField, Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.locks import one_at_a_time
from portal.infra.secrets import UndecryptableError
from portal.infra.timekeeping import wall
from portal.messaging.channels import UNREADABLE, filled
from portal.messaging.drivers._fields import digits, printable
from portal.messaging.drivers._meta_versions import DEFAULT
from portal.messaging.models_meta import MetaApp
from portal.web.sentences import N_

SDK = "https://connect.facebook.net/en_US/sdk.js"
GRAPH = "https://graph.facebook.com"
ROW = 1


def _https(value: str) -> str | None:
    parts = urlsplit(value)
    known = parts.hostname or ""
    if parts.scheme == "https" and (known == "facebook.com" or known.endswith(".facebook.com")):
        return None
    return N_("Tautan Hosted Embedded Signup diawali https:// dan berada di facebook.com.")


FIELDS = (
    ConfigField(
        "app_id",
        "App ID",
        N_("Dari App settings > Basic di developers.facebook.com."),
        required=True,
        env="META_APP_ID",
        check=digits,
    ),
    ConfigField(
        "app_secret",
        "App Secret",
        N_(
            "Dari halaman yang sama. Dua secret dipisah koma saat menggantinya, yang baru di depan."
        ),
        secret=True,
        required=True,
        env="META_WA_APP_SECRET",
        check=printable,
    ),
    ConfigField(
        "config_id",
        "Configuration ID",
        N_("Dari Facebook Login for Business > Configurations, varian WhatsApp Embedded Signup."),
        required=True,
        env="META_ES_CONFIG_ID",
        check=digits,
    ),
    ConfigField(
        "verify_token",
        "Verify Token",
        N_("Untuk jabat tangan webhook. Kosongkan: Loket membuatnya sendiri."),
        secret=True,
        env="META_WA_VERIFY_TOKEN",
        check=printable,
    ),
    ConfigField(
        "hosted_url",
        N_("Tautan Hosted Embedded Signup"),
        N_("Jalan tanpa JavaScript, dari halaman yang sama di dasbor aplikasi. Boleh kosong."),
        env="META_ES_HOSTED_URL",
        check=_https,
    ),
    ConfigField(
        "system_token",
        N_("Token system user (Solution Partner)"),
        N_(
            "Hanya bila perusahaan Anda Solution Partner dengan lini kredit: token system user "
            "Admin dengan izin business_management dan peran Finance Editor."
        ),
        secret=True,
        env="META_SYSTEM_TOKEN",
        check=printable,
    ),
    ConfigField(
        "business_id",
        N_("Business ID (Solution Partner)"),
        N_("ID portofolio bisnis pemilik lini kredit."),
        env="META_BUSINESS_ID",
        check=digits,
    ),
    ConfigField(
        "system_user_id",
        N_("ID system user (Solution Partner)"),
        N_("Diberi akses ke tiap akun WhatsApp yang dihubungkan."),
        env="META_SYSTEM_USER_ID",
        check=digits,
    ),
)
PARTNER = ("system_token", "business_id", "system_user_id")


@dataclass(frozen=True)
class App:
    """The app as configured now. `problem`: why what was saved cannot be read."""

    values: Mapping[str, str] = field(repr=False)
    base_url: str = GRAPH
    version: str = DEFAULT
    sdk_url: str = SDK
    problem: str = ""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def secret(self) -> str:
        """The newest of the app secrets: what codes are exchanged with."""
        return self["app_secret"].split(",")[0].strip()

    @property
    def missing(self) -> list[ConfigField]:
        """What must be filled in before anybody can connect a number."""
        return [one for one in FIELDS if one.required and not self[one.name]]

    @property
    def ready(self) -> bool:
        return not self.missing and not self.problem

    @property
    def partner(self) -> bool:
        """Whether the owner shares a credit line: a Solution Partner."""
        return all(self[name] for name in PARTNER)

    @property
    def half_partner(self) -> bool:
        """Some of a partner's values without the others."""
        return any(self[name] for name in PARTNER) and not self.partner

    @property
    def own_sdk(self) -> str:
        """The origin of another SDK than Facebook's: a simulator; empty for the real one."""
        parts = urlsplit(self.sdk_url)
        return "" if self.sdk_url == SDK else f"{parts.scheme}://{parts.netloc}"

    def hook_values(self) -> dict[str, str]:
        """What the meta driver needs to believe a callback of this app."""
        return {"app_secret": self["app_secret"], "verify_token": self["verify_token"]}


def _settings() -> Settings:
    found: Settings = current_app.extensions["loket.settings"]
    return found


def env_values() -> dict[str, str]:
    """What the environment says about the fields."""
    return {one.name: _settings().get(one.env) for one in FIELDS}


def stored() -> dict[str, str]:
    """What the owner saved. Raises Misconfigured when it cannot be decrypted."""
    try:
        raw = db.session.scalar(select(MetaApp.config).where(MetaApp.id == ROW))
    except UndecryptableError:
        raise Misconfigured(UNREADABLE) from None
    return filled(json.loads(raw)) if raw else {}


def current() -> App:
    """The app in force. A simulator's SDK is believed outside production only."""
    settings = _settings()
    try:
        values, problem = {**env_values(), **stored()}, ""
    except Misconfigured as error:
        values, problem = env_values(), error.sentence
    sdk = SDK if settings.production else settings.get("META_SDK_URL", SDK)
    return App(
        values=values,
        base_url=settings.get("META_GRAPH_BASE_URL", GRAPH).rstrip("/"),
        version=settings.get("META_GRAPH_VERSION", DEFAULT),
        sdk_url=sdk,
        problem=problem,
    )


def problems(values: Mapping[str, str]) -> dict[str, str]:
    """Errors by field name."""
    found = {}
    for one in FIELDS:
        value = values.get(one.name, "")
        if value and one.check and (sentence := one.check(value)):
            found[one.name] = sentence
    return found


def save(values: Mapping[str, str]) -> dict[str, str]:
    """Keep what differs from the environment; returns errors by field and keeps nothing then.
    Audited, secrets as "diubah"."""
    errors = problems(values)
    if errors:
        return errors
    env = env_values()
    try:
        before = stored()
    except Misconfigured:
        before = {}
    kept = {name: value for name, value in filled(values).items() if value != env.get(name)}
    if kept != before:
        _write(kept)
        changed = [one for one in FIELDS if before.get(one.name, "") != kept.get(one.name, "")]
        audit.record(
            "whatsapp.app",
            "meta_app",
            before={f.name: "••••" if f.secret else before.get(f.name, "") for f in changed},
            after={f.name: "diubah" if f.secret else kept.get(f.name, "") for f in changed},
        )
    return {}


def make_verify_token() -> None:
    """The app has a verify token from now on, made here when nobody chose one."""
    if current()["verify_token"]:
        return
    one_at_a_time("meta_app")
    db.session.expire_all()
    if not current()["verify_token"]:
        _write({**stored(), "verify_token": random.token_urlsafe(24)})


def _write(values: Mapping[str, str]) -> None:
    """Over whatever was there, readable or not."""
    kept = {"config": json.dumps(dict(values)), "updated_at": wall()}
    if not updated(update(MetaApp).where(MetaApp.id == ROW).values(**kept)):
        db.session.add(MetaApp(id=ROW, **kept))
        db.session.flush()
