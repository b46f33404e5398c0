"""Credentials: leads make, renew and revoke them for their own units; nobody gets more than he may give, or sees a secret twice."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken

from crm.actions.offices import issue_credential, latest_expiry, may_hold, renew_secret, revoke_credential, units_managed_by
from crm.choices import AuditVerb, Role, UnitKind
from crm.models import AuditEvent, Membership, OfficeClient, Unit, User
from tests.api.caller import Caller, ask_token, make_credential
from tests.factories import make_unit, make_user
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
SOON = timedelta(days=90)


def made(by: User, unit: Unit, *, role: Role = Role.OFFICER, **values: Any) -> tuple[OfficeClient, str]:
    client = OfficeClient(name="Hồ sơ đối ngoại", unit=unit, **{"expires_on": timezone.localdate() + SOON, **values})
    return client, issue_credential(client, role=role, by=by)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def form_for(unit: Unit, **values: Any) -> dict[str, Any]:
    day = (timezone.localdate() + SOON).isoformat()
    return {"name": "Hồ sơ", "unit": unit.code, "purpose": "Thử", "role": Role.VIEWER.value, "expires_on": day, **values}


# --- Whose units, which roles ------------------------------------------------------------------------


def test_a_lead_manages_the_own_unit_and_those_below_and_nobody_else_any(binh: User, an: User, dung: User, khoa: User, ha: User) -> None:
    unit = Unit.objects.get(code="PU-40")
    chapter = make_unit("PU-40-C1", kind=UnitKind.CHAPTER, parent=unit)
    assert set(units_managed_by(binh)) == {unit, chapter}
    for user in (an, dung, khoa, ha):
        assert not units_managed_by(user).exists()


def test_a_lead_makes_none_for_another_unit_by_action_or_by_page(binh: User, quang_ninh: Unit, centre: Unit) -> None:
    for unit in (quang_ninh, centre):
        with pytest.raises(PermissionDenied):
            made(binh, unit)
        assert signed_in(binh).post(reverse("crm:credential-create"), form_for(unit)).status_code == 422
    assert not OfficeClient.objects.exists()


def test_a_lead_of_a_province_never_gives_sight_of_the_centre_below_it(binh: User, nghe_an: Unit) -> None:
    department = make_unit("PU-40-D", kind=UnitKind.DEPARTMENT, parent=nghe_an)
    with pytest.raises(PermissionDenied):
        made(binh, department)


@pytest.mark.parametrize("role", [Role.UNIT_LEAD, Role.SECRETARIAT, Role.ADMINISTRATOR, Role.NGO_OFFICER])
def test_a_lead_gives_no_role_beyond_an_officers(role: Role, binh: User, nghe_an: Unit) -> None:
    with pytest.raises(PermissionDenied):
        made(binh, nghe_an, role=role)
    assert signed_in(binh).post(reverse("crm:credential-create"), form_for(nghe_an, role=role.value)).status_code == 422


@pytest.mark.parametrize("role", [Role.UNIT_LEAD, Role.SECRETARIAT, Role.ADMINISTRATOR])
def test_even_the_administrator_makes_no_program_a_lead_or_a_colleague_of_the_secretariat(role: Role, son: User, nghe_an: Unit) -> None:
    with pytest.raises(PermissionDenied):
        made(son, nghe_an, role=role)


def test_the_administrator_makes_one_for_every_unit(son: User, quang_ninh: Unit) -> None:
    client, secret = made(son, quang_ninh, role=Role.NGO_OFFICER)
    assert ask_token(client, secret=secret).status_code == 200


def test_a_program_makes_no_credentials_even_where_it_leads(binh: User, nghe_an: Unit) -> None:
    User.objects.filter(pk=binh.pk).update(is_program=True)
    program = User.objects.get(pk=binh.pk)
    with pytest.raises(PermissionDenied):
        made(program, nghe_an)
    assert not OfficeClient.objects.visible_to(program).exists()


def test_a_lead_gets_no_secret_of_a_program_that_may_do_more(binh: User, son: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    wide, _secret = made(son, nghe_an, role=Role.NGO_OFFICER)
    lent, _secret = made(son, nghe_an)
    Membership.objects.create(user=lent.acts_as, unit=quang_ninh, role=Role.OFFICER)
    for client in (wide, lent):
        assert not may_hold(client, binh)
        before = OfficeClient.objects.get(pk=client.pk).client_secret
        with pytest.raises(PermissionDenied):
            renew_secret(client, by=binh)
        answer = signed_in(binh).post(reverse("crm:credential-rotate", args=[client.pk]), form_for(nghe_an))
        assert answer.status_code == (200 if client == wide else 403)
        if client == lent:
            assert OfficeClient.objects.get(pk=client.pk).client_secret == before
        revoke_credential(client, by=binh)


def test_a_new_role_is_the_only_one_in_the_unit_and_never_a_persons(son: User, an: User, nghe_an: Unit) -> None:
    client, _secret = made(son, nghe_an)
    Membership.objects.create(user=client.acts_as, unit=nghe_an, role=Role.UNIT_LEAD)
    renew_secret(client, by=son, role=Role.VIEWER)
    assert list(client.acts_as.memberships.values_list("role", flat=True)) == [Role.VIEWER]
    of_a_person = make_credential(an, expires_on=timezone.localdate() + SOON)
    with pytest.raises(PermissionDenied):
        renew_secret(of_a_person, by=son, role=Role.VIEWER)
    assert an.memberships.get().role == Role.OFFICER


def test_other_leads_viewers_and_officers_find_no_credential(binh: User, nghe_an: Unit, quang_ninh: Unit, an: User, dung: User) -> None:
    client, _secret = made(binh, nghe_an)
    other = make_user("loan", unit=quang_ninh, role=Role.UNIT_LEAD)
    names = ("credential-detail", "credential-rotate", "credential-revoke")
    for user, status in ((other, 404), (an, 403), (dung, 403)):
        for name in names:
            assert signed_in(user).get(reverse(f"crm:{name}", args=[client.pk])).status_code == status
            if name != "credential-detail":
                assert signed_in(user).post(reverse(f"crm:{name}", args=[client.pk]), form_for(nghe_an)).status_code == status
    assert "Hồ sơ đối ngoại" not in signed_in(other).get(reverse("crm:credential-list")).text
    for user in (other, an, dung):
        with pytest.raises(PermissionDenied):
            renew_secret(client, by=user)
        with pytest.raises(PermissionDenied):
            revoke_credential(client, by=user)
    assert ask_token(client, secret="x").status_code == 401


# --- The secret ----------------------------------------------------------------------------------------


def secret_on(page: Any) -> str:
    found = re.search(r'<textarea id="client-secret"[^>]*>([^<]+)</textarea>', page.text)
    assert found
    return found[1]


def every_text_in_the_database() -> str:
    pieces = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            cursor.execute(f'SELECT {", ".join(connection.ops.quote_name(name) for name in columns)} FROM "{table}"')  # noqa: S608  (our own tables)
            pieces += [str(value) for row in cursor.fetchall() for value in row if isinstance(value, str | bytes | dict | list)]
    return "\n".join(pieces)


def test_the_secret_is_shown_once_and_stored_nowhere(binh: User, nghe_an: Unit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    browser = signed_in(binh)
    page = browser.post(reverse("crm:credential-create"), form_for(nghe_an))
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    secret, client = secret_on(page), OfficeClient.objects.get()
    assert check_password(secret, client.client_secret)
    token = ask_token(client, scope="read", secret=secret).json()["access_token"]
    rotated = browser.post(reverse("crm:credential-rotate", args=[client.pk]), form_for(nghe_an))
    assert rotated["Cache-Control"] == "no-store"
    renewed = secret_on(rotated)
    assert renewed != secret
    for address in (client.get_absolute_url(), reverse("crm:credential-list"), reverse("crm:credential-rotate", args=[client.pk])):
        shown = browser.get(address).text
        for hidden in (secret, renewed, client.client_secret, OfficeClient.objects.get().client_secret):
            assert hidden not in shown
    kept = every_text_in_the_database() + caplog.text
    for hidden in (secret, renewed, token):
        assert hidden not in kept


def test_a_secret_is_never_exported_nor_its_hash(binh: User, nghe_an: Unit) -> None:
    client, secret = made(binh, nghe_an)
    answer: Any = signed_in(binh).get(reverse("crm:credential-list") + "?export=csv&columns=name,client_id,client_secret")
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.text
    assert client.client_id in text
    assert secret not in text
    assert client.client_secret not in text


def test_a_renewed_secret_ends_the_old_one_and_its_tokens_and_may_narrow(binh: User, nghe_an: Unit) -> None:
    client, old = made(binh, nghe_an)
    caller = Caller(token=ask_token(client, secret=old).json()["access_token"])
    new = renew_secret(client, by=binh, role=Role.VIEWER)
    assert ask_token(client, secret=old).status_code == 401
    assert caller.get("/tiers/").json()["code"] == "invalid-token"
    assert ask_token(client, secret=new, scope="read").status_code == 200
    assert ask_token(client, secret=new, scope="read write").json()["error"] == "invalid_scope"
    assert client.acts_as.memberships.get().role == Role.VIEWER


def test_two_credentials_change_over_without_a_gap(binh: User, nghe_an: Unit) -> None:
    first, first_secret = made(binh, nghe_an)
    second, second_secret = made(binh, nghe_an)
    assert ask_token(first, secret=first_secret).status_code == ask_token(second, secret=second_secret).status_code == 200
    revoke_credential(first, by=binh)
    assert ask_token(second, secret=second_secret).status_code == 200
    assert first.acts_as.username != second.acts_as.username


# --- Ends ----------------------------------------------------------------------------------------------


def test_it_lasts_at_most_a_year_and_half_a_year_when_nobody_says(binh: User, nghe_an: Unit) -> None:
    today = timezone.localdate()
    for day in (today, today - timedelta(days=1), latest_expiry(today) + timedelta(days=1)):
        with pytest.raises(ValidationError) as refused:
            made(binh, nghe_an, expires_on=day)
        assert refused.value.error_dict["expires_on"][0].code == "expiry-out-of-range"
    client, _secret = made(binh, nghe_an, expires_on=latest_expiry(today))
    with pytest.raises(ValidationError):
        renew_secret(client, by=binh, expires_on=latest_expiry(today) + timedelta(days=1))
    form = signed_in(binh).get(reverse("crm:credential-create")).context["form"]
    assert form["expires_on"].initial == today + timedelta(days=183)
    assert latest_expiry(date(2028, 2, 29)) == date(2029, 3, 1)


def test_an_expired_one_comes_back_with_a_new_secret_and_day_only(binh: User, nghe_an: Unit) -> None:
    client, secret = made(binh, nghe_an)
    OfficeClient.objects.update(expires_on=timezone.localdate())
    assert ask_token(client, secret=secret).status_code == 401
    with pytest.raises(ValidationError):
        renew_secret(client, by=binh)
    new = renew_secret(client, by=binh, expires_on=timezone.localdate() + SOON)
    assert ask_token(client, secret=new).status_code == 200


def test_a_revoked_one_is_dead_at_once_with_its_tokens_and_its_account(binh: User, nghe_an: Unit) -> None:
    client, secret = made(binh, nghe_an)
    caller = Caller(token=ask_token(client, secret=secret).json()["access_token"])
    assert caller.get("/tiers/").status_code == 200
    answer = signed_in(binh).post(reverse("crm:credential-revoke", args=[client.pk]))
    assert answer.status_code == 302
    assert caller.get("/tiers/").status_code == 401
    assert ask_token(client, secret=secret).status_code == 401
    client.refresh_from_db()
    assert client.revoked_by == binh
    assert not User.objects.get(pk=client.acts_as_id).is_active
    assert not AccessToken.objects.exists()
    for again in (lambda: revoke_credential(client, by=binh), lambda: renew_secret(client, by=binh)):
        with pytest.raises(ValidationError) as refused:
            again()
        assert refused.value.code == "credential-revoked"


def test_a_token_that_outlived_the_revocation_in_the_table_opens_nothing(binh: User, nghe_an: Unit) -> None:
    client, secret = made(binh, nghe_an)
    caller = Caller(token=ask_token(client, secret=secret).json()["access_token"])
    OfficeClient.objects.update(revoked_at=timezone.now())
    assert caller.get("/tiers/").status_code == 401


# --- The trail -----------------------------------------------------------------------------------------


def test_the_page_tells_who_made_renewed_and_failed_to_use_it(binh: User, nghe_an: Unit) -> None:
    client, _secret = made(binh, nghe_an)
    renew_secret(client, by=binh)
    ask_token(client, secret="không phải")
    verbs = list(AuditEvent.objects.filter(subject_id=str(client.pk)).order_by("id").values_list("verb", flat=True))
    assert verbs == [AuditVerb.CREDENTIAL_MADE, AuditVerb.CREDENTIAL_ROTATED, AuditVerb.SIGN_IN_FAILED]
    page = signed_in(binh).get(client.get_absolute_url()).text
    for word in ("made a credential", "renewed the secret", "failed to sign in", "invalid_client", "127.0.0.1", str(binh)):
        assert word in page
    revoke_credential(client, by=binh)
    event = AuditEvent.objects.get(verb=AuditVerb.CREDENTIAL_REVOKED)
    assert (event.actor, event.details["unit"]) == (str(binh), "PU-40")


def test_the_list_shows_scope_state_and_last_use_and_leaves_revoked_ones_out(binh: User, nghe_an: Unit) -> None:
    soon, secret = made(binh, nghe_an, role=Role.VIEWER, expires_on=timezone.localdate() + timedelta(days=5))
    gone, _secret = made(binh, nghe_an, purpose="Cũ rồi")
    revoke_credential(gone, by=binh)
    ask_token(soon, scope="read", secret=secret)
    page = signed_in(binh).get(reverse("crm:credential-list")).text
    assert "Expires soon" in page
    assert "127.0.0.1" in page
    assert "Cũ rồi" not in page
    revoked = signed_in(binh).get(reverse("crm:credential-list") + "?state=cancelled").text
    assert "Cũ rồi" in revoked
    assert "Expires soon" not in re.sub(r"<option.*?</option>", "", revoked)


def test_a_longer_list_takes_no_more_statements(binh: User, nghe_an: Unit) -> None:
    browser = signed_in(binh)
    made(binh, nghe_an)
    get_counted(browser, reverse("crm:credential-list"), name="credentials: list")
    for _more in range(5):
        made(binh, nghe_an)
    get_counted(browser, reverse("crm:credential-list"), name="credentials: list")
