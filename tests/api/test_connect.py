"""Connecting: a credential gives a token, and only a token that holds opens the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from crm.models import OfficeClient, User
from tests.api.caller import SECRET, Caller, ask_token, caller_for, make_credential


def test_a_credential_gives_a_token_that_reads_what_the_office_may_see(an: User) -> None:
    answer = ask_token(make_credential(an))
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    assert Caller(token=answer.json()["access_token"]).get("/partners/").status_code == 200


def test_a_wrong_secret_gives_no_token(an: User) -> None:
    answer = ask_token(make_credential(an), secret="khong-phai")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_no_other_grant_is_offered(an: User) -> None:
    for grant in ("password", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code", ""):
        answer = Client().post("/oauth/token/", {"grant_type": grant, "username": an.username, "password": "x"})
        assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})


def test_an_expired_credential_gives_no_token_and_its_tokens_stop_working(an: User) -> None:
    credential = make_credential(an)
    caller = Caller(token=ask_token(credential).json()["access_token"])
    OfficeClient.objects.update(expires_on=timezone.localdate())
    assert ask_token(credential).status_code == 401
    assert caller.get("/partners/").json()["code"] == "invalid-token"


def test_a_program_whose_account_is_switched_off_is_refused(api_of_an: Caller) -> None:
    User.objects.filter(username="an").update(is_active=False)
    assert api_of_an.get("/partners/").status_code == 401


def test_without_a_token_the_answer_says_how_to_sign_in(reference_data: None) -> None:
    answer = Client().get("/api/v1/partners/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["code"] == "not-authenticated"


@pytest.mark.parametrize("token", ["", "khong-co", "\u00e9\u00e9", "a" * 5000])
def test_an_unknown_token_is_refused(reference_data: None, token: str) -> None:
    answer = Caller(token=token).get("/partners/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert answer.json()["code"] == "invalid-token"


def test_an_expired_token_is_refused_and_says_so(api_of_an: Caller) -> None:
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    answer = api_of_an.get("/partners/")
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_a_revoked_token_is_refused(an: User) -> None:
    credential = make_credential(an)
    token = ask_token(credential).json()["access_token"]
    answer = Client().post("/oauth/revoke_token/", {"token": token, "client_id": credential.client_id, "client_secret": SECRET})
    assert answer.status_code == 200
    assert Caller(token=token).get("/partners/").status_code == 401


def test_a_token_for_reading_does_not_write(an: User) -> None:
    caller = caller_for(an, scope="read")
    assert caller.get("/partners/").status_code == 200
    answer = caller.post("/partners/", {"name": "Hội mới", "kind": "FOREIGN_NGO"})
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient-scope")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api", error="insufficient_scope"'


def test_a_token_for_writing_alone_does_not_read(an: User) -> None:
    assert caller_for(an, scope="write").get("/partners/").status_code == 403


def test_a_signed_in_colleague_reads_by_session_and_writes_only_with_the_csrf_token(an: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(an, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/partners/").status_code == 200
    answer = client.post("/api/v1/partners/", {"name": "Hội mới", "kind": "FOREIGN_NGO"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")


def test_too_many_requests_of_one_credential_are_told_when_to_come_back(an: User, chau: User, settings: object) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3  # type: ignore[attr-defined]  # the fixture lets any setting be set
    caller = caller_for(an)
    statuses = [caller.get("/tiers/", limit=1).status_code for _ in range(6)]
    # The minute may turn once while the test runs.
    assert 429 in statuses
    answer = next(answer for answer in iter(lambda: caller.get("/tiers/", limit=1), None) if answer.status_code == 429)
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert caller_for(chau).get("/tiers/", limit=1).status_code == 200


def test_guessing_secrets_is_slowed_down(an: User, settings: object) -> None:
    settings.API_TOKENS_PER_MINUTE = 3  # type: ignore[attr-defined]  # the fixture lets any setting be set
    credential = make_credential(an)
    answers = [ask_token(credential, secret=f"thu-{number}") for number in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0]["Retry-After"]) >= 1
