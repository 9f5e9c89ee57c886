"""The simulated Embedded Signup keeps Meta's rules: codes, tokens, pages, PINs, credit, faults."""

from typing import Any

import pytest
import requests

APP, SECRET, SYSTEM = "1041729300000001", "dev-app-secret", "sim-system-token"
WABA, BANDUNG, FOREIGN = "102290129340398", "102290129340399", "209900000000001"
PHONE, UNPROVEN, OWN = "106540352242922", "106540352242924", "102030405060701"


def finish(sims: str, **values: Any) -> Any:
    return requests.post(f"{sims}/signup/finish", json={"announce": 0, **values}, timeout=5).json()


def exchange(sims: str, code: str, **more: str) -> requests.Response:
    asked = {"client_id": APP, "client_secret": SECRET, "code": code, **more}
    return requests.get(f"{sims}/graph/oauth/access_token", params=asked, timeout=5)


def token_for(sims: str, **values: Any) -> str:
    """A business token of a finished signup."""
    return str(exchange(sims, finish(sims, **values)["code"]).json()["access_token"])


def call(sims: str, method: str, path: str, token: str, **values: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{sims}/graph/v25.0/{path}"
    return requests.request(method, url, headers=headers, timeout=5, **values).json()


def code_of(answer: Any) -> tuple[int, int]:
    error = answer["error"]
    return error["code"], error.get("error_subcode", 0)


def fault(sims: str, target: str, **values: float) -> None:
    answer = requests.post(f"{sims}/faults", json={"target": target, **values}, timeout=5)
    assert answer.status_code == 200, answer.text


def test_a_code_is_good_once_and_for_thirty_seconds(sims: str) -> None:
    made = finish(sims, phone_number_id=PHONE)
    assert made["event"]["data"]["phone_number_id"] == PHONE
    first = exchange(sims, made["code"])
    assert first.status_code == 200 and 59 * 86_400 < first.json()["expires_in"] <= 60 * 86_400
    assert code_of(exchange(sims, made["code"]).json()) == (100, 36009)
    assert code_of(exchange(sims, finish(sims, age=31)["code"]).json()) == (100, 36007)
    assert (
        code_of(exchange(sims, finish(sims)["code"], redirect_uri="https://x").json())[1] == 36008
    )
    assert code_of(exchange(sims, finish(sims)["code"], client_secret="x").json())[0] == 1
    assert "expires_in" not in exchange(sims, finish(sims, token_days=0)["code"]).json()


def test_a_token_reaches_its_own_account_only(sims: str) -> None:
    token = token_for(sims, phone_number_id=PHONE)
    told = call(sims, "GET", f"debug_token?input_token={token}", f"{APP}|{SECRET}")["data"]
    assert told["is_valid"] and told["granular_scopes"][0]["target_ids"] == [WABA]
    fields = "name,message_template_namespace"
    assert call(sims, "GET", f"{WABA}?fields={fields}", token)["name"] == "NusaLink"
    for other in (BANDUNG, FOREIGN, "1"):
        assert code_of(call(sims, "GET", f"{other}/phone_numbers", token)) == (100, 33)
    assert code_of(call(sims, "GET", f"{WABA}/phone_numbers", "nobody"))[0] == 190
    gone = token_for(sims, token_days=-1)
    assert code_of(call(sims, "GET", f"{WABA}/phone_numbers", gone)) == (190, 463)


def test_a_long_list_comes_in_pages(sims: str) -> None:
    token = token_for(sims, waba_id=BANDUNG)
    first = call(sims, "GET", f"{BANDUNG}/phone_numbers", token)
    after = first["paging"]["cursors"]["after"]
    rest = call(sims, "GET", f"{BANDUNG}/phone_numbers?after={after}", token)
    assert (len(first["data"]), len(rest["data"])) == (25, 5)
    assert "next" in first["paging"] and "next" not in rest["paging"]
    fault(sims, "signup_phones", second_page=1)
    first = call(sims, "GET", f"{BANDUNG}/phone_numbers?limit=100", token)
    assert first["data"] == [] and first["paging"]["next"]
    after = first["paging"]["cursors"]["after"]
    rest = call(sims, "GET", f"{BANDUNG}/phone_numbers?limit=100&after={after}", token)
    assert len(rest["data"]) == 30


def test_registering_wants_the_same_pin_and_has_an_end(sims: str) -> None:
    token = token_for(sims, phone_number_id=PHONE)
    message = {"messaging_product": "whatsapp", "to": "+6281234567890", "text": {"body": "x"}}
    assert code_of(call(sims, "POST", f"{PHONE}/messages", token, json=message))[0] == 133010

    def register(pin: Any, phone: str = PHONE) -> Any:
        data = {"messaging_product": "whatsapp", "pin": pin}
        return call(sims, "POST", f"{phone}/register", token, json=data)

    assert code_of(register(123456))[0] == 100
    assert code_of(register("123456", UNPROVEN))[0] == 133006
    assert register("123456") == {"success": True}
    assert call(sims, "GET", f"{PHONE}?fields=status", token)["status"] == "CONNECTED"
    assert "messages" in call(sims, "POST", f"{PHONE}/messages", token, json=message)
    assert [code_of(register("000000"))[0] for _ in range(6)] == [133005] * 5 + [133008]
    assert [register("123456").get("success") for _ in range(3)] == [True] * 3
    assert code_of(register("123456"))[0] == 133016


def test_subscribing_overriding_and_leaving(sims: str) -> None:
    token = token_for(sims, phone_number_id=PHONE)
    own = {"override_callback_uri": f"{sims}/nowhere", "verify_token": "v"}
    path = f"{WABA}/subscribed_apps"
    assert code_of(call(sims, "POST", path, token, json=own))[0] == 100
    assert call(sims, "POST", path, token)["success"]
    assert code_of(call(sims, "POST", path, token, json=own))[0] == 2200
    assert call(sims, "GET", path, token)["data"][0]["whatsapp_business_api_data"]["id"] == APP
    assert call(sims, "DELETE", path, token)["success"]
    assert call(sims, "GET", path, token)["data"] == []


def test_a_partner_shares_its_credit_once(sims: str) -> None:
    token = token_for(sims, phone_number_id=PHONE)
    clients = call(sims, "GET", f"{OWN}/client_whatsapp_business_accounts", SYSTEM)["data"]
    assert [one["id"] for one in clients] == [WABA]
    user = call(sims, "GET", f"{OWN}/system_users", SYSTEM)["data"][0]["id"]
    call(sims, "POST", f"{WABA}/assigned_users?user={user}&tasks=['MANAGE']", SYSTEM)
    people = call(sims, "GET", f"{WABA}/assigned_users?business={OWN}", SYSTEM)["data"]
    assert people[0]["tasks"] == ["MANAGE"]
    line = call(sims, "GET", f"{OWN}/extendedcredits", SYSTEM)["data"][0]["id"]
    share = f"{line}/whatsapp_credit_sharing_and_attach?waba_id={WABA}&waba_currency=IDR"
    assert code_of(call(sims, "POST", share, token))[0] == 200
    alloc = call(sims, "POST", share, SYSTEM)["allocation_config_id"]
    paid = call(sims, "GET", f"{alloc}?fields=receiving_credential", SYSTEM)
    drawn = call(sims, "GET", f"{WABA}?fields=primary_funding_id", SYSTEM)
    assert paid["receiving_credential"]["id"] == drawn["primary_funding_id"] != ""
    assert code_of(call(sims, "POST", share, SYSTEM))[0] == 100
    assert call(sims, "DELETE", alloc, SYSTEM)["success"]


@pytest.mark.parametrize(
    ("target", "values", "status"),
    [
        ("signup_phones", {"error": 200}, 403),
        ("signup_phones", {"error": 190}, 401),
        ("signup_phones", {"rate_5xx": 1}, 503),
        ("signup_phones", {"accept_then_500": 1}, 500),
        ("signup_waba", {"error": 80008}, 400),
        ("signup_waba", {"foreign": 1}, 400),
        ("signup_templates", {"error": 200}, 403),
    ],
)
def test_faults_strike_their_own_step(
    sims: str, target: str, values: dict[str, float], status: int
) -> None:
    token = token_for(sims, phone_number_id=PHONE)
    paths = {
        "signup_phones": f"{WABA}/phone_numbers",
        "signup_waba": WABA,
        "signup_templates": f"{WABA}/message_templates",
    }
    fault(sims, target, **values, count=1)
    headers = {"Authorization": f"Bearer {token}"}
    for step, path in paths.items():
        url = f"{sims}/graph/v25.0/{path}"
        answer = requests.get(url, headers=headers, timeout=5)
        assert answer.status_code == (status if step == target else 200), (step, answer.text)


def test_a_window_may_lie_stop_or_be_taken_back(sims: str) -> None:
    made = finish(sims, phone_number_id=PHONE, lie=1)
    assert made["event"]["data"]["waba_id"] == FOREIGN
    token = exchange(sims, made["code"]).json()["access_token"]
    assert code_of(call(sims, "GET", f"{FOREIGN}/phone_numbers", token)) == (100, 33)
    stopped = finish(sims, outcome="CANCEL", step="PHONE_NUMBER_SETUP")
    assert stopped["code"] is None
    assert stopped["event"]["data"] == {"current_step": "PHONE_NUMBER_SETUP"}
    requests.post(f"{sims}/signup/event", json={"waba_id": WABA}, timeout=5)
    assert code_of(call(sims, "GET", f"{WABA}/phone_numbers", token)) == (190, 458)
    page = requests.get(f"{sims}/signup/dialog?app_id={APP}&config_id=1", timeout=5)
    assert PHONE in page.text and FOREIGN not in page.text
