"""Access tokens: asked for with the credential, kept in memory only, renewed before they end."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from nhip_cau_client.problems import CredentialError, ProblemError

PATH = "/oauth/token/"
EARLY_SECONDS = 60


@dataclass
class Tokens:
    """The token of one credential (OAuth2 client credentials, RFC 6749 section 4.4)."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = "read write"
    clock: Callable[[], float] = time.monotonic
    _value: str = field(default="", init=False, repr=False)
    _good_until: float = field(default=0.0, init=False)

    def forget(self) -> None:
        """The server does not accept the token any more: the next request asks for another."""
        self._value = ""

    def value(self, post: Callable[[str, dict[str, str], bytes], httpx.Response]) -> str:
        """Return a token that is good for some time yet; ``post`` takes path, headers and body, and has patience.

        Raises:
            CredentialError: the credential is wrong, expired or revoked, or may not have the scope.
        """
        if not self._value or self.clock() >= self._good_until:
            self._renew(post)
        return self._value

    def _renew(self, post: Callable[[str, dict[str, str], bytes], httpx.Response]) -> None:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        form = urlencode({"grant_type": "client_credentials", "scope": self.scope})
        answer = post(PATH, headers, form.encode())
        if answer.status_code != httpx.codes.OK:
            problem = ProblemError.read(answer)
            raise CredentialError(problem.status, problem.body)
        given = answer.json()
        self._value = given["access_token"]
        self._good_until = self.clock() + max(0, given["expires_in"] - EARLY_SECONDS)
