"""Small real servers on this machine, to see what leaves the door byte by byte."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Listener:
    """Takes connections and answers each request; `requests` are the raw bytes received."""

    def __init__(
        self, answer: Callable[[socket.socket], None] | None = None, slowly: float = 0
    ) -> None:
        self._slowly = slowly
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.connections = 0
        self.context: ssl.SSLContext | None = None
        self._answer = answer or (lambda sock: sock.sendall(OK))
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]

    def run(self) -> None:
        """Until closed."""
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
            time.sleep(self._slowly)
            while request := _read(sock):
                self.requests.append(request)
                self._answer(sock)
        except OSError:
            pass
        finally:
            sock.close()


def _read(sock: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        if not (chunk := sock.recv(65536)):
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length and (chunk := sock.recv(65536)):
        body += chunk
    return head + b"\r\n\r\n" + body


@contextmanager
def listening(
    answer: Callable[[socket.socket], None] | None = None,
    tls: tuple[Path, Path] | None = None,
    slowly: float = 0,
) -> Iterator[Listener]:
    """A server while the block runs; `tls` = (certificate, key); `slowly` reads nothing for
    so many seconds."""
    made = Listener(answer, slowly)
    if tls:
        made.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.context.load_cert_chain(*tls)
        made.context.sni_callback = lambda _sock, name, _context: made.names.append(name)
    threading.Thread(target=made.run, daemon=True).start()
    try:
        yield made
    finally:
        made.close()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
