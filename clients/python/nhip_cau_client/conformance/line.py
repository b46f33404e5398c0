"""A bad line: a small proxy on this machine that loses requests, loses answers, or delivers a request twice."""

from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

import httpx

GOOD = "good"
LOST_REQUEST = "lost request"
LOST_ANSWER = "lost answer"
TWICE = "twice"
# Headers that belong to one connection rather than to the message.
OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host", "content-encoding", "content-length", "accept-encoding"}


class BadLine:
    """Passes requests on to the server; ``faults`` says what becomes of the next ones, and is empty for a good line."""

    def __init__(self, url: str) -> None:
        self.faults: deque[str] = deque()
        self.passed = 0
        self._http = httpx.Client(base_url=url, timeout=60)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=[0.05], daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        self.passed += 1
        return self._http.request(method, path, headers=headers, content=body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = line.faults.popleft() if line.faults else GOOD
                self.close_connection = True
                if fault == LOST_REQUEST:
                    return
                headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_CONNECTION}
                for _time in range(2 if fault == TWICE else 1):
                    answer = line.pass_on(self.command, self.path, headers, body)
                if fault == LOST_ANSWER:
                    return
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in OF_CONNECTION:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815  (the names that http.server calls)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the scenarios speak."""

        return Handler
