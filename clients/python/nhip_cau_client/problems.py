"""What can go wrong: the server refused (with its own words), or it was not reached."""

from dataclasses import dataclass
from typing import Any

import httpx

MOST_WORDS = 300


@dataclass(frozen=True)
class Place:
    """One place of what was sent that breaks a rule; ``code`` is for programs and never changes."""

    pointer: str
    code: str
    detail: str

    @classmethod
    def read(cls, entry: dict[str, Any]) -> "Place":
        return cls(str(entry.get("pointer", "")), str(entry.get("code", "")), str(entry.get("detail", "")))

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.detail} [{self.code}]"


class ProblemError(Exception):
    """The server's answer was an error (problem details, RFC 9457)."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.body = body
        self.code = str(body.get("code") or body.get("error") or status)
        self.places = [Place.read(entry) for entry in body.get("errors", [])]
        words = str(body.get("detail") or body.get("title") or body.get("error_description") or "")
        super().__init__(" ".join([f"{status} {self.code}.", words, *map(str, self.places)])[:MOST_WORDS])

    @classmethod
    def read(cls, answer: httpx.Response) -> "ProblemError":
        """Read an answer of 4xx or 5xx; a page of some proxy between becomes a problem without a code."""
        try:
            body = answer.json()
        except ValueError:
            body = {}
        return cls(answer.status_code, body if isinstance(body, dict) else {})


class CredentialError(ProblemError):
    """The credential itself is not accepted: it is wrong, has expired or was revoked. Repeating does not help."""


class NotReachedError(Exception):
    """The server was not reached, or did not answer, however often it was tried."""
