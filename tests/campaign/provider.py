"""The hostile provider: `python -m tests.campaign.provider CONFIG.json`.

A process of its own on bare asyncio, so that it costs the machine little. The first part of the
path names the channel, whose dialect is in the configuration. Everything it took is kept in
memory; `GET /report` on the control port tells it, `/storm/<channel>/<answer>/<seconds>` makes a
channel say no for a while, `/calm` makes it kind. Now and then the door is shut for a moment.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.campaign.behaviour import AMBIGUOUS, GET, GRAPH, KEYED, YES, Act, answer, draw
from tests.campaign.statuses import Statuses


class Provider:
    """What it knows: the channels, what each took, and its mood."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.random = Random(config["seed"])
        self.dialects: dict[str, str] = config["channels"]
        self.hang_seconds: float = config["hang_seconds"]
        self.statuses = Statuses(config["hook_port"], Random(config["seed"] + 1))
        self.taken: dict[str, Counter[str]] = {name: Counter() for name in self.dialects}
        self.keys: dict[str, Counter[str]] = {name: Counter() for name in self.dialects}
        self.answers: Counter[str] = Counter()
        self.storms: dict[str, tuple[str, float]] = {}
        self.calm = False

    def ask(self, channel: str, key: str, recipient: str) -> tuple[Act, bool]:
        """Decide, and keep what was taken; whether a status comes before the answer."""
        dialect = self.dialects[channel]
        known = dialect == KEYED and key in self.keys[channel]
        act = self._decide(channel, known)
        self.answers[f"{channel} {'took' if act.take else 'left'} {act.answer}"] += 1
        early = False
        if act.take:
            if not known:
                self.taken[channel][recipient] += 1
            self.keys[channel][key or recipient] += 1
            early = dialect == GRAPH and self.random.random() < 0.15
        return act, early

    def _decide(self, channel: str, known: bool) -> Act:
        said, until = self.storms.get(channel, ("", 0.0))
        if asyncio.get_running_loop().time() < until:
            return Act(False, said)
        return YES if self.calm else draw(self.random, known)

    def control(self, path: str) -> bytes:
        """The answers of the control port."""
        parts = path.strip("/").split("/")
        if parts[0] == "storm":
            until = asyncio.get_running_loop().time() + float(parts[3])
            self.storms[parts[1]] = (parts[2].replace("%20", " "), until)
        elif parts[0] == "calm":
            self.calm = True
        return json.dumps(
            {
                "taken": self.taken,
                "keys": self.keys,
                "answers": self.answers,
                "ambiguous": sum(
                    n for said, n in self.answers.items() if said.split(" ", 2)[2] in AMBIGUOUS
                ),
                "asked": sum(self.answers.values()),
                "statuses_waiting": len(self.statuses.waiting),
                "slowest_status": self.statuses.slowest,
                "statuses_handed_over": self.statuses.handed_over,
            }
        ).encode()


class Speaking(asyncio.Protocol):
    """One connection, kept open as long as the client likes."""

    def __init__(self, provider: Provider, control: bool) -> None:
        self.provider = provider
        self.control = control
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            lines = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): text for name, _, text in (x.partition(": ") for x in lines)}
            length = int(headers.get("content-length", 0))
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self._request(lines[0].split(" ")[1], headers, body)

    def _request(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        if self.control:
            self._write(200, {}, self.provider.control(path))
            return
        parts = urlsplit(path)
        channel = parts.path.split("/")[1]
        dialect = self.provider.dialects[channel]
        if dialect == GET:
            values = parse_qs(parts.query)
            key, recipient = "", values["number"][0]
        elif dialect == GRAPH:
            said = json.loads(body)
            key, recipient = said["biz_opaque_callback_data"], said["to"].lstrip("+")
        else:
            key, recipient = headers["idempotency-key"], json.loads(body)["to"]
        act, early = self.provider.ask(channel, key, recipient)
        self._say(dialect, act, early, key, recipient)

    def _say(self, dialect: str, act: Act, early: bool, key: str, recipient: str) -> None:
        status, headers, body = answer(dialect, "yes" if act.answer in AMBIGUOUS else act.answer)
        if dialect == GRAPH and act.take:
            wamid = json.loads(body)["messages"][0]["id"]
            self.provider.statuses.promise(key, wamid, recipient, first_now=early)
        loop = asyncio.get_running_loop()
        if act.answer == "cut":
            self.transport.abort()
            return
        if act.answer == "hang":
            loop.call_later(self.provider.hang_seconds, self.transport.abort)
            return
        if act.answer in AMBIGUOUS:
            status, headers, body = answer(dialect, act.answer)
        # Late enough for the status to be processed before the answer is read.
        loop.call_later(0.4 if early else 0.002, self._write, status, headers, body)

    def _write(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        extra = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        self.transport.write(head.encode() + body)


async def serve(config: Mapping[str, Any]) -> None:
    """Until killed. Every few seconds nobody listens for a moment: connections are refused."""
    provider, loop = Provider(config), asyncio.get_running_loop()
    sending = asyncio.create_task(provider.statuses.run())
    await loop.create_server(
        lambda: Speaking(provider, True), "127.0.0.1", config["control_port"], backlog=64
    )
    while not sending.done():
        door = await loop.create_server(
            lambda: Speaking(provider, False), "127.0.0.1", config["port"], backlog=1024
        )
        await asyncio.sleep(provider.random.uniform(2, 5))
        door.close()
        await asyncio.sleep(0.05)
    sending.result()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
