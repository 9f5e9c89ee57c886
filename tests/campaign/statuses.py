"""The provider's delivery statuses: signed, duplicated, shuffled, in batches, until taken."""

import asyncio
import hashlib
import hmac
import json
import time
from random import Random
from typing import Any

SECRET = "app-secret-of-the-campaign"


class Statuses:
    """A queue of statuses and the task that hands them over."""

    def __init__(self, port: int, random: Random) -> None:
        self.port = port
        self.random = random
        self.waiting: list[tuple[float, dict[str, Any]]] = []
        self.handed_over = 0
        self.refused = 0
        self.slowest = 0.0
        self._since: dict[int, float] = {}
        self._kept: list[dict[str, Any]] = []

    def promise(self, key: str, wamid: str, recipient: str, *, first_now: bool) -> None:
        """sent, delivered and perhaps read, in no particular order within two seconds."""
        stamp = int(time.time())
        for step, state in enumerate(self._states()):
            delay = 0.0 if first_now and step == 0 else self.random.uniform(0.01, 2.0)
            entry = {
                "id": wamid,
                "status": state,
                "timestamp": str(stamp + step),
                "recipient_id": recipient.lstrip("+"),
                "biz_opaque_callback_data": key,
            }
            self._kept.append(entry)  # so that no other entry gets its id
            self._since[id(entry)] = time.monotonic()
            self.waiting.append((time.monotonic() + delay, entry))

    def _states(self) -> list[str]:
        return ["sent", "delivered", "read"][: self.random.choice((1, 2, 2, 3))]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(0.1)
            current = time.monotonic()
            due = [entry for at, entry in self.waiting if at <= current]
            self.waiting = [pair for pair in self.waiting if pair[0] > current]
            self.random.shuffle(due)
            while due:
                size = self.random.randint(1, 60)
                batch, due = due[:size], due[size:]
                await self._batch(batch)

    async def _batch(self, batch: list[dict[str, Any]]) -> None:
        for _again in range(2 if self.random.random() < 0.3 else 1):
            self.random.shuffle(batch)
            if await self._hand_over(batch):
                self.handed_over += len(batch)
                for entry in batch:
                    took = time.monotonic() - self._since[id(entry)]
                    self.slowest = max(self.slowest, took)
            else:
                self.refused += len(batch)
                later = time.monotonic() + 0.5
                self.waiting += [(later, entry) for entry in batch]

    async def _hand_over(self, batch: list[dict[str, Any]]) -> bool:
        value = {"messaging_product": "whatsapp", "statuses": batch}
        body = json.dumps(
            {
                "object": "whatsapp_business_account",
                "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
            }
        ).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        head = (
            "POST /webhook/whatsapp/meta HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(head.encode() + body)
            line = await asyncio.wait_for(reader.readline(), 20)
            writer.close()
        except (OSError, TimeoutError):
            return False
        return b" 200 " in line
