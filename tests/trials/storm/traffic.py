"""Sixty-four at a time: the requests of a storm, sent until they are answered.

What answers 5xx, or not at all, is sent again, as every gateway does.
"""

import http.client
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.trials.storm.plan import Deed

PATIENCE = 120.0
"""Seconds one request is repeated for before it is given up."""


@dataclass
class Traffic:
    """What came back. `seconds` of answered webhooks, first byte to last; answers by label."""

    seconds: list[float] = field(default_factory=list)
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    repeats: int = 0
    took: float = 0.0

    def percentile(self, part: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


class Senders:
    """Threads with a connection each; `marks` are called when so many deeds were taken."""

    def __init__(
        self,
        portal: str,
        gateway: str,
        deeds: Sequence[Deed],
        marks: dict[int, Callable[[], None]],
        gateway_tells: bool = False,
    ) -> None:
        self.hosts = {"hook": urlsplit(portal).netloc, "pay": urlsplit(gateway).netloc}
        self.deeds = deeds
        self.marks = marks
        # Whether the gateway is to send the webhook of a payment, or the trial does.
        self.gateway_tells = gateway_tells
        self.traffic = Traffic()
        self.next = 0
        self.lock = threading.Lock()

    def run(self, parallel: int) -> Traffic:
        """Send everything."""
        began = time.monotonic()
        threads = [threading.Thread(target=self._send_all) for _ in range(parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.traffic.took = time.monotonic() - began
        return self.traffic

    def _send_all(self) -> None:
        lines: dict[str, http.client.HTTPConnection] = {}
        while True:
            with self.lock:
                number = self.next
                if number >= len(self.deeds):
                    return
                self.next += 1
            if mark := self.marks.get(number):
                # The world goes on meanwhile: only this sender waits.
                mark()
            self._send(self.deeds[number], lines)

    def _send(self, deed: Deed, lines: dict[str, http.client.HTTPConnection]) -> None:
        deadline, wait = time.monotonic() + PATIENCE, 0.1
        while True:
            began = time.monotonic()
            answer = self._try(deed, lines)
            took = time.monotonic() - began
            if isinstance(answer, int) and answer < 500:
                self._keep(deed, str(answer), took)
                return
            if time.monotonic() > deadline:
                self._keep(deed, f"given up: {answer}", took)
                return
            with self.lock:
                self.traffic.repeats += 1
            time.sleep(wait)
            wait = min(wait * 2, 3)

    def _try(self, deed: Deed, lines: dict[str, http.client.HTTPConnection]) -> int | str:
        line = lines.setdefault(
            deed.kind, http.client.HTTPConnection(self.hosts[deed.kind], timeout=30)
        )
        try:
            line.request("POST", *_request(deed, self.gateway_tells))
            reply = line.getresponse()
            reply.read()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            return type(error).__name__
        return reply.status

    def _keep(self, deed: Deed, answer: str, took: float) -> None:
        with self.lock:
            self.traffic.answers[deed.label if deed.kind == "hook" else "pay"][answer] += 1
            if deed.kind == "hook":
                self.traffic.seconds.append(took)


def _request(deed: Deed, tells: bool) -> tuple[str, bytes, dict[str, str]]:
    headers = {"Content-Type": "application/json"}
    if deed.kind == "pay":
        body = {"webhook": tells, "method": "qris", "sandbox": deed.label == "sandbox"}
        return f"/pakasir/orders/{deed.order_id}/pay", json.dumps(body).encode(), headers
    if deed.secret:
        headers["X-Secret"] = deed.secret
    return "/webhooks/pakasir", deed.body, headers
