"""At the token address and behind it: no wider scope than the credential has, every failure traced, use noted."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from crm.actions import credential_use
from crm.actions.credential_use import keep_token
from crm.actions.offices import issue_credential, renew_secret
from crm.choices import AuditVerb, Confidentiality, Role
from crm.models import AuditEvent, OfficeClient, Unit, User
from partners.models import Partner
from tests.api.caller import SECRET, Caller, ask_token, make_credential
from tests.factories import make_exchange, make_partner


@pytest.fixture
def reader(son: User, nghe_an: Unit) -> tuple[OfficeClient, str]:
    """A credential for reading alone, with its secret."""
    client = OfficeClient(name="Chỉ đọc", unit=nghe_an, expires_on=timezone.localdate() + timedelta(days=30))
    return client, issue_credential(client, role=Role.VIEWER, by=son)


@pytest.mark.parametrize("scope", ["write", "read write", "write read", "admin", "read admin"])
def test_a_credential_for_reading_never_gets_more(scope: str, reader: tuple[OfficeClient, str]) -> None:
    client, secret = reader
    answer = ask_token(client, scope=scope, secret=secret)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert not AccessToken.objects.exists()
    event = AuditEvent.objects.get(verb=AuditVerb.SIGN_IN_FAILED)
    assert (event.subject_id, event.details) == (str(client.pk), {"reason": "invalid_scope"})


def test_without_a_scope_it_reads_and_its_token_writes_nothing(reader: tuple[OfficeClient, str]) -> None:
    client, secret = reader
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    answer = Client().post("/oauth/token/", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"})
    assert answer.json()["scope"] == "read"
    caller = Caller(token=answer.json()["access_token"])
    assert caller.get("/partners/").status_code == 200
    refused = caller.post("/partners/", {"name": "Hội mới", "kind": "FOREIGN_NGO"})
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient-scope")


def test_a_token_given_out_before_the_credential_was_narrowed_writes_no_more(an: User) -> None:
    credential = make_credential(an)
    caller = Caller(token=ask_token(credential).json()["access_token"])
    OfficeClient.objects.update(may_write=False)
    assert caller.post("/partners/", {"name": "Hội mới", "kind": "FOREIGN_NGO"}).json()["code"] == "insufficient-scope"
    assert not Partner.objects.filter(name="Hội mới").exists()


def test_a_program_reads_no_restricted_record_of_its_own_unit(binh: User, nghe_an: Unit) -> None:
    day = timezone.localdate() - timedelta(days=3)
    hidden = make_exchange(make_partner(), by=binh, on=day, confidentiality=Confidentiality.RESTRICTED)
    open_one = make_exchange(make_partner("Hội khác"), by=binh, on=day, confidentiality=Confidentiality.UNIT)
    client = OfficeClient(name="Đọc và ghi", unit=nghe_an, expires_on=timezone.localdate() + timedelta(days=30))
    caller = Caller(token=ask_token(client, secret=issue_credential(client, role=Role.OFFICER, by=binh)).json()["access_token"])
    assert caller.get(f"/exchanges/{open_one.public_id}/").status_code == 200
    assert caller.get(f"/exchanges/{hidden.public_id}/").status_code == 404


@pytest.mark.parametrize(
    "parts",
    [
        {"client_id": "khong-co", "client_secret": "x"},
        {"client_id": "a\x00b", "client_secret": "x"},
        {"client_secret": "bi-mat-cua-nguoi-khac"},
        {},
    ],
)
def test_a_stranger_is_refused_and_what_he_sent_is_not_kept(parts: dict[str, str], reference_data: None) -> None:
    answer = Client().post("/oauth/token/", {"grant_type": "client_credentials", "scope": "read", **parts})
    assert answer.status_code == 401
    event = AuditEvent.objects.get(verb=AuditVerb.SIGN_IN_FAILED)
    assert (event.subject_id, event.address) == ("", "127.0.0.1")
    assert event.details == {"reason": "invalid_client"}


def test_a_name_that_no_database_takes_is_refused_in_the_header_and_for_giving_back_too(reference_data: None) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(b"a\x00b:x").decode()}
    for address in ("/oauth/token/", "/oauth/revoke_token/"):
        answer = Client().post(address, {"grant_type": "client_credentials", "token": "x"}, headers=basic)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), "Basic bm9jb2xvbg==", "Bearer x"]
)
def test_a_broken_header_is_refused(header: str, reference_data: None) -> None:
    answer = Client().post("/oauth/token/", {"grant_type": "client_credentials"}, headers={"Authorization": header})
    assert answer.status_code == 401
    assert AuditEvent.objects.filter(verb=AuditVerb.SIGN_IN_FAILED).count() == 1


def test_two_secrets_at_once_or_one_in_the_address_are_refused(an: User) -> None:
    credential = make_credential(an)
    basic = base64.b64encode(f"{credential.client_id}:{SECRET}".encode()).decode()
    both = {"grant_type": "client_credentials", "client_id": credential.client_id, "client_secret": SECRET}
    assert Client().post("/oauth/token/", both, headers={"Authorization": f"Basic {basic}"}).json() == {"error": "invalid_request"}
    in_address = f"/oauth/token/?client_id={credential.client_id}&client_secret={SECRET}"
    assert Client().post(in_address, {"grant_type": "client_credentials"}).status_code in {400, 401}
    assert not AccessToken.objects.exists()


def test_a_wrong_secret_leaves_a_trace_at_the_credential(an: User) -> None:
    credential = make_credential(an)
    for number in range(3):
        assert ask_token(credential, secret=f"thu-{number}").status_code == 401
    events = AuditEvent.objects.filter(verb=AuditVerb.SIGN_IN_FAILED, subject_type="crm.OfficeClient", subject_id=str(credential.pk))
    assert events.count() == 3
    assert "thu-" not in str(list(events.values()))


def test_an_expired_or_revoked_credential_fails_with_a_trace(an: User) -> None:
    credential = make_credential(an)
    for values in (
        {"expires_on": timezone.localdate()},
        {"expires_on": timezone.localdate() + timedelta(days=9), "revoked_at": timezone.now()},
    ):
        OfficeClient.objects.update(**values)
        assert ask_token(credential).status_code == 401
    assert AuditEvent.objects.filter(verb=AuditVerb.SIGN_IN_FAILED, subject_id=str(credential.pk)).count() == 2


def test_a_token_given_out_while_the_secret_is_renewed_is_taken_back(son: User, an: User, rf: Any) -> None:
    credential = make_credential(an, expires_on=timezone.localdate() + timedelta(days=30))
    as_read = OfficeClient.objects.get(pk=credential.pk)
    renew_secret(credential, by=son)
    # The old secret had been checked before; the token is stored only now.
    token = AccessToken(application=credential, expires=timezone.now() + timedelta(hours=1), scope="read")
    token._raw_token = "mot-ma-truy-cap"
    token.save()
    assert Caller(token="mot-ma-truy-cap").get("/tiers/").status_code == 200
    assert not keep_token(as_read, "mot-ma-truy-cap", rf.post("/oauth/token/"))
    assert Caller(token="mot-ma-truy-cap").get("/tiers/").status_code == 401


def test_use_is_noted_with_the_address_at_most_once_a_minute(an: User) -> None:
    credential = make_credential(an)
    caller = Caller(token=ask_token(credential).json()["access_token"])
    credential.refresh_from_db()
    assert credential.last_used_from == "127.0.0.1"
    first = credential.last_used_at
    caller.get("/tiers/")
    credential.refresh_from_db()
    assert credential.last_used_at == first
    earlier = timezone.now() - timedelta(seconds=61)
    OfficeClient.objects.update(last_used_at=earlier, last_used_from="192.0.2.9")
    caller.get("/tiers/")
    credential.refresh_from_db()
    assert credential.last_used_at
    assert credential.last_used_at > earlier
    assert credential.last_used_from == "127.0.0.1"


def test_a_use_that_cannot_be_noted_fails_no_request(an: User, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller(token=ask_token(make_credential(an)).json()["access_token"])
    OfficeClient.objects.update(last_used_at=None)

    def refuse(request: Any) -> str:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(credential_use, "client_address", refuse)
    assert caller.get("/tiers/").status_code == 200
    assert OfficeClient.objects.get().last_used_at is None


def test_the_token_address_tells_its_limit_also_where_it_refuses(reference_data: None, client: Any, settings: Any) -> None:
    settings.API_TOKENS_PER_MINUTE = 2
    answers = [client.post("/oauth/token/", {"grant_type": "client_credentials"}) for _request in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert [answer["RateLimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"minute";q=2;w=60'}
