"""Somebody's receiver of webhooks: a small HTTP server on this machine that keeps what it gets and misbehaves when asked to."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The content, after the public library has checked signature and time. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


class Handler(BaseHTTPRequestHandler):
    receiver: "Receiver"

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        message = Message(self.path, headers, self.rfile.read(int(self.headers["Content-Length"])))
        self.receiver.messages.append(message)
        self.receiver.answer(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


Behaviour = Callable[[Handler], None]


def says(status: int, **headers: str) -> Behaviour:
    """Answer with a status, at once."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def hangs_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def babbles(handler: Handler) -> None:
    """Answer what is no HTTP."""
    handler.wfile.write(b"\x00\x01 xin ch\xc3\xa0o \r\n\r\n")
    handler.close_connection = True


def drips(seconds: float) -> Behaviour:
    """Give the head of the answer letter by letter, each well within any limit for one reading."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        end = time.monotonic() + seconds
        while time.monotonic() < end and not handler.receiver.closed.wait(0.05):
            handler.wfile.write(b"a")
        handler.wfile.write(b"\r\nContent-Length: 0\r\n\r\n")

    return answer


def pours(handler: Handler) -> None:
    """Say 200, and then never end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not handler.receiver.closed.is_set():
        handler.wfile.write(b"a" * 65536)


def waits(seconds: float) -> Behaviour:
    """Think for so long before the answer, but no longer than the test lasts."""

    def answer(handler: Handler) -> None:
        handler.receiver.closed.wait(seconds)
        says(200)(handler)

    return answer


@dataclass
class Receiver:
    """A running receiver. ``answer`` may be changed while it runs."""

    port: int
    scheme: str = "http"
    answer: Behaviour = field(default_factory=lambda: says(204))
    messages: list[Message] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}/hooks?office=1"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is what some tests are about."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_address[1], "https" if tls else "http")
    server.RequestHandlerClass = type("HandlerOfOne", (Handler,), {"receiver": receiver})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closed.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running
