"""Where the product connects, and where never: a canary listens inside, nothing may reach it."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.config import ConfigError, Settings
from portal.core.driverkit import DriverError, Misconfigured, Retryable
from portal.infra import outbound
from portal.infra.http import Http, literal_problem
from tests.conftest import environment
from tests.infra.hostile import FILE
from tests.infra.wire import PhoneBook, book, watching

__all__ = ["book"]
PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def closed() -> None:
    outbound.configure(())


@pytest.fixture
def canary() -> Iterator[int]:
    """A port that listens on every address of this machine; a call to it fails the test."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        server.settimeout(0)
        yield server.getsockname()[1]
        with pytest.raises(BlockingIOError):
            server.accept()


def cases() -> list[tuple[str, list[list[str]]]]:
    """(address, answers) of the corpus."""
    found = []
    for line in FILE.read_text(encoding="ascii").splitlines():
        url, _, answers = line.partition("\t")
        found.append(
            (
                url.encode().decode("unicode_escape"),
                [answer.split(",") for answer in answers.split("|") if answer],
            )
        )
    return found


def _host(url: str) -> str:
    return url.split("://")[1].split("/")[0].partition(":")[0].rstrip(".").lower()


def test_no_hostile_address_reaches_the_inside(book: PhoneBook, canary: int) -> None:
    """Whatever is typed: our own error, nothing connects inside, and the error tells no URL."""
    assert len(cases()) >= 500
    book.answers["public.test"] = [[PUBLIC]]
    kept = Http(keep_alive=4)
    with watching() as watch:
        for pattern, answers in cases():
            url = pattern.replace("{port}", str(canary))
            if answers:
                book.answers[_host(url)] = answers
            for http in (kept, Http()):
                for _ in range(max(2, len(answers))):
                    with pytest.raises(DriverError) as caught:
                        http.request("POST", url, json={"a": 1})
                    assert not caught.value.outcome_unknown, url
                    told = f"{caught.value} {caught.value.detail} {caught.value.__cause__}"
                    assert str(canary) not in told and "inside" not in told
    assert watch.inside == []
    assert set(watch.tried) <= {PUBLIC, "2606:2800:220:1::1"}


def test_the_form_says_so_before_anything_is_called(book: PhoneBook) -> None:
    for url, answers in cases():
        # Names pass here: what they lead to is judged when they are called. So does what only
        # looks like userinfo, behind the host.
        passes = answers or "public.test?" in url or "public.test#" in url
        sentence = literal_problem(url.replace("{port}", "8080"))
        assert passes or sentence, url
        assert sentence is None or url not in sentence
    assert book.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://api.fonnte.com/send",
        "http://wa.example.co.id:3000/ext/{secret}/wa",
        "https://host/kirim?number=[number]&text=[text]",
        "HTTPS://Host.Example:8443/a b?x=1#f",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]:8080/",
        "http://under_score.example./",
    ],
)
def test_ordinary_addresses_pass(url: str) -> None:
    assert literal_problem(url) is None


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "223.255.255.255",
             "2001:200::1", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1"],
)  # fmt: skip
def test_public_addresses_are_reachable(text: str) -> None:
    assert outbound.refused(text) is None


def test_a_rebound_name_is_judged_at_every_new_connection(book: PhoneBook, canary: int) -> None:
    """And the look-up that was judged is the one that is used: there is no second."""
    url = f"http://twice.test:{canary}/"
    book.answers["twice.test"] = [[PUBLIC], ["127.0.0.1"]]
    http = Http(keep_alive=2)
    with watching() as watch:
        with pytest.raises(Retryable):
            http.request("GET", url)
        assert (watch.tried, book.asked) == ([PUBLIC], ["twice.test"])
        with pytest.raises(Misconfigured, match="OUTBOUND_ALLOW"):
            http.request("GET", url)
    assert watch.tried == [PUBLIC]


def test_one_bad_address_among_good_ones_is_enough(book: PhoneBook) -> None:
    book.answers["mixed.test"] = [[PUBLIC, "192.168.1.1"]]
    with watching() as watch, pytest.raises(Misconfigured):
        Http().request("GET", "http://mixed.test/")
    assert watch.tried == []


def test_the_environment_opens_networks_of_ones_own(book: PhoneBook) -> None:
    outbound.configure(outbound.networks("192.168.88.0/24, private", []))
    for text in ("192.168.88.1", "10.1.1.1", "172.20.0.1", "fd12::1", "::ffff:10.0.0.1"):
        assert outbound.refused(text) is None, text
    for text in ("127.0.0.1", "100.64.0.1", "169.254.1.1", "fe80::1"):
        assert outbound.refused(text) == outbound.LOCAL, text
    outbound.configure(outbound.networks("169.254.0.0/16, fc00::/7, 224.0.0.0/8", []))
    for text in ("169.254.169.254", "fd00:ec2::254", "224.0.0.1", "::ffff:169.254.169.254"):
        assert outbound.refused(text) == outbound.NEVER, text


def test_the_environment_is_checked_at_boot() -> None:
    def allowed(**extra: str) -> list[str]:
        made = Settings.from_env(environment("sqlite://", **extra)).outbound_allow
        return [str(network) for network in made]

    assert allowed(OUTBOUND_ALLOW="") == []
    assert allowed(OUTBOUND_ALLOW="10.0.0.0/24, Loopback") == [
        "10.0.0.0/24",
        "127.0.0.0/8",
        "::1/128",
    ]
    assert "127.0.0.0/8" in allowed(OUTBOUND_ALLOW="", APP_ENV="development")
    assert allowed(OUTBOUND_ALLOW="", APP_ENV="production") == []
    for wrong in ("lan", "10.0.0.1/24", "0.0.0.0/0", "::/0", "10.0.0.0/33", "192.168.0.0/7"):
        with pytest.raises(ConfigError, match="OUTBOUND_ALLOW"):
            allowed(OUTBOUND_ALLOW=wrong)


def test_the_networks_of_the_table_are_those_the_interpreter_knows() -> None:
    """Whatever Python calls private is refused; the table may only be stricter."""
    for number in range(0, 2**32, 2**32 // 60_000):
        address = ip_address(number)
        if not address.is_global or address.is_multicast:
            assert outbound.refused(str(address)), address


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="htps:/@[]#?.%0127x\\ \t\r\nlocahost;,é\u3002", max_size=40).map(
            lambda text: f"http://{text}"
        ),
        st.ip_addresses(v=6).map(lambda address: f"http://[{address}]/"),
        st.ip_addresses(v=4).map(lambda address: f"http://{address}/"),
        st.integers(0, 2**33).map(lambda number: f"http://{number}/"),
    )
)
def test_no_text_at_all_leads_inside(book: PhoneBook, url: str) -> None:
    """Every name resolves to this machine here."""
    book.fallback = ["127.0.0.1"]
    with watching() as watch:
        with pytest.raises(DriverError):
            Http().request("GET", url)
        assert watch.inside == []
