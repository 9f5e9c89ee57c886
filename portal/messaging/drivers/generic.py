"""Any WhatsApp provider with a plain HTTP API: every name it uses is configuration.

For services without a driver of their own: `WA_API_URL`, `WA_API_KEY`, and what its guide calls
its fields. Names may be paths (`message.text` nests in JSON, `data.0.id` reads an answer). The
key goes only to the host of the address; answers are judged by HTTP status and by the rule for
success, without which they are judged as a gateway's (`_gateway_answers.py`).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from portal.core.driverkit import Capability, Health, Misconfigured, Permanent
from portal.core.phone import PhoneNumber
from portal.infra.http import Http, Reply
from portal.messaging.drivers import _gateway_answers
from portal.messaging.drivers._generic_fields import FIELDS, KEY_PLACES, SCHEMES
from portal.messaging.drivers._reading import words
from portal.messaging.drivers.base import Group, Limits, MessageDriver, OutgoingMessage, Receipt

_NAMES = ("number_field", "text_field", "media_field", "group_field")


class Generic(MessageDriver):
    """A provider described by its field names."""

    kind = "generic"
    label = "Penyedia lain (generik)"
    capabilities = frozenset({Capability.TEXT, Capability.MEDIA, Capability.GROUP})
    # Unknown providers mostly hold a number paired by QR.
    limits = Limits(per_minute=10, per_day=1000, spacing_min=3, spacing_max=8)
    in_flight = 4
    fields = FIELDS

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        super().__init__(config, http)
        self.config = {name: value.strip() for name, value in self.config.items()}
        able = {Capability.TEXT}
        if self.config["media_field"]:
            able.add(Capability.MEDIA)
        if self.config["group_form"] != "none":
            able.add(Capability.GROUP)
        self.capabilities = frozenset(able)  # type: ignore[misc]

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        """Also that no two values go into the same field."""
        errors = super().check_config(config)
        names = [name for name in _NAMES if config.get(name)]
        if config.get("key_in") in KEY_PLACES:
            names.append("key_field")
        defaults = {declared.name: declared.default for declared in cls.fields}
        taken: dict[str, str] = {}
        for name in dict.fromkeys(("number_field", "text_field", *names)):
            value = (config.get(name) or defaults[name]).strip()
            shared = {name, taken.get(value)} == {"number_field", "group_field"}
            if value in taken and not shared:
                errors.setdefault(name, "Nama ini sudah dipakai isian lain.")
            taken.setdefault(value, name)
        return errors

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        """Everything but the key."""
        fixed = dict(parse_qsl(self.config["extra"], keep_blank_values=True))
        values: dict[str, str] = {**fixed, **self._addressed(message)}
        values[self.config["text_field"]] = message.text
        if message.media is not None and self.config["media_field"]:
            values[self.config["media_field"]] = message.media.url
        return self._nested(values)

    def _addressed(self, message: OutgoingMessage) -> dict[str, str]:
        if message.to_group:
            if self.config["group_form"] == "none":
                raise Permanent("Penyedia ini tidak diatur untuk grup.", elsewhere=True)
            name = self.config["group_field"] or self.config["number_field"]
            whole = self.config["group_form"] == "jid"
            return {name: message.to if whole else message.to.removesuffix("@g.us")}
        digits = message.to.lstrip("+")
        forms = {
            "digits": digits,
            "plus": f"+{digits}",
            "local": PhoneNumber(message.to).local().replace("-", ""),
            "c_us": f"{digits}@c.us",
            "s_whatsapp_net": f"{digits}@s.whatsapp.net",
        }
        return {self.config["number_field"]: forms[self.config["number_form"]]}

    def _nested(self, values: Mapping[str, str]) -> dict[str, Any]:
        """`a.b` as an object in JSON; elsewhere it is just a name."""
        if self.config["method"] == "get" or self.config["format"] == "form":
            return dict(values)
        nested: dict[str, Any] = {}
        for name, value in values.items():
            *parents, last = name.split(".")
            place = nested
            for parent in parents:
                inner = place.setdefault(parent, {})
                if not isinstance(inner, dict):
                    raise Misconfigured(f"Nama isian {name} bertabrakan dengan isian lain.")
                place = inner
            place[last] = value
        return nested

    def send(self, message: OutgoingMessage) -> Receipt:
        return self._judge(self._call(self.config["url"], self.payload(message)))

    def _call(self, url: str, values: Mapping[str, Any] | None, method: str = "") -> Reply:
        """One request with the key where it belongs."""
        method = method or self.config["method"]
        place, key = self.config["key_in"], self.config["api_key"]
        sent, query, headers = dict(values or {}), {}, {}
        if place == "header":
            headers[self.config["key_header"]] = SCHEMES[self.config["key_scheme"]] + key
        elif place == "query" or (place == "body" and method == "get"):
            query[self.config["key_field"]] = key
        elif place == "body":
            sent = self._nested({self.config["key_field"]: key}) | sent
        if method == "get":
            return self.http.request("GET", url, headers=headers, params={**sent, **query})
        as_form = self.config["format"] == "form"
        body: dict[str, Any] = {"data" if as_form else "json": sent}
        return self.http.request("POST", url, headers=headers, params=query, **body)

    def _judge(self, reply: Reply) -> Receipt:
        path = self.config["ok_path"]
        said = reply.json()
        found = at(said, self.config["id_path"]) if self.config["id_path"] else None
        if not path:
            receipt = _gateway_answers.judge(reply, plain_text=False)
            known = words(found) or receipt.provider_id
            return Receipt(known or None, receipt.answer, receipt.http_status)
        wanted = {value.strip().lower() for value in self.config["ok_value"].split(",")}
        value = at(said, path)
        verdict = None if value is None else _plain(value) in wanted
        told = words(at(said, self.config["error_path"])) if self.config["error_path"] else ""
        return _gateway_answers.settle(
            reply, verdict, found, told or _gateway_answers.words_of(reply)
        )

    def check(self) -> Health:
        """There is no common health call: we only say whether the server answers."""
        reply = self.http.request("GET", self._beside("/"))
        return Health(True, "Server penyedia menjawab.", {"http": str(reply.status)})

    def _beside(self, path: str) -> str:
        """An address at the same server: nobody else gets the key."""
        own = self.config["url"]
        try:
            url = urljoin(own, path)
            if urlsplit(url)[:2] == urlsplit(own)[:2]:
                return url
        except ValueError:  # a bracket in the host
            pass
        raise Misconfigured("Alamat daftar grup harus di server yang sama.")

    def groups(self) -> list[Group]:
        """Asks the list-groups path, on the same host. Raises DriverError."""
        path = self.config["groups_path"]
        if not path:
            raise Permanent("Alamat daftar grup belum diisi. Salin ID grup dari dasbor penyedia.")
        url = self._beside(path)
        reply = self._call(url, None, self.config["groups_method"])
        said = reply.json()
        if not 200 <= reply.status < 300 or said is None:
            _gateway_answers.settle(reply, None, None, _gateway_answers.words_of(reply))
        return [
            group for row in _rows(said, self.config["groups_at"]) if (group := self._group(row))
        ]

    def _group(self, row: Mapping[str, Any]) -> Group | None:
        own_id = words(at(row, self.config["group_id_at"])).strip()
        if own_id and "@" not in own_id and self.config["group_form"] == "digits":
            own_id += "@g.us"
        name = words(at(row, self.config["group_name_at"]))[:200]
        return Group(own_id[:80], name or own_id) if own_id.endswith("@g.us") else None


def at(data: Any, path: str) -> Any:
    """The value at `a.0.b`; None where there is none."""
    for step in path.split(".") if path else ():
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and len(step) < 6:
            data = data[int(step)] if int(step) < len(data) else None
        else:
            return None
    return data


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else words(value).lower()


def _rows(said: Any, path: str) -> list[Mapping[str, Any]]:
    """The list of groups: where the path says, else the first list or object of objects."""
    found = at(said, path) if path else _first_list(said)
    if isinstance(found, dict):
        # Some answer with an object whose names are the ids.
        rows = [(key, row) for key, row in found.items() if isinstance(row, dict)]
        return [{"id": key, **row} for key, row in rows]
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _first_list(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    inner = list(said.values())
    return next((value for value in inner if isinstance(value, list)), None) or next(
        (value for value in inner if isinstance(value, dict)), None
    )


DRIVER = Generic
