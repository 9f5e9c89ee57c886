"""A provider that only answers: `python -m tests.benchmarks.provider PORT MILLISECONDS`.

Speaks as much Graph as a send needs, over kept connections, after a fixed delay. Written on
bare asyncio protocols so that it costs the machine less than what is measured.
"""

import asyncio
import itertools
import sys

_serial = itertools.count(1)


class Answering(asyncio.Protocol):
    """One connection; requests are told apart by their Content-Length."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            mark = head.find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            if self.seconds:
                asyncio.get_running_loop().call_later(self.seconds, self.answer)
            else:
                self.answer()

    def answer(self) -> None:
        body = b'{"messages":[{"id":"wamid.%d"}]}' % next(_serial)
        self.transport.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


async def serve(port: int, milliseconds: int) -> None:
    """Until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Answering(milliseconds / 1000), "127.0.0.1", port, backlog=1024
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
