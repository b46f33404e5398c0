"""A program of an office, as it really calls: it gets a token with its credential, then sends JSON."""

import base64
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.test import Client

from crm.models import OfficeClient, Unit, User
from tests.api.description import check_answer

SECRET = "mot-chuoi-bi-mat-cua-chuong-trinh"
API = "/api/v1"


def make_credential(user: User, *, unit: Unit | None = None, expires_on: date = date(2099, 1, 1)) -> OfficeClient:
    """Make the credential of a program that acts as the account."""
    credential: OfficeClient = OfficeClient.objects.create(
        name=f"Chương trình của {user}",
        client_type=OfficeClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=OfficeClient.GRANT_CLIENT_CREDENTIALS,
        client_secret=SECRET,
        unit=unit or user.memberships.all()[0].unit,
        acts_as=user,
        expires_on=expires_on,
    )
    return credential


def ask_token(credential: OfficeClient, *, scope: str = "read write", secret: str = SECRET) -> Any:
    basic = base64.b64encode(f"{credential.client_id}:{secret}".encode()).decode()
    return Client().post("/oauth/token/", {"grant_type": "client_credentials", "scope": scope}, headers={"Authorization": f"Basic {basic}"})


@dataclass
class Caller:
    """Calls addresses below /api/v1; each answer must be one that the description knows."""

    token: str
    language: str = "en"
    client: Client = field(default_factory=Client)

    def get(self, path: str, *, headers: Any = None, **query: Any) -> Any:
        return self._send("get", path, query_params=query, headers=headers or {})

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._send("post", path, data=body, content_type="application/json", **options)

    def patch(self, path: str, body: Any, *, if_match: str | None = "*", **options: Any) -> Any:
        """Change what stands, whichever revision that is, unless one is named; None sends no If-Match."""
        return self._send("patch", path, data=body, content_type="application/json", **_with(options, if_match))

    def archive(self, path: str, body: Any = None, *, if_match: str | None = "*", **options: Any) -> Any:
        return self.post(f"{path}archive/", body, **_with(options, if_match))

    def restore(self, path: str, body: Any = None, *, if_match: str | None = "*", **options: Any) -> Any:
        return self.post(f"{path}restore/", body, **_with(options, if_match))

    def send_raw(self, path: str, body: bytes | str, content_type: str = "application/json", **options: Any) -> Any:
        return self._send("post", path, data=body, content_type=content_type, **options)

    def _send(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language, **options.pop("headers", {})}
        address = path if path.startswith("http") else f"{API}{path}"
        answer = getattr(self.client, method)(address, headers=headers, **options)
        check_answer(method, address, answer)
        return answer


def _with(options: dict[str, Any], if_match: str | None) -> dict[str, Any]:
    headers = {} if if_match is None else {"If-Match": if_match}
    return {**options, "headers": headers | options.get("headers", {})}


def caller_for(user: User, *, scope: str = "read write", language: str = "en") -> Caller:
    answer = ask_token(make_credential(user), scope=scope)
    assert answer.status_code == 200, answer.content
    return Caller(token=answer.json()["access_token"], language=language)
