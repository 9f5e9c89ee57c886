"""Sending: outbox -> HTTP -> recorded, against the bare client of the same run.

The floor is the same requests with the same number in flight and no database at all. Beside
it: how long an urgent message takes to reach the provider while bulk is being sent.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import urllib3
from flask import Flask
from sqlalchemy import func, select

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.messaging import sending, service
from portal.messaging.models import Message
from portal.messaging.service import NewMessage
from tests.conftest import environment, migrate

COUNTS = {0: 4000, 50: 4000, 200: 4000}
URGENT = 20
PARAMS = {
    "name": "Budi Santoso",
    "amount": 165_000,
    "payment_number": "PAY-20261121-00001",
    "paid_at": "2026-11-21T03:00:00+00:00",
    "status": "Lunas",
}
BODY = (
    b'{"messaging_product":"whatsapp","to":"+6281200000001","type":"template","template":{"name":"x",'
    b'"language":{"code":"id"},"components":[{"type":"body","parameters":[{"type":"text","text":"y"}]}]}}'
)


@contextmanager
def provider(milliseconds: int) -> Iterator[str]:
    """The answering process; yields its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.provider", str(port), str(milliseconds)]
    )
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def floor(url: str, count: int, threads: int) -> float:
    """Requests a second of the bare client."""
    pool = urllib3.PoolManager(maxsize=threads, retries=False)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}

    def send(_: int) -> None:
        pool.request("POST", f"{url}/v25.0/1/messages", body=BODY, headers=headers).json()

    with ThreadPoolExecutor(threads) as executor:
        started = time.perf_counter()
        list(executor.map(send, range(count)))
    return count / (time.perf_counter() - started)


def queue(count: int, kind: str, key: str) -> None:
    """So many messages to as many numbers."""
    messages = [
        NewMessage(kind, f"+62812{n:08d}", f"{kind}:{key}:{n}", PARAMS) for n in range(count)
    ]
    for begin in range(0, count, 1000):
        service.queue_many(messages[begin : begin + 1000])
        db.session.commit()


def ours(app: Flask, count: int, key: str) -> float:
    """Messages a second through the outbox, one worker process."""
    with app.app_context():
        queue(count, "payment_confirmation", key)
        started = time.perf_counter()
        done = sending.drain("messages", seconds=300)
        seconds = time.perf_counter() - started
        left = db.session.scalar(select(func.count()).where(Message.state != "accepted"))
        db.session.rollback()
    assert done == count and not left, f"{done} sent, {left} not accepted"
    return count / seconds


def urgent_waits(app: Flask) -> list[float]:
    """Seconds from queueing an urgent message to the provider's yes, while bulk is sent."""
    with app.app_context():
        queue(20_000, "broadcast", "b")
    over = threading.Event()

    def bulk() -> None:
        with app.app_context():
            while not over.is_set():
                sending.drain("bulk", seconds=1)

    thread = threading.Thread(target=bulk)
    thread.start()
    time.sleep(1)
    waits = []
    for n in range(URGENT):
        with app.app_context():
            params = {"name": "Budi", "cs_phone": "+6281280001111"}
            service.queue("access_opened", f"+62813{n:08d}", f"access_opened:{n}", params)
            started = time.perf_counter()
            db.session.commit()
            sending.drain("interactive")
            waits.append(time.perf_counter() - started)
        time.sleep(0.1)
    over.set()
    thread.join()
    return sorted(waits)


def bench(database_url: str, name: str) -> None:
    """All latencies on one engine."""
    for milliseconds, count in COUNTS.items():
        threads = 32 if milliseconds == 0 else 300
        with provider(milliseconds) as url:
            app = application(database_url, url)
            bare = floor(url, count, threads)
            rate = ours(app, count, f"{name}{milliseconds}")
            print(
                f"  {name:<11} {milliseconds:>4} ms: bare {bare:>6,.0f}/s   outbox {rate:>6,.0f}/s"
                f"   ratio {rate / bare:.2f}"
            )
    with provider(50) as url:
        waits = urgent_waits(application(database_url, url))
    print(
        f"  {name:<11} urgent beside 20,000 bulk: median {waits[len(waits) // 2]:.2f} s, "
        f"p95 {waits[int(len(waits) * 0.95)]:.2f} s"
    )


def application(database_url: str, url: str) -> Flask:
    """An application whose Meta channel is the answering process, without rate limits."""
    env = environment(
        database_url,
        WHATSAPP_DRIVER="meta",
        WHATSAPP_LIMITS="off",
        WHATSAPP_API_KEY="token-of-the-bench",
        META_WA_PHONE_NUMBER_ID="1",
        META_GRAPH_BASE_URL=url,
        LOG_LEVEL="ERROR",
    )
    app = create_app(Settings.from_env(env))
    with app.app_context():
        from portal.settings import service as settings

        settings.change("messages.hours_from", "00:00")
        settings.change("messages.hours_until", "00:00")
        db.session.commit()
    return app


def main() -> None:
    """On SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names a server."""
    print(f"sending, {datetime.now(UTC):%Y-%m-%d}, one process, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        bench(url, "SQLite")
    server = os.environ.get("TEST_DATABASE_URL", "")
    if server:
        migrate(server)
        bench(server, "PostgreSQL")


if __name__ == "__main__":
    main()
