"""The one door, against real servers: what leaves is what was meant, and nothing waits for ever."""

import socket
import threading
import time
from contextlib import suppress
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.driverkit import DriverError, Misconfigured, Retryable
from portal.infra.http import MAX_BYTES, Http
from tests.infra.servers import Listener, certificate, listening
from tests.infra.wire import PhoneBook, book

__all__ = ["book"]


def head(request: bytes) -> list[tuple[str, str]]:
    """The headers as a server reads them."""
    raw = request.partition(b"\r\n\r\n")[0].partition(b"\r\n")[2] + b"\r\n\r\n"
    return BytesParser().parsebytes(raw).items()


def test_kept_connections_are_used_again_and_nothing_is_resolved_again(book: PhoneBook) -> None:
    book.answers["kept.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    http = Http(keep_alive=2)
    with listening() as server:
        for _ in range(5):
            assert http.request("GET", f"http://kept.test:{server.port}/").text == "ok"
    assert server.connections == 1 and book.asked == ["kept.test"]
    assert ("Host", f"kept.test:{server.port}") in head(server.requests[-1])


def test_a_fresh_connection_each_time_unless_asked_otherwise() -> None:
    with listening() as server:
        for _ in range(3):
            Http().request("GET", f"http://127.0.0.1:{server.port}/")
    assert server.connections == 3
    assert ("Connection", "close") in head(server.requests[-1])


@pytest.mark.parametrize("keep", [0, 2])
def test_the_certificate_must_be_for_the_name(
    book: PhoneBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    """Connected to an address, verified as the name: SNI, certificate, Host."""
    pair = certificate(tmp_path, "right.test")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(pair[0]))
    book.answers |= {"right.test": [["127.0.0.1"]], "wrong.test": [["127.0.0.1"]]}
    http = Http(keep_alive=keep)
    with listening(tls=pair) as server:
        assert http.request("GET", f"https://right.test:{server.port}/").status == 200
        for host in ("wrong.test", "127.0.0.1"):
            with pytest.raises(Retryable) as caught:
                http.request("GET", f"https://{host}:{server.port}/")
            assert not caught.value.outcome_unknown
        assert server.names[:2] == ["right.test", "wrong.test"]
        assert len(server.requests) == 1
        assert ("Host", f"right.test:{server.port}") in head(server.requests[0])


def test_an_unknown_authority_is_refused(book: PhoneBook, tmp_path: Path) -> None:
    book.answers["right.test"] = [["127.0.0.1"]]
    with listening(tls=certificate(tmp_path, "right.test")) as server:
        with pytest.raises(Retryable):
            Http().request("GET", f"https://right.test:{server.port}/")
        assert server.requests == []


def test_the_next_address_is_tried_when_one_is_dead(book: PhoneBook) -> None:
    with listening() as server:
        book.answers["two.test"] = [["127.0.0.9", "127.0.0.1"]]
        assert Http().request("GET", f"http://two.test:{server.port}/").status == 200


def test_proxies_and_passwords_of_the_environment_are_not_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with listening() as proxy, listening() as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        Http().request("GET", f"http://127.0.0.1:{server.port}/")
        assert proxy.connections == 0
        assert "Authorization" not in dict(head(server.requests[0]))


def test_redirects_are_answers_not_orders() -> None:
    with listening() as inside:
        place = b"Location: http://127.0.0.1:%d/\r\n" % inside.port
        said = b"HTTP/1.1 302 Found\r\n" + place + b"Content-Length: 0\r\n\r\n"
        with listening(lambda sock: sock.sendall(said)) as server:
            assert Http().request("GET", f"http://127.0.0.1:{server.port}/").status == 302
        assert inside.connections == 0


def test_a_file_goes_as_multipart_and_its_name_adds_no_header() -> None:
    picture = bytes(range(256)) * 4000
    with listening() as server:
        Http(keep_alive=1).request(
            "POST",
            f"http://127.0.0.1:{server.port}/media",
            data={"messaging_product": "whatsapp"},
            files={"file": ('a"\r\nX-Evil: 1\r\n\r\nnaïve.png', picture, "image/png")},
        )
    raw = server.requests[0]
    form = BytesParser().parsebytes(raw.partition(b"\r\n")[2])
    parts = {
        part.get_param("name", header="content-disposition"): part for part in form.get_payload()
    }
    assert parts["messaging_product"].get_payload() == "whatsapp"
    assert parts["file"].get_content_type() == "image/png"
    assert parts["file"]["X-Evil"] is None and picture in raw


def test_a_password_may_hold_any_letter() -> None:
    with listening() as server:
        Http().request(
            "GET", f"http://127.0.0.1:{server.port}/", auth=("budi", "rahasia ✓\r\nX: 1")
        )
    assert "X" not in dict(head(server.requests[0]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nX-Evil: 1"), ("X-A", "b\nX-Evil: 1"), ("X-A", "b\rc"), ("X-A", "b\x00"),
        ("X-A", "kunci\n"), ("X-A", " kunci"), ("X-A", "kunci\t"), ("X-A", "kü"), ("X-A", "\x85"),
        ("X-A: b\r\nX-Evil", "1"), ("X A", "1"), ("", "1"), ("X-Ä", "1"), ("X:", "1"),
        ("Host", "inside"), ("content-length", "0"), ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"), ("Proxy-Authorization", "x"), ("TE", "x"), ("Expect", "x"),
    ],
)  # fmt: skip
def test_headers_that_could_become_others_are_refused(name: str, value: str) -> None:
    with listening() as server:
        with pytest.raises(Misconfigured) as caught:
            Http().request("GET", f"http://127.0.0.1:{server.port}/", headers={name: value})
        assert server.connections == 0 and (value.strip() or "?") not in str(caught.value)


@pytest.fixture(scope="module")
def echo() -> Listener:
    """One server for a whole run of made-up requests."""
    made = Listener()
    threading.Thread(target=made.run, daemon=True).start()
    return made


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    headers=st.dictionaries(
        st.one_of(st.text(max_size=12), st.sampled_from(["X-A", "Authorization", "apikey"])),
        st.text(max_size=20),
        max_size=3,
    ),
    path=st.text(max_size=30),
)
def test_whatever_is_typed_the_server_sees_one_request_with_those_headers(
    echo: Listener, headers: dict[str, str], path: str
) -> None:
    echo.requests.clear()
    http = Http(keep_alive=1)
    try:
        http.request("GET", f"http://127.0.0.1:{echo.port}/{path}", headers=headers)
    except DriverError as error:
        assert isinstance(error, Misconfigured)
        assert echo.requests == []
        return
    assert len(echo.requests) == 1
    line = echo.requests[0].partition(b"\r\n")[0].split(b" ")
    assert (line[0], line[2], len(line)) == (b"GET", b"HTTP/1.1", 3)
    own = {"host", "user-agent", "accept", "accept-encoding", "connection"}
    seen = {name: value for name, value in head(echo.requests[0])}
    assert {name.lower() for name in seen} <= own | {name.lower() for name in headers}
    for name, value in headers.items():
        assert dict(head(echo.requests[0])).get(name, value) == value


def _drip(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(60):
        sock.sendall(b"X-%d: 1\r\n" % number)
        time.sleep(0.5)


def _promise(sock: socket.socket) -> None:
    for _ in range(60):
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.5)


def _drip_body(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(60):
        sock.sendall(b"x")
        time.sleep(0.5)


def test_a_server_that_drips_meets_the_deadline() -> None:
    """In headers, in promises, in the body: the outcome is unknown after ten seconds."""
    found: list[tuple[float, DriverError]] = []

    def ask(server: Listener) -> None:
        begun = time.monotonic()
        try:
            Http().request("POST", f"http://127.0.0.1:{server.port}/", json={})
        except DriverError as error:
            found.append((time.monotonic() - begun, error))

    with listening(_drip) as one, listening(_promise) as two, listening(_drip_body) as three:
        threads = [threading.Thread(target=ask, args=(server,)) for server in (one, two, three)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(found) == 3
    for seconds, error in found:
        assert seconds < 13 and isinstance(error, Retryable) and error.outcome_unknown


def test_a_slow_line_may_carry_a_file_but_nothing_else() -> None:
    """Six seconds before the other side reads: too long for a message, not for a film."""
    film = bytes(30_000_000)
    found: dict[str, object] = {}

    def ask(name: str, **what: Any) -> None:
        with listening(slowly=6) as server:
            try:
                url = f"http://127.0.0.1:{server.port}/"
                found[name] = Http(keep_alive=1).request("POST", url, **what).status
            except DriverError as error:
                found[name] = error

    upload = {"f": ("a.mp4", film, "video/mp4")}
    asking = [
        threading.Thread(target=ask, args=("film",), kwargs={"files": upload}),
        threading.Thread(target=ask, args=("words",), kwargs={"data": film}),
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(60)
    assert found["film"] == 200
    assert isinstance(found["words"], Retryable) and found["words"].outcome_unknown


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * (MAX_BYTES + 70_000),
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"not http at all",
        b"",
    ],
    ids=["body", "line", "headers", "garbage", "nothing"],
)
def test_too_much_or_nothing_is_an_unknown_outcome(said: bytes) -> None:
    def answer(sock: socket.socket) -> None:
        sock.sendall(said)
        sock.shutdown(socket.SHUT_WR)

    with listening(answer) as server, pytest.raises(Retryable) as caught:
        Http(keep_alive=1).request("POST", f"http://127.0.0.1:{server.port}/k3y", json={})
    assert caught.value.outcome_unknown and "k3y" not in repr(caught.value.__dict__)


def test_the_log_never_holds_the_address(caplog: pytest.LogCaptureFixture, app: object) -> None:
    """Not even for an answer whose headers are broken, which the library warns of."""
    said = b"HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 2\r\n\r\nok"
    with listening(lambda sock: sock.sendall(said)) as server, suppress(DriverError):
        Http().request("GET", f"http://127.0.0.1:{server.port}/send?key=s3cr3t")
    assert "s3cr3t" not in caplog.text
