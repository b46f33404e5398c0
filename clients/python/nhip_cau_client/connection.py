"""One connection to the site: it renews its token, and repeats what may be repeated until the line is there again."""

import json
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from nhip_cau_client.patience import Patience
from nhip_cau_client.problems import NotReachedError, ProblemError
from nhip_cau_client.tokens import Tokens

API = "/api/v1/"
TIMES = httpx.Timeout(60.0, connect=10.0)
# Answers after which the same request may succeed a little later.
PASSING = {429, 500, 502, 503, 504}


class Connection:
    """Sends requests as one credential.

    Everything is safe to repeat: reading is, PUT and DELETE by the office's own key are, and each POST carries an
    ``Idempotency-Key`` that stays the same however often it is sent.
    """

    def __init__(
        self,
        url: str,
        tokens: Tokens,
        *,
        patience: Patience | None = None,
        language: str = "vi",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tokens = tokens
        self.patience = patience or Patience()
        self.sleep = sleep
        self.resent = 0
        self._http = httpx.Client(
            base_url=url.rstrip("/"), timeout=TIMES, transport=transport, headers={"Accept-Language": language}, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a request below ``/api/v1/`` and return its answer of 2xx or 3xx; ``body`` goes as JSON, ``content`` as it is.

        Raises:
            ProblemError: the server refused.
            NotReachedError: the server could not be reached.
        """
        sent = {"Content-Type": "application/json"} if body is not None else {}
        sent |= dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", str(uuid4()))
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
        answer = self._authorized(method, path, content, sent, params)
        if answer.is_error:
            raise ProblemError.read(answer)
        return answer

    def follow(self, address: str) -> httpx.Response:
        """Read an address that an answer named (``next``, ``Location``): its path and query, always on this site."""
        parts = urlsplit(address)
        return self.send("GET", parts.path.removeprefix(API) + (f"?{parts.query}" if parts.query else ""))

    def _authorized(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str], params: Mapping[str, Any] | None
    ) -> httpx.Response:
        for renewed in (False, True):
            token = self.tokens.value(self._ask)
            answer = self._patiently(method, API + path, content, headers | {"Authorization": f"Bearer {token}"}, params)
            if answer.status_code != httpx.codes.UNAUTHORIZED or renewed:
                return answer
            self.tokens.forget()
        raise AssertionError

    def _ask(self, path: str, headers: dict[str, str], content: bytes) -> httpx.Response:
        return self._patiently("POST", path, content, headers, None)

    def _patiently(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str], params: Mapping[str, Any] | None
    ) -> httpx.Response:
        last: httpx.HTTPError | None = None
        for attempt in range(self.patience.tries):
            wait = None
            try:
                answer = self._http.request(method, path, content=content, headers=headers, params=params)
            except httpx.TransportError as error:
                last = error
            else:
                if not _passes(answer) or attempt + 1 == self.patience.tries:
                    return answer
                wait = _seconds_asked(answer)
            self.resent += 1
            if attempt + 1 < self.patience.tries:
                self.sleep(self.patience.seconds(attempt, wait))
        raise NotReachedError(f"{method} {path}: {last!r} after {self.patience.tries} tries") from last


def _passes(answer: httpx.Response) -> bool:
    """Whether the same request may succeed a little later."""
    if answer.status_code == httpx.codes.CONFLICT:
        return ProblemError.read(answer).code == "key-in-use"
    return answer.status_code in PASSING


def _seconds_asked(answer: httpx.Response) -> float | None:
    """Read the header Retry-After, where it gives seconds."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
