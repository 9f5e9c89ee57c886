"""Makes tests/data/hostile_urls.txt: `python -m tests.infra.hostile`.

One case a line: the address, then a tab and what its name resolves to, in answers separated by
`|`, each a comma list. `{port}` is where the canary listens.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "data" / "hostile_urls.txt"

INSIDE_4 = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1.2.3",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "100.100.100.200",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.88.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
]
INSIDE_6 = [
    "::1",
    "::",
    "::2",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:192.168.1.1",
    "::ffff:0:127.0.0.1",
    "::ffff:0.0.0.0",
    "::ffff:100.64.0.1",
    "0:0:0:0:0:ffff:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:7f00:0001::1",
    "2002:a00:1::",
    "2002:c0a8:101::1",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2001:10::1",
    "2001:20::1",
    "3fff::1",
    "fe80::1",
    "fe80::7f00:1",
    "febf::1",
    "fec0::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fdff:ffff::1",
    "ff02::1",
    "ff05::2",
    "ff0e::1",
    "100::1",
    "5f00::1",
    "fe80::5efe:127.0.0.1",
    "4000::1",
    "e000::1",
]
TARGETS = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.88.1")


def spellings(text: str) -> Iterator[str]:
    """An IPv4 address as careless readers understand it."""
    number, parts = int(IPv4Address(text)), [int(part) for part in text.split(".")]
    yield str(number)
    yield f"{number:#x}"
    yield f"0{number:o}"
    yield f"{number:#X}"
    yield ".".join(f"0{part:o}" for part in parts)
    yield ".".join(f"{part:#x}" for part in parts)
    yield ".".join(f"{part:#06x}" for part in parts)
    yield ".".join(f"{part:04o}" for part in parts)
    yield f"{parts[0]}.{number & 0xFFFFFF}"
    yield f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"
    yield f"{parts[0]:#x}.{number & 0xFFFFFF}"
    yield f"0{parts[0]:o}.{parts[1]}.{parts[2]}.{parts[3]}"
    yield f"{text}."
    yield f"{text}.."
    yield f"00{text}"
    yield text.replace(".", "%2e")
    yield text.replace(".", "\u3002")
    yield text.replace(".", "\uff0e")
    yield "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)
    yield "".join(chr(0x2460 + int(c) - 1) if c in "123456789" else c for c in text)
    yield "".join(f"%{ord(c):02x}" for c in text)


def around(host: str) -> Iterator[str]:
    """Addresses two parsers read differently."""
    inside = f"{host}:{{port}}"
    for form in (
        "http://{0}\\@public.test/", "http://public.test\\@{0}/", "http://public.test@{0}/",
        "http://public.test:80@{0}/", "http://a:b@{0}/", "http://@{0}/", "http://:@{0}/",
        "http://public.test%40{0}/", "http://public.test#@{0}\\", "http://public.test%23@{0}/",
        "http://public.test?@{0}\\", "http://public.test%2f@{0}/", "http://{0}%00.public.test/",
        "http://{0}%0d%0a.public.test/", "http://{0}\t/", "http://\t{0}/", "http://{0}\x00.public.test/",
        "http:{0}/", "http:/{0}/", "http:///{0}/", "http:////{0}/", "http:\\\\{0}\\",
        "http:/\\{0}/",
        "//{0}/", "{0}", "{0}/", "\\\\{0}\\x", "http://{0} /", " http://{0}/", "\thttp://{0}/",
        "ht\ttp://{0}/", "http\n://{0}/", "http://{0}:80:80/", "http://{0},public.test/",
        "http://public.test,{0}/", "http://{0};public.test/", "http://{0}|public.test/",
        "http://[{0}]/", "http://[::{0}]@public.test/", "http://public.test:{{port}}@{0}/",
        "http://public.test&@{0}/", "http://public.test+@{0}/", "http://(public.test)@{0}/",
        "http://<{0}>/", "http://{0}\u2028/", "http://{0}\u200b/", "http://\u200b{0}/",
        "http://{0}\u00ad/", "http://{0}\ufeff/", "url:http://{0}/", "URL=http://{0}/",
        "jar:http://{0}!/", "feed:http://{0}/", "view-source:http://{0}/",
    ):  # fmt: skip
        yield form.replace("{{port}}", "{port}").replace("{0}", inside)


SCHEMES = [
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "dict://127.0.0.1:{port}/x",
    "ldap://127.0.0.1:{port}/",
    "tftp://127.0.0.1:{port}/x",
    "ws://127.0.0.1:{port}/",
    "wss://127.0.0.1:{port}/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "about:blank",
    "unix:///run/redis.sock",
    "http+unix://%2Frun%2Fredis.sock/",
    "socks5://127.0.0.1:{port}/",
    "mailto:a@127.0.0.1",
    "h2c://127.0.0.1/",
    "https+insecure://127.0.0.1/",
    "HTTPS",
    "HTTP://",
    "http://",
    "https:///",
    "http://:",
    "http://:{port}/",
    "http://[",
    "http://]",
    "http://[]",
    "http://[:]",
    "http://[::1",
    "http://::1:{port}/",
    "http://[::1]{port}/",
    "http://[::1]x/",
    "http://[v1.x]/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fe80::1%lo]:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[::1]%40public.test/",
    "http://[0000:0000::1]x:{port}/",
    "http://[::1.2]/",
    "http://[::127.1]/",
]
PORTS = (0, 1, 7, 19, 21, 22, 23, 25, 53, 79, 110, 111, 139, 143, 389, 445, 465, 587, 631, 993,
         1023, 2049, 3306, 3389, 5060, 5432, 6379, 11211, 27017, 65536, 99999)  # fmt: skip


def literal() -> Iterator[str]:
    """Everything that says itself where it goes."""
    for host in INSIDE_4:
        yield f"http://{host}:{{port}}/"
        yield f"https://{host}:{{port}}/x?y=1"
    for host in INSIDE_6:
        yield f"http://[{host}]:{{port}}/"
        yield f"http://[{IPv6Address(host).exploded.upper()}]:{{port}}/"
    for host in TARGETS:
        for spelling in spellings(host):
            yield f"http://{spelling}:{{port}}/"
            yield f"https://{spelling}/latest/meta-data/"
        yield from around(host)
    yield from SCHEMES
    yield from (f"http://public.test:{port}/" for port in PORTS)
    yield "http://public.test:-1/"
    yield "http://public.test:8o/"
    yield "http://public.test:{port} /"
    yield "http://public.test:\uff18\uff10/"
    for label in ("a" * 64, "-a", "a-", "", "*", "a b", "a%62"):
        yield f"http://{label}.inside.test:{{port}}/"
    yield "http://" + ".".join(["a" * 60] * 5) + "/"
    for host in ("localhost", "LOCALHOST", "localhost.", "a.localhost", "loc\u0430lhost"):
        yield f"http://{host}:{{port}}/"
    for host in (
        "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
        "127\u30020\u30020\u30021",
    ):
        yield f"http://{host}:{{port}}/"


def named() -> Iterator[str]:
    """Names whose answers lead inside."""
    public = ("93.184.216.34", "2606:2800:220:1::1")
    for number, inside in enumerate((*INSIDE_4, *INSIDE_6)):
        name = f"http://n{number}.inside.test:{{port}}/"
        yield f"{name}\t{inside}"
        yield f"{name}\t{public[0]},{inside}"
        yield f"{name}\t{inside},{public[1]}"
    for number, inside in enumerate((*INSIDE_4[:12], *INSIDE_6[:12])):
        yield f"http://r{number}.rebind.test:{{port}}/\t{public[0]}|{inside}"
        yield f"https://r{number}.rebind.test:{{port}}/\t{public[1]}|{inside}|{public[0]}"
    for host in (
        "metadata.google.internal",
        "xn--localhost-xyz.test",
        "under_score.test",
        "intranet",
    ):
        yield f"http://{host}/\t169.254.169.254"
        yield f"http://{host}.:{{port}}/\t10.0.0.1"
    yield "http://zone.inside.test/\tfe80::1%lo"
    yield "http://odd.inside.test/\t127.1"


def main() -> None:
    """Write the file."""
    cases = dict.fromkeys((*literal(), *named()))
    lines = (case.encode("unicode_escape").decode().replace("\\t", "\t", 1)
             if "\t" in case and case in set(named()) else case.encode("unicode_escape").decode()
             for case in cases)  # fmt: skip
    FILE.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
