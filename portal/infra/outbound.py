"""Where the product may connect to: which addresses, which ports, which spellings.

Addresses of services are typed by people, so each could point into the ISP's own network.
Here is the judgement only, pure but for one policy of the process; `portal/infra/pinned.py`
asks it about every address a name resolves to, at each new connection, and
`portal/infra/http.py` before anything is prepared. Whatever is refused was certainly not sent.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from portal.core.driverkit import Misconfigured

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

LOCAL = "Alamat jaringan lokal tidak diizinkan. Tambahkan ke OUTBOUND_ALLOW."
NEVER = "Alamat ini tidak boleh dihubungi."
BAD_ADDRESS = "Alamat layanan tidak sah."
BAD_HEADER = "Header layanan tidak sah."
BAD_PORT = "Port pada alamat layanan tidak diizinkan."
USERINFO = "Nama pengguna dan kata sandi tidak boleh ditulis di dalam alamat."
NO_SCHEME = "Alamat harus diawali http:// atau https://."

WORDS: Mapping[str, tuple[str, ...]] = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
}
"""What may stand in OUTBOUND_ALLOW instead of a network."""


def _made(networks: str) -> tuple[Network, ...]:
    return tuple(ip_network(text.strip()) for text in networks.split(","))


# IANA's registry of special IPv4 addresses (read 2026-11): not globally reachable.
_SPECIAL_4 = _made(
    "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12,"
    "192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15,"
    "198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4"
)
# Of IPv6 only what is handed out for global unicast, less what is special inside it:
# protocol assignments with Teredo, documentation, 6to4.
_GLOBAL_6 = IPv6Network("2000::/3")
_SPECIAL_6 = _made("2001::/23, 2001:db8::/32, 2002::/16, 3fff::/20")
# IPv4 behind a translator: judged by the IPv4 address inside.
_TRANSLATED = IPv6Network("64:ff9b::/96")

# Not even when the environment allows the network around them: "this host", broadcast,
# multicast, and where clouds hand credentials to whoever asks from inside.
_NEVER = _made(
    "0.0.0.0/8, 255.255.255.255/32, 224.0.0.0/4, ::/128, ff00::/8, 169.254.169.254/32,"
    "169.254.170.2/32, 169.254.170.23/32, 100.100.100.200/32, 168.63.129.16/32,"
    "192.0.0.192/32, fd00:ec2::/32, fd20:ce::254/128"
)

# Below 1024 only the web's own. Above, what certainly speaks something else: databases,
# queues, remote desktops, telephony, and the ports browsers refuse.
_LOW_PORTS = frozenset({80, 443})
_OTHER_PORTS = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432}
    | {5672, 6000, 6379, 6380, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
    | {11211, 26379, 27017}
)

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)")
_AUTHORITY = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,254})(?::(?P<port>[0-9]{1,5}))?"
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
# What frames the message is the library's business.
_FRAMING = {"host", "content-length", "transfer-encoding", "connection", "keep-alive"}
_FRAMING |= {"te", "trailer", "upgrade", "expect"}


class Policy:
    """Which networks are allowed beyond the globally reachable addresses."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self.allowed = tuple(allowed)

    def problem(self, address: Address) -> str | None:
        """A sentence when nothing may connect there."""
        address = _plain(address)
        if any(address in network for network in _NEVER):
            return NEVER
        if _reachable(address) or any(address in network for network in self.allowed):
            return None
        return LOCAL


_policy = Policy()


def configure(allowed: Iterable[Network]) -> None:
    """Set the policy of this process, once, when the application is built.

    Not per application: drivers work in threads that know of none.
    """
    global _policy
    _policy = Policy(allowed)
    _place_problem.cache_clear()
    refused.cache_clear()


def networks(text: str, errors: list[str]) -> tuple[Network, ...]:
    """OUTBOUND_ALLOW read: networks and words, comma separated; what will not do is reported."""
    found: list[Network] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            made = [ip_network(name) for name in WORDS.get(part.lower(), (part,))]
        except ValueError:
            errors.append(f"OUTBOUND_ALLOW: {part} is no network, nor one of {', '.join(WORDS)}")
            continue
        if any(network.prefixlen < (8 if network.version == 4 else 7) for network in made):
            errors.append(f"OUTBOUND_ALLOW: {part} is wider than any network of your own")
            continue
        found += made
    return tuple(found)


@lru_cache(2048)
def refused(numeric: str) -> str | None:
    """The sentence about a resolved address, as text; one nobody can read is refused too."""
    try:
        address = ip_address(numeric.partition("%")[0])
    except ValueError:
        return BAD_ADDRESS
    return _policy.problem(address)


def literal_problem(url: str) -> str | None:
    """What is wrong with an address, without asking anybody: a sentence, or None.

    For forms. That None is returned does not mean that a connection will be allowed: a name is
    judged by what it resolves to, when a connection is made.
    """
    if not url.isascii() or not url.isprintable() or "\\" in url:
        return BAD_ADDRESS
    parts = _URL.match(url)
    if parts is None or parts["scheme"].lower() not in {"http", "https"}:
        return NO_SCHEME
    if "@" in parts["authority"]:
        return USERINFO
    return _place_problem(parts["authority"])


def check_url(url: str) -> None:
    """Raises Misconfigured when `literal_problem` finds something; the URL is never told."""
    if sentence := literal_problem(url):
        raise Misconfigured(sentence)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises Misconfigured for a name or value that could become another header."""
    for name, value in headers.items():
        fine = _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)
        lowered = name.lower()
        if not fine or lowered in _FRAMING or lowered.startswith("proxy-"):
            raise Misconfigured(BAD_HEADER)


@lru_cache(512)
def _place_problem(authority: str) -> str | None:
    place = _AUTHORITY.fullmatch(authority)
    if place is None:
        return BAD_ADDRESS
    if place["port"] is not None and not _port_allowed(int(place["port"])):
        return BAD_PORT
    return _host_problem(place["host"])


def _port_allowed(port: int) -> bool:
    if port < 1024:
        return port in _LOW_PORTS
    return port <= 65535 and port not in _OTHER_PORTS


def _host_problem(host: str) -> str | None:
    if host.startswith("["):
        try:
            return _policy.problem(IPv6Address(host[1:-1]))
        except ValueError:
            return BAD_ADDRESS
    labels = host.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return BAD_ADDRESS
    if _NUMBER.fullmatch(labels[-1]):
        # Some would read 0177.1, 2130706433 or 0x7f.1 as an address: only the usual spelling.
        try:
            return _policy.problem(IPv4Address(host))
        except ValueError:
            return BAD_ADDRESS
    if labels[-1].lower() == "localhost":
        return _policy.problem(IPv4Address("127.0.0.1"))
    return None


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where that is what gets called."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _reachable(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return address in _GLOBAL_6 and not any(address in network for network in _SPECIAL_6)
