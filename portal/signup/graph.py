"""The calls to Meta that connect a number, and the answers as small values.

Through the one HTTP door, which keeps no address: the exchange has the app secret in its query.
Every call raises DriverError and nothing else; errors carry Meta's words without numbers.
https://developers.facebook.com/docs/whatsapp/embedded-signup (November 2026)
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from portal.core.driverkit import Misconfigured, Permanent, Retryable
from portal.infra.http import Http, Reply
from portal.messaging.drivers import _meta_errors
from portal.messaging.drivers._reading import as_dict, as_list, ident, words
from portal.messaging.meta_app import App
from portal.signup.graph_values import (
    Account,
    CodeRefused,
    Grant,
    Number,
    Subscribed,
    Token,
    moment,
    number_of,
    targets,
)

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,code_verification_status,name_status,status,"
    "platform_type,quality_rating"
)
ACCOUNT_FIELDS = "id,name,currency,message_template_namespace"
MANAGE, SEND = "whatsapp_business_management", "whatsapp_business_messaging"
MOST_PAGES = 20
UNREADABLE = "Jawaban Meta tidak dikenal, hasilnya belum pasti."
WRONG_APP = "Meta menolak App ID atau App Secret. Periksa di Aplikasi Meta."


class Graph:
    """One app's calls. `http` is the door everybody uses."""

    def __init__(self, app: App, http: Http) -> None:
        self.app = app
        self._http = http

    # The permission ------------------------------------------------------------------

    def exchange(self, code: str) -> Token:
        """A code of the dialog for a token, within its 30 seconds and once.

        Raises CodeRefused when it is too late; Misconfigured for a wrong app secret.
        """
        asked = {"client_id": self.app["app_id"], "client_secret": self.app.secret, "code": code}
        reply = self._http.request("GET", self._url("oauth/access_token", asked))
        if reply.status != 200:
            raise _exchange_error(reply)
        data = as_dict(reply.json())
        value = words(data.get("access_token"), 1000) or words(data.get("business_token"), 1000)
        if not value:
            raise Retryable(UNREADABLE, http_status=reply.status, outcome_unknown=True)
        seconds = data.get("expires_in")
        known = isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0
        return Token(value, seconds if known else None)

    def inspect(self, token: str) -> Grant:
        """What Meta's server says about a token."""
        data = as_dict(
            self._get("debug_token", self._own_token(), {"input_token": token}).get("data")
        )
        accounts = targets(data, MANAGE)
        return Grant(
            valid=data.get("is_valid") is True,
            app_id=words(data.get("app_id"), 40),
            scopes=frozenset(words(one, 80) for one in as_list(data.get("scopes"))),
            accounts=accounts,
            expires_at=moment(data.get("expires_at")),
        )

    def _own_token(self) -> str:
        return self.app["system_token"] or f"{self.app['app_id']}|{self.app.secret}"

    # The account and its numbers -----------------------------------------------------

    def account(self, token: str, waba_id: str) -> Account:
        """Name, currency and namespace."""
        said = self._get(waba_id, token, {"fields": ACCOUNT_FIELDS})
        return Account(
            id=ident(said.get("id")),
            name=words(said.get("name"), 120),
            currency=words(said.get("currency"), 5),
            namespace=words(said.get("message_template_namespace"), 80),
        )

    def numbers(self, token: str, waba_id: str) -> list[Number]:
        """All its phone numbers."""
        listed = self._pages(f"{waba_id}/phone_numbers", token, {"fields": NUMBER_FIELDS})
        return [read for one in listed if (read := number_of(one)).id]

    def number(self, token: str, phone_id: str) -> Number:
        """One of them as it is now."""
        return number_of(self._get(phone_id, token, {"fields": NUMBER_FIELDS}))

    def client_accounts(self) -> list[str]:
        """The WABAs that clients share with a partner, newest first."""
        path = f"{self.app['business_id']}/client_whatsapp_business_accounts"
        listed = self._pages(path, self.app["system_token"], {"fields": "id,name"})
        return [found for one in listed if (found := ident(one.get("id")))]

    # Webhooks and sending ------------------------------------------------------------

    def subscribed(self, token: str, waba_id: str) -> Subscribed | None:
        """Our app's subscription; None without one."""
        for one in self._pages(f"{waba_id}/subscribed_apps", token, {}):
            about = as_dict(one.get("whatsapp_business_api_data"))
            if words(about.get("id"), 40) == self.app["app_id"]:
                return Subscribed(words(one.get("override_callback_uri"), 300))
        return None

    def subscribe(
        self, token: str, waba_id: str, callback: str = "", verify_token: str = ""
    ) -> None:
        """Callbacks of the account come to the app; with `callback` to that address, where Meta
        shakes hands meanwhile. The same again changes nothing."""
        own = {"override_callback_uri": callback, "verify_token": verify_token}
        body = own if callback else None
        self._done("POST", f"{waba_id}/subscribed_apps", token, body)

    def register(self, token: str, phone_id: str, pin: str) -> None:
        """Let the number send through the Cloud API, with its two-step PIN of six digits."""
        self._done(
            "POST", f"{phone_id}/register", token, {"messaging_product": "whatsapp", "pin": pin}
        )

    # What a Solution Partner does, with the system user's token --------------------------

    def assigned(self, waba_id: str) -> bool:
        """Whether the system user may manage the account."""
        asked = {"business": self.app["business_id"]}
        listed = self._pages(f"{waba_id}/assigned_users", self.app["system_token"], asked)
        wanted = self.app["system_user_id"]
        found = [one for one in listed if ident(one.get("id")) == wanted]
        return any("MANAGE" in as_list(one.get("tasks")) or "tasks" not in one for one in found)

    def assign(self, waba_id: str) -> None:
        """Give the system user the account."""
        asked = {"user": self.app["system_user_id"], "tasks": "['MANAGE']"}
        self._done("POST", f"{waba_id}/assigned_users?{urlencode(asked)}", self.app["system_token"])

    def credit_line(self) -> str:
        """The id of the partner's credit line. Raises Misconfigured without one."""
        path = f"{self.app['business_id']}/extendedcredits"
        listed = self._pages(path, self.app["system_token"], {"fields": "id,legal_entity_name"})
        found = [ident(one.get("id")) for one in listed if ident(one.get("id"))]
        if not found:
            raise Misconfigured(
                "Portofolio bisnis ini tidak punya lini kredit. Setujui ketentuannya di Meta "
                "Business: Payments, atau kosongkan isian Solution Partner."
            )
        return found[0]

    def allocations(self, credit_id: str, business_id: str) -> list[str]:
        """Shares of the credit line that a business already has."""
        path = f"{credit_id}/owning_credit_allocation_configs"
        asked = {"receiving_business_id": business_id}
        listed = self._pages(path, self.app["system_token"], asked)
        return [found for one in listed if (found := ident(one.get("id")))]

    def share(self, credit_id: str, waba_id: str, currency: str) -> str:
        """Share the credit line with an account; returns the allocation's id."""
        asked = urlencode({"waba_id": waba_id, "waba_currency": currency})
        path = f"{credit_id}/whatsapp_credit_sharing_and_attach?{asked}"
        said = self._call("POST", path, self.app["system_token"])
        found = ident(said.get("allocation_config_id"))
        if not found:
            raise Retryable(UNREADABLE, outcome_unknown=True)
        return found

    def funded(self, waba_id: str) -> bool:
        """Whether somebody pays for the account already."""
        said = self._get(waba_id, self.app["system_token"], {"fields": "primary_funding_id"})
        return bool(ident(said.get("primary_funding_id")))

    def credit_arrived(self, allocation_id: str, waba_id: str) -> bool:
        """Whether the account is paid by that share: both name the same credential."""
        token = self.app["system_token"]
        given = self._get(allocation_id, token, {"fields": "receiving_credential"})
        funded = self._get(waba_id, token, {"fields": "primary_funding_id"})
        said = given.get("receiving_credential")
        credential = ident(as_dict(said).get("id")) or ident(said)
        return bool(credential) and credential == ident(funded.get("primary_funding_id"))

    def revoke(self, allocation_id: str) -> None:
        """Take the shared credit line back."""
        self._call("DELETE", allocation_id, self.app["system_token"])

    # The wire ----------------------------------------------------------------------------

    def _url(self, path: str, asked: Mapping[str, str] | None = None) -> str:
        query = f"?{urlencode(asked)}" if asked else ""
        return f"{self.app.base_url}/{self.app.version}/{path}{query}"

    def _get(self, path: str, token: str, asked: Mapping[str, str]) -> dict[str, Any]:
        query = f"?{urlencode(asked)}" if asked else ""
        return self._call("GET", f"{path}{query}", token)

    def _call(self, method: str, path: str, token: str, body: Any = None) -> dict[str, Any]:
        reply = self._http.request(
            method, self._url(path), headers={"Authorization": f"Bearer {token}"}, json=body
        )
        if reply.status != 200:
            raise _meta_errors.from_reply(reply)
        said = reply.json()
        if not isinstance(said, dict):
            raise Retryable(UNREADABLE, http_status=reply.status, outcome_unknown=True)
        return said

    def _done(self, method: str, path: str, token: str, body: Any = None) -> None:
        if self._call(method, path, token, body).get("success") is not True:
            raise Permanent("Meta tidak menjalankan permintaan ini. Coba lagi.")

    def _pages(self, path: str, token: str, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The objects of every page of a list."""
        cursor, seen = "", set[str]()
        for _turn in range(MOST_PAGES):
            more = {"after": cursor} if cursor else {}
            said = self._get(path, token, {**asked, **more})
            if not isinstance(said.get("data"), list):
                raise Retryable(UNREADABLE, outcome_unknown=True)
            yield from (one for one in said["data"] if isinstance(one, dict))
            paging = as_dict(said.get("paging"))
            cursor = words(as_dict(paging.get("cursors")).get("after"), 500)
            if not paging.get("next") or not cursor or cursor in seen:
                return
            seen.add(cursor)


def _exchange_error(reply: Reply) -> Exception:
    """A refused code is an end; a server's trouble is not. Nothing of the answer is quoted: it is
    about secrets."""
    error = as_dict(as_dict(reply.json()).get("error"))
    code = _meta_errors.number_of(error.get("code"))
    about: dict[str, Any] = {"code": str(code or ""), "http_status": reply.status}
    said = words(error.get("message"), 300).lower()
    if "secret" in said or "validating application" in said or code == 101:
        return Misconfigured(WRONG_APP, **about)
    if code in {4, 17, 32, 613} or reply.status == 429:
        return Retryable("Batas panggilan aplikasi Meta tercapai.", **about)
    if reply.status >= 500 or code in {1, 2}:
        return Retryable("Meta sedang bermasalah.", outcome_unknown=True, **about)
    return CodeRefused("Kode dari Facebook sudah tidak berlaku.", **about)
