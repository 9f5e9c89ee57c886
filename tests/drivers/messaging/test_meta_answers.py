"""Meta's answers: accepted, held or paused; every code; how long to wait."""

import json
from typing import Any

import pytest
import responses

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.messaging.drivers import _meta_errors, _meta_usage
from tests.contracts.messaging import Sample, outgoing
from tests.drivers.messaging.meta import MESSAGES, SENT, error, meta

USAGE = "X-Business-Use-Case-Usage"


def answer(sample: Sample) -> None:
    responses.add(
        "POST", MESSAGES, body=sample.body, status=sample.status, headers=dict(sample.headers)
    )


def refused(sample: Sample) -> DriverError:
    answer(sample)
    with pytest.raises(DriverError) as caught:
        meta().send(outgoing())
    return caught.value


def held(status: str) -> dict[str, Any]:
    return {**SENT, "messages": [{"id": "wamid.1", "message_status": status}]}


@responses.activate
def test_a_held_message_is_accepted_and_says_so() -> None:
    answer(Sample(200, json.dumps(held("held_for_quality_assessment"))))
    receipt = meta().send(outgoing())
    assert (receipt.provider_id, receipt.state) == ("wamid.1", "accepted")
    assert "menahan pesan ini" in receipt.answer


@responses.activate
def test_a_paused_template_was_not_sent() -> None:
    found = refused(Sample(200, json.dumps(held("paused"))))
    assert isinstance(found, Permanent)
    assert (found.elsewhere, found.code) == (True, "132015")


@responses.activate
def test_an_answer_without_a_number_is_good() -> None:
    answer(Sample(200, json.dumps({"messages": [{"id": "wamid.2"}]})))
    assert meta().send(outgoing()).provider_id == "wamid.2"


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (0, 401, Misconfigured),
        (1, 400, Retryable),
        (3, 500, Misconfigured),
        (4, 400, RateLimited),
        (10, 403, Misconfigured),
        (100, 400, Permanent),
        (200, 403, Misconfigured),
        (299, 403, Misconfigured),
        (368, 403, Misconfigured),
        (80007, 400, RateLimited),
        (130472, 400, Permanent),
        (131016, 500, Retryable),
        (131042, 400, Misconfigured),
        (131047, 400, Permanent),
        (131048, 400, RateLimited),
        (131056, 400, RateLimited),
        (131057, 500, Retryable),
        (131062, 400, Permanent),
        (132001, 404, Permanent),
        (132015, 400, Permanent),
        (133000, 500, Misconfigured),
        (133010, 400, Misconfigured),
        (133015, 400, RateLimited),
        (137000, 400, Permanent),
        (999999, 400, Permanent),
    ],
)
@responses.activate
def test_the_code_decides_not_the_status(
    code: int, status: int, expected: type[DriverError]
) -> None:
    found = refused(error(code, status))
    assert type(found) is expected
    assert found.code == str(code)
    assert "see details" in found.detail
    assert found.detail.endswith("fbtrace_id Az8")
    assert not found.outcome_unknown


def test_every_code_of_metas_table_is_there() -> None:
    table = """0 1 2 3 4 10 33 100 190 368 80007 80008 80012 130429 130472 130497 131000 131005
    131008 131009 131016 131021 131026 131030 131031 131037 131042 131045 131047 131048 131049
    131050 131051 131052 131053 131055 131056 131057 131059 131062 131063 131064 132000 132001
    132005 132007 132008 132012 132015 132016 132018 132068 132069 133000 133004 133005 133006
    133008 133009 133010 133015 133016 134011 135000 137000"""
    assert set(map(int, table.split())) == set(_meta_errors.CODES)
    assert set(_meta_errors.CODES) >= _meta_errors.ELSEWHERE
    for code, (kind, words, seconds) in _meta_errors.CODES.items():
        assert words.endswith("."), code
        assert (seconds > 0) == (kind == _meta_errors.RATE), code


@pytest.mark.parametrize("data", ["plain words", {"details": "plain words"}])
@responses.activate
def test_error_data_may_be_a_plain_string(data: Any) -> None:
    body = {"error": {"message": "m", "code": "100", "error_data": data}}
    found = refused(Sample(400, json.dumps(body)))
    assert type(found) is Permanent
    assert "plain words" in found.detail


@pytest.mark.parametrize("code", [None, True, [], {}, "x", 10**30, -1, 1.5])
@responses.activate
def test_a_code_that_is_none(code: Any) -> None:
    assert type(refused(Sample(400, json.dumps({"error": {"code": code}})))) is Permanent


@responses.activate
def test_what_meta_says_holds_no_whole_number() -> None:
    found = refused(error(131026, 400, "wa_id 6281234567890 and +6281234567890"))
    assert "6281234567890" not in found.detail


@pytest.mark.parametrize(
    ("headers", "code", "seconds"),
    [
        ({"Retry-After": "17"}, None, 17),
        ({}, None, 60),
        ({}, 130429, 10),
        ({USAGE: '{"1":[{"estimated_time_to_regain_access":19,"call_count":100}]}'}, 80007, 1140),
        ({USAGE: '{"1":[{"type":"x"}],"2":[{"estimated_time_to_regain_access":2}]}'}, None, 120),
        ({"X-App-Usage": '{"call_count":100,"estimated_time_to_regain_access":3}'}, 4, 180),
        ({USAGE: '{"1":[{"estimated_time_to_regain_access":99999}]}'}, 4, 86400),
        ({USAGE: '{"1":[{"estimated_time_to_regain_access":0}]}'}, 80008, 600),
        ({USAGE: '{"1":[{"estimated_time_to_regain_access":5}]}'}, 131056, 12),
        ({USAGE: "oops", "Retry-After": "30"}, 130429, 30),
        ({USAGE: '{"1":[{"estimated_time_to_regain_access":NaN}]}'}, 4, 300),
    ],
)
@responses.activate
def test_how_long_to_wait(headers: dict[str, str], code: int | None, seconds: int) -> None:
    body = "slow down" if code is None else error(code, 400).body
    found = refused(Sample(429, body, headers))
    assert isinstance(found, RateLimited)
    assert found.retry_after == seconds
    assert found.recipient_only == (code == 131056)


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ('{"1":[{"call_count":96,"total_time":1}]}', "96%"),
        ('{"1":[{"call_count":94}]}', ""),
        ('{"1":[{"call_count":true}], "2": 7, "3": [null]}', ""),
        ('{"1":[{"call_count":NaN}]}', ""),
        ("[]", ""),
        ("[" * 100_000, ""),
    ],
)
@responses.activate
def test_a_budget_nearly_used_up_is_noted(said: str, noted: str) -> None:
    assert (noted in _meta_usage.note({USAGE: said})) is True
    answer(Sample(200, json.dumps(SENT), {USAGE: said[:200]}))
    assert ("Jatah panggilan" in meta().send(outgoing()).answer) is bool(noted)
