"""The simulators answer as the providers do: shapes, codes, rules, faults."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.simulators import create_app
from portal.simulators.inbox import whatsapp_html
from portal.simulators.orderbook import fee
from portal.simulators.qris import crc16, qris

AUTH = {"Authorization": "Bearer a-token"}


@pytest.fixture
def sims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setenv("SIM_DB", str(tmp_path / "sim.db"))
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("APP_ENV", "development")
    monkeypatch.setenv("SIM_V2_STATUS_INTERVAL", "4")
    yield create_app().test_client()


def template(name: str, *values: str, button: str | None = None) -> dict[str, Any]:
    parts = [{"type": "body", "parameters": [{"type": "text", "text": v} for v in values]}]
    if button is not None:
        parts.append({"type": "button", "parameters": [{"type": "text", "text": button}]})
    return {
        "messaging_product": "whatsapp",
        "to": "+6281290000001",
        "type": "template",
        "biz_opaque_callback_data": f"{name}:7",
        "template": {"name": name, "language": {"code": "id"}, "components": parts},
    }


def send(sims: FlaskClient, body: dict[str, Any], **headers: str) -> Any:
    return sims.post("/graph/v25.0/1/messages", json=body, headers=AUTH | headers)


def test_refuses_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    with pytest.raises(RuntimeError, match="refuse"):
        create_app()


def test_a_template_arrives_readable_and_told_by_its_name(sims: FlaskClient) -> None:
    answer = send(sims, template("otp_code", "123456", button="123456"))
    assert answer.status_code == 200
    wamid = answer.json["messages"][0]["id"]
    assert base64.b64decode(wamid.removeprefix("wamid.HBg"))
    for number in ("081290000001", "6281290000001", "+62 812-9000-0001"):
        (message,) = sims.get(f"/inbox/{number}.json").json
        assert message["kind"] == "otp_code" and "123456" in message["text"]
    raw = sims.get(f"/inbox/raw/{message['id']}.json").json
    assert raw["headers"]["Authorization"] == "***"
    assert "raw" not in message


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (template("nothing", "x"), 132001, 404),
        (template("access_opened", "only one"), 132000, 400),
        (template("access_opened", "two\nlines", "x"), 132018, 400),
        (template("access_opened", "", "x"), 131008, 400),
        (template("otp_code", "123456", button="654321"), 131008, 400),
        (template("access_opened", "a", "b") | {"to": "6280000000000"}, 131026, 400),
        ({"to": "628"}, 100, 400),
    ],
)
def test_meta_refuses_in_its_own_words(
    sims: FlaskClient, body: dict[str, Any], code: int, status: int
) -> None:
    answer = send(sims, body)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert sims.get("/inbox.json").json == []


def test_without_a_token_nothing(sims: FlaskClient) -> None:
    answer = sims.post("/graph/v25.0/1/messages", json=template("access_opened", "a", "b"))
    assert (answer.status_code, answer.json["error"]["code"]) == (401, 190)


def test_the_gateway_delivers_a_key_once(sims: FlaskClient) -> None:
    body = {"action": "send", "to": "0812", "text": "Halo", "idempotency_key": "broadcast:1"}
    first = sims.post("/gateway/ext/s/wa", json=body, headers={"Idempotency-Key": "broadcast:1"})
    second = sims.post("/gateway/ext/s/wa", json=body)
    assert first.json["id"] == second.json["id"]
    assert [m["kind"] for m in sims.get("/inbox/62812.json").json] == ["broadcast"]
    other = sims.post("/gateway/ext/s/wa", json=body, headers={"Idempotency-Key": "x"})
    assert (other.status_code, other.json["ok"]) == (400, False)


def test_the_legacy_get(sims: FlaskClient) -> None:
    assert sims.get("/gateway/send?number=62812&text=Halo%20A").json["ok"] is True
    assert sims.get("/inbox/62812.json").json[0]["text"] == "Halo A"
    assert sims.get("/gateway/send?number=62812").status_code == 422


def v2(sims: FlaskClient, order: str, amount: int) -> Any:
    return sims.post(
        f"/pakasir/api/v2/create-transaction/toko/{order}",
        json={"method": "payment_link", "amount": amount},
        headers={"X-Api-Key": "k"},
    )


def test_v2_finds_or_creates_and_limits_questions(sims: FlaskClient) -> None:
    first, second = v2(sims, "ORDER1", 150_000), v2(sims, "ORDER1", 150_000)
    assert first.json == second.json
    assert v2(sims, "ORDER1", 1_000).status_code == 409
    url = f"/pakasir/api/v2/transaction-status/toko/{first.json['txn_id']}"
    key = {"X-Api-Key": "k"}
    assert sims.get(url, headers=key).json["status"] == "pending"
    assert sims.get(url, headers=key).status_code == 429
    assert sims.get(url).status_code == 401


def test_v1_finds_only_the_right_amount(sims: FlaskClient) -> None:
    sims.get("/pakasir/pay/toko/150000?order_id=ORDER2")
    query = "/pakasir/api/transactiondetail?project=toko&order_id=ORDER2&api_key=k&amount="
    assert sims.get(query + "150000").json["transaction"]["status"] == "pending"
    assert sims.get(query + "149999").status_code == 404
    assert "required" in sims.get(query).json["message"]
    body = {"project": "toko", "order_id": "ORDER2", "amount": 150_000, "api_key": "k"}
    assert sims.post("/pakasir/api/paymentsimulation", json=body).json == {"success": True}
    paid = sims.get(query + "150000").json["transaction"]
    assert paid["status"] == "completed" and paid["completed_at"].endswith("+07:00")


def test_v1_create_speaks_in_v1s_shapes(sims: FlaskClient) -> None:
    body = {"project": "toko", "order_id": "ORDER3", "amount": 99_000, "api_key": "k"}
    payment = sims.post("/pakasir/api/transactioncreate/qris", json=body).json["payment"]
    assert payment["total_payment"] == 99_000 + payment["fee"]
    assert payment["expired_at"].endswith("Z") and len(payment["expired_at"]) == 30
    number = payment["payment_number"]
    assert number[-4:] == f"{crc16(number[:-4].encode()):04X}"


def test_known_checksum_and_fees() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert [fee("qris", amount) for amount in (24_321, 105_000, 105_001)] == [481, 1045, 1051]
    assert [fee(method, 50_000) for method in ("bri_va", "sampoerna_va")] == [3500, 2000]
    assert qris(1000, "A").startswith("000201010212")


def test_orders_can_be_paid_by_script_or_by_hand(sims: FlaskClient) -> None:
    v2(sims, "ORDER4", 20_000)
    assert sims.post("/pakasir/orders/ORDER4/pay").json["status"] == "completed"
    v2(sims, "ORDER5", 20_000)
    newest = sims.get("/pakasir/orders.json").json
    assert [o["order_id"] for o in newest] == ["ORDER5", "ORDER4"]
    sims.post("/pakasir/checkout/ORDER5", data={"method": "bri_va", "back": "http://x/"})
    assert sims.get("/pakasir/orders.json").json[0]["method"] == "bri_va"
    assert sims.post("/pakasir/orders/NONE/pay").status_code == 404


def test_the_router_remembers(sims: FlaskClient) -> None:
    assert sims.get("/router/users/budi").json["state"] == "open"
    assert sims.put("/router/users/budi", json={"state": "isolated"}).status_code == 401
    token = {"X-Router-Token": "t"}
    sims.put("/router/users/budi", json={"state": "isolated"}, headers=token)
    assert sims.get("/router/users/budi").json["state"] == "isolated"
    assert sims.put("/router/users/budi", json={"state": "x"}, headers=token).status_code == 422


def test_faults_come_and_go(sims: FlaskClient) -> None:
    body = template("access_opened", "a", "b")
    sims.post("/faults", json={"target": "graph", "rate_5xx": 1, "count": 2})
    assert [send(sims, body).status_code for _ in range(3)] == [503, 503, 200]
    sims.post("/faults", json={"target": "graph", "rate_429": 1})
    limited = send(sims, body)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "5")
    sims.post("/faults", json={"target": "graph", "accept_then_500": 1})
    before = len(sims.get("/inbox.json").json)
    assert send(sims, body).status_code == 500
    assert len(sims.get("/inbox.json").json) == before + 1, "accepted although it said 500"
    sims.post("/faults/reset", json={})
    assert send(sims, body).status_code == 200
    assert sims.post("/faults", json={"target": "moon"}).status_code == 400


def test_pages_open_and_escape(sims: FlaskClient) -> None:
    body = {"to": "62812", "text": "<script>alert(1)</script> *tebal*", "idempotency_key": "k"}
    sims.post("/gateway/wa", json=body)
    page = sims.get("/inbox/62812").text
    assert "<script>alert" not in page and "<b>tebal</b>" in page
    v2(sims, "ORDER6", 20_000)
    for url in ("/", "/inbox", "/faults", "/pakasir/webhooks.json", "/inbox.json"):
        assert sims.get(url).status_code == 200


def test_markup_that_was_defused_stays_plain() -> None:
    assert "<b>" not in whatsapp_html("\u2060*a\u2060*")
