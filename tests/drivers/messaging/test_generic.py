"""A provider described by its field names: where each value goes, what a yes is, its groups."""

import contextlib
import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import (
    Capability,
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.channels import env_values
from portal.messaging.drivers.base import Group, Media, MessageDriver
from portal.messaging.drivers.generic import Generic, at
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing

URL = "https://api.test/v1/send"
KEY = "k3y-of-the-owner"
GROUP = "120363012345678901@g.us"


def generic(**config: str) -> Generic:
    return Generic({"url": URL, "api_key": KEY, **config}, Http())


def body() -> Any:
    return json.loads(responses.calls[-1].request.body)  # type: ignore[arg-type]


class TestJson(MessageDriverContract):
    kind = "generic"
    config: ClassVar = {"url": URL, "api_key": KEY}
    url = URL
    accepted = Sample(200, '{"status": true, "id": "m-1"}')
    refused: ClassVar = {
        Permanent: Sample(200, '{"status": false, "reason": "target invalid 6281234567890"}'),
        Misconfigured: Sample(401, '{"message": "Unauthorized"}'),
        RateLimited: Sample(429, "{}", {"Retry-After": "9"}),
        Retryable: Sample(503, '{"status": false, "message": "busy"}'),
    }
    garbage = Sample(200, "<<<%%% lorem ipsum")

    @responses.activate
    def test_the_usual_request(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        assert driver.send(outgoing(text="Halo")).provider_id == "m-1"
        assert body() == {"to": "6281234567890", "message": "Halo"}
        assert responses.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


class TestRule(TestJson):
    """The same with a rule for success: WatZap's shape."""

    config: ClassVar = {
        "url": URL,
        "api_key": KEY,
        "key_in": "body",
        "number_field": "phone_no",
        "extra": "number_key=ALL",
        "ok_path": "status",
        "ok_value": "200, queued",
        "id_path": "data.0.id",
        "error_path": "message",
    }
    accepted = Sample(200, '{"status": "200", "data": [{"id": "m-1"}]}')
    refused: ClassVar = {
        Permanent: Sample(200, '{"status": "1005", "message": "number not registered"}'),
        Misconfigured: Sample(200, '{"status": "1002", "message": "invalid api key"}'),
        RateLimited: Sample(200, '{"status": "1006", "message": "rate limit"}'),
    }

    @responses.activate
    def test_the_usual_request(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        assert driver.send(outgoing(text="Halo")).provider_id == "m-1"
        assert body() == {
            "phone_no": "6281234567890",
            "message": "Halo",
            "number_key": "ALL",
            "api_key": KEY,
        }

    @pytest.mark.parametrize(
        ("status", "answer", "error", "unknown"),
        [
            (200, {"other": 1}, Retryable, True),
            (200, {"status": None}, Retryable, True),
            (500, {"status": "200"}, Retryable, True),
            (200, {"status": "Queued"}, None, False),
            (200, {"status": True}, Permanent, False),
            (404, {}, Misconfigured, False),
        ],
    )
    @responses.activate
    def test_what_an_answer_means(
        self, status: int, answer: Any, error: type[DriverError] | None, unknown: bool
    ) -> None:
        responses.add("POST", URL, json=answer, status=status)
        driver = Generic(self.config, Http())
        if error is None:
            assert driver.send(outgoing()).http_status == status
            return
        with pytest.raises(error) as caught:
            driver.send(outgoing())
        assert caught.value.outcome_unknown is unknown


@pytest.mark.parametrize(
    ("config", "header", "value"),
    [
        ({"key_scheme": "plain"}, "Authorization", KEY),
        ({"key_header": "X-Api-Key", "key_scheme": "plain"}, "X-Api-Key", KEY),
        ({"key_in": "none"}, "Authorization", None),
    ],
)
@responses.activate
def test_the_key_in_a_header(config: dict[str, str], header: str, value: str | None) -> None:
    responses.add("POST", URL, json={"ok": True})
    generic(**config).send(outgoing())
    assert responses.calls[0].request.headers.get(header) == value


@pytest.mark.parametrize("method", ["get", "post"])
@responses.activate
def test_the_key_in_the_address(method: str) -> None:
    responses.add(method.upper(), URL, json={"ok": True})
    generic(key_in="query", key_field="token", method=method).send(outgoing(text="a&b"))
    query = parse_qs(urlsplit(responses.calls[0].request.url or "").query)
    assert query["token"] == [KEY]
    assert ("message" in query) is (method == "get")


@responses.activate
def test_a_form_and_a_get() -> None:
    responses.add("POST", URL, json={"ok": True})
    responses.add("GET", URL, json={"ok": True})
    generic(format="form", text_field="text.body").send(outgoing(text="a&b +1"))
    posted = parse_qs(str(responses.calls[0].request.body))
    assert posted == {"to": ["6281234567890"], "text.body": ["a&b +1"]}
    generic(method="get", key_in="body").send(outgoing(text="a&b +1"))
    asked = parse_qs(urlsplit(responses.calls[1].request.url or "").query)
    assert asked == {"to": ["6281234567890"], "message": ["a&b +1"], "api_key": [KEY]}


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ("digits", "6281234567890"),
        ("plus", "+6281234567890"),
        ("local", "081234567890"),
        ("c_us", "6281234567890@c.us"),
        ("s_whatsapp_net", "6281234567890@s.whatsapp.net"),
    ],
)
def test_forms_of_numbers(form: str, number: str) -> None:
    assert generic(number_form=form).payload(outgoing())["to"] == number


def test_names_may_nest_in_json() -> None:
    driver = generic(text_field="content.text", number_field="recipient.phone.number")
    assert driver.payload(outgoing(text="x")) == {
        "recipient": {"phone": {"number": "6281234567890"}},
        "content": {"text": "x"},
    }
    with pytest.raises(Misconfigured):
        generic(number_field="to", text_field="to.text").payload(outgoing())


def test_files_go_where_the_owner_says() -> None:
    media = Media("image", "https://loket.test/m/1")
    driver = generic(media_field="url")
    assert Capability.MEDIA in driver.capabilities
    assert driver.payload(outgoing(media=media))["url"] == "https://loket.test/m/1"
    assert Capability.MEDIA not in generic().capabilities


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"to": GROUP}),
        ({"group_field": "group_id"}, {"group_id": GROUP}),
        ({"group_form": "digits"}, {"to": GROUP.removesuffix("@g.us")}),
    ],
)
def test_groups_are_addressed_as_the_provider_wants(
    config: dict[str, str], expected: dict[str, str]
) -> None:
    payload = generic(**config).payload(outgoing(to=GROUP, text="x"))
    assert payload == {**expected, "message": "x"}


def test_without_groups_it_says_so() -> None:
    driver = generic(group_form="none")
    assert Capability.GROUP not in driver.capabilities
    with pytest.raises(Permanent):
        driver.payload(outgoing(to=GROUP))


@pytest.mark.parametrize(
    ("config", "answer"),
    [
        ({}, [{"id": GROUP, "name": "Teknisi"}, {"id": "628@c.us"}, "x"]),
        ({}, {"status": True, "data": [{"id": GROUP, "name": "Teknisi"}]}),
        ({"groups_at": "data.groups"}, {"data": {"groups": [{"id": GROUP, "name": "Teknisi"}]}}),
        ({}, {"groups": {GROUP: {"name": "Teknisi"}}}),
        (
            {"group_id_at": "jid", "group_name_at": "info.subject"},
            [{"jid": GROUP, "info": {"subject": "Teknisi"}}],
        ),
        ({"group_form": "digits"}, [{"id": GROUP.removesuffix("@g.us"), "name": "Teknisi"}]),
    ],
)
@responses.activate
def test_the_list_of_groups(config: dict[str, str], answer: Any) -> None:
    responses.add("GET", "https://api.test/v1/groups", json=answer)
    found = generic(groups_path="groups", **config).groups()
    assert found == [Group(GROUP, "Teknisi")]
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


@responses.activate
def test_a_list_of_groups_that_cannot_be_had() -> None:
    with pytest.raises(Permanent, match="belum diisi"):
        generic().groups()
    responses.add("POST", "https://api.test/groups", json={"message": "Unauthorized"}, status=401)
    with pytest.raises(Misconfigured):
        generic(groups_path="/groups", groups_method="post").groups()


@pytest.mark.parametrize("path", ["//evil.test/x", "https://evil.test/x", "/\\evil.test", "/a b"])
@responses.activate
def test_the_key_never_goes_to_another_host(path: str) -> None:
    assert "groups_path" in Generic.check_config({"url": URL, "api_key": KEY, "groups_path": path})
    responses.add("GET", re.compile(".*"), json=[])
    with contextlib.suppress(Misconfigured):
        generic(groups_path=path).groups()
    assert all(urlsplit(call.request.url).netloc == "api.test" for call in responses.calls)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key_header", "a\r\nb"),
        ("api_key", "k\r\nX: 1"),
        ("number_field", "a b"),
        ("text_field", "to"),
        ("media_field", "message"),
        ("extra", "just words"),
    ],
)
def test_what_cannot_work_is_said_when_saving(field: str, value: str) -> None:
    assert field in Generic.check_config({"url": URL, "api_key": KEY, field: value})


def test_the_key_is_not_needed_where_there_is_none() -> None:
    assert "api_key" in Generic.check_config({"url": URL})
    assert Generic.check_config({"url": URL, "key_in": "none"}) == {}


class TestEnvironment:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"WHATSAPP_DRIVER": "generic", "WA_API_URL": URL, "WA_API_KEY": KEY}

    def test_the_names_of_the_source_are_enough(self, app: Any) -> None:
        with app.app_context():
            assert env_values("generic") == {"url": URL, "api_key": KEY}
            assert Generic.check_config(env_values("generic")) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
)


@given(data=JSON, path=st.text("a0.1", max_size=6))
def test_reading_an_answer_never_raises(data: Any, path: str) -> None:
    at(data, path)


@given(answer=JSON, path=st.sampled_from(["", "data", "a.0"]))
@responses.activate
def test_any_answer_is_a_list_or_one_of_our_errors(answer: Any, path: str) -> None:
    responses.add("GET", "https://api.test/groups", body=json.dumps(answer))
    try:
        assert isinstance(generic(groups_path="/groups", groups_at=path).groups(), list)
    except DriverError as error:
        assert error.sentence
