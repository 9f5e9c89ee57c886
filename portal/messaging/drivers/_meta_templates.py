"""Meta's template edges: list, create, edit, delete (Graph v25, November 2026).

Needs the permission whatsapp_business_management and the Business Account ID. A list comes in
pages; a cursor that went stale (131059) is dropped and the list begun again, once.
"""

from typing import Any
from urllib.parse import urlencode

from portal.core.driverkit import DriverError, Misconfigured, Permanent, Retryable
from portal.infra.http import Reply
from portal.messaging.drivers._kinds import NAMES
from portal.messaging.drivers._meta_fields import template_parts
from portal.messaging.drivers._meta_template_errors import EXISTS
from portal.messaging.drivers.approved import (
    Brings,
    RemoteTemplate,
    TemplateDraft,
    TemplateExists,
)

FIELDS = "name,language,status,category,quality_score,rejected_reason,components,parameter_format"
# A body may have 1024 characters and an answer of ours 256 KB.
PAGE_SIZE = 50
MOST_PAGES = 130
"""More than the 6000 templates an account may have."""
STALE_CURSOR = "131059"


class TemplateCalls:
    """For `MetaCloud`. Every call raises DriverError; Permanent for a text Meta refuses."""

    config: dict[str, str]

    def _call(self, method: str, path: str, body: Any = None) -> Reply:
        raise NotImplementedError

    def templates(self) -> list[RemoteTemplate]:
        """Every template of the account, in all languages."""
        path = f"{self._account()}/message_templates"
        for _attempt in range(2):
            try:
                return self._pages(path)
            except DriverError as error:
                if error.code != STALE_CURSOR:
                    raise
        raise Retryable("Daftar template berubah selagi dibaca. Coba lagi.", code=STALE_CURSOR)

    def brings(self, kind: str) -> Brings:
        """What `_meta_payload.py` fills a template of that kind with."""
        try:
            parts = template_parts(self.config.get("template_parts", "")).get(kind, {})
        except ValueError:  # from the environment, which no form checked
            parts = {}
        header = parts.get("header", "")
        return Brings(
            names=NAMES[kind],
            # Meta writes the text of a login code itself, with a number.
            named=self.config.get("parameter_format") == "named" and kind != "otp_code",
            header=header if header in {"", "media"} else "text",
            links=frozenset(int(part[3:]) for part in parts if part.startswith("url")),
        )

    def create_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Ask approval for a text; what comes back may already have another category."""
        body: dict[str, Any] = {
            "name": draft.name,
            "language": draft.language,
            "category": draft.category,
            "components": list(draft.components),
            **_lives(draft.lives),
        }
        if draft.category != "AUTHENTICATION":
            body["parameter_format"] = draft.parameter_format
        try:
            reply = self._call("POST", f"{self._account()}/message_templates", body)
        except Permanent as error:
            if error.code != EXISTS:
                raise
            raise TemplateExists(error.sentence, code=EXISTS, detail=error.detail) from None
        said = _object(reply)
        if not said.get("id"):
            raise _unreadable(reply)
        return RemoteTemplate(
            provider_id=str(said["id"]),
            name=draft.name,
            language=draft.language,
            status=_word(said.get("status")) or "PENDING",
            category=_word(said.get("category")) or draft.category,
            parameter_format=draft.parameter_format,
            components=draft.components,
        )

    def edit_template(self, provider_id: str, draft: TemplateDraft) -> None:
        """Replace the text of an approved, rejected or paused template; it is reviewed again."""
        body = {"components": list(draft.components), **_lives(draft.lives)}
        self._done("POST", provider_id, body)

    def delete_template(self, name: str, provider_id: str = "") -> None:
        """Remove one language of a template, or without `provider_id` all of them. Meta then
        keeps the name locked for 30 days."""
        asked = {"name": name} | ({"hsm_id": provider_id} if provider_id else {})
        self._done("DELETE", f"{self._account()}/message_templates?{urlencode(asked)}")

    def _account(self) -> str:
        found = self.config.get("waba_id", "")
        if not found:
            raise Misconfigured("Isi Business Account ID dahulu: template tersimpan di sana.")
        return found

    def _done(self, method: str, path: str, body: Any = None) -> None:
        reply = self._call(method, path, body)
        if _object(reply).get("success") is not True:
            raise Permanent(
                "Meta tidak menjalankan perubahan template ini.",
                detail=reply.text[:300],
                http_status=reply.status,
            )

    def _pages(self, path: str) -> list[RemoteTemplate]:
        found: dict[tuple[str, str], RemoteTemplate] = {}
        asked = {"fields": FIELDS, "limit": str(PAGE_SIZE)}
        seen = set()
        for _turn in range(MOST_PAGES):
            reply = self._call("GET", f"{path}?{urlencode(asked)}")
            data = _object(reply)
            if not isinstance(data.get("data"), list):
                raise _unreadable(reply)
            for item in data["data"]:
                if (read := _read(item)) is not None:
                    found[read.name, read.language] = read
            cursor = _cursor(data.get("paging"))
            if not cursor:
                return list(found.values())
            if cursor in seen:
                break
            seen.add(cursor)
            asked["after"] = cursor
        raise Retryable("Daftar template Meta tidak pernah habis.", detail=f"{len(found)} template")


def _lives(seconds: int | None) -> dict[str, int]:
    return {} if seconds is None else {"message_send_ttl_seconds": seconds}


def _object(reply: Reply) -> dict[str, Any]:
    data = reply.json()
    if not isinstance(data, dict):
        raise _unreadable(reply)
    return data


def _unreadable(reply: Reply) -> Retryable:
    return Retryable(
        "Jawaban Meta tidak dikenal, hasilnya belum pasti.",
        detail=reply.text[:300],
        http_status=reply.status,
        outcome_unknown=True,
    )


def _cursor(paging: Any) -> str:
    """Where the next page begins; empty on the last one, whose cursor leads nowhere."""
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    return str(cursors.get("after") or "") if isinstance(cursors, dict) else ""


def _read(item: Any) -> RemoteTemplate | None:
    if not isinstance(item, dict) or not item.get("name") or not item.get("language"):
        return None
    score = item.get("quality_score")
    parts = item.get("components")
    reason = _word(item.get("rejected_reason"))
    return RemoteTemplate(
        provider_id=str(item.get("id") or ""),
        name=str(item["name"]),
        language=str(item["language"]).replace("-", "_"),
        status=_word(item.get("status")) or "UNKNOWN",
        category=_word(item.get("category")),
        quality=_word(score.get("score") if isinstance(score, dict) else score),
        reason="" if reason == "NONE" else reason,
        parameter_format=_word(item.get("parameter_format")) or "POSITIONAL",
        components=[part for part in parts if isinstance(part, dict)]
        if isinstance(parts, list)
        else [],
    )


def _word(value: Any) -> str:
    """One of Meta's fixed words, whose case it does not always keep."""
    return value.strip().upper()[:40] if isinstance(value, str) else ""
