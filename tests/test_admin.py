"""The plain admin: reference data for the secretariat, accounts for the administrator, nothing for others."""

from collections.abc import Callable
from datetime import date

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from crm.actions.audit import record_event
from crm.choices import AuditVerb, Role
from crm.models import AuditEvent, Country, Field, Membership, OfficeClient, Tier, TierMembership, Unit, UnitSuccession, User
from reports.models import PlanLine

pytestmark = pytest.mark.django_db

REFERENCE_LISTS = [
    "crm_country",
    "crm_province",
    "crm_provincesuccession",
    "crm_tier",
    "crm_tiermembership",
    "crm_field",
    "crm_policydocument",
    "crm_unit",
    "crm_unitsuccession",
    "partners_partnerkind",
    "activities_exchangekind",
    "activities_forum",
    "reports_planline",
    "reports_policyversion",
]
ACCOUNT_LISTS = ["crm_user", "crm_membership", "crm_officeclient", "crm_auditevent"]

SignIn = Callable[[Role], Client]


@pytest.fixture
def centre() -> Unit:
    return Unit.objects.get(code="VUFO")


@pytest.fixture
def signed_in(centre: Unit) -> SignIn:
    def sign_in(role: Role) -> Client:
        user = User.objects.create(username=f"somebody-{role}", full_name=f"Somebody {role}")
        Membership.objects.create(user=user, unit=centre, role=role)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def secretariat(signed_in: SignIn) -> Client:
    return signed_in(Role.SECRETARIAT)


@pytest.fixture
def administrator(signed_in: SignIn) -> Client:
    return signed_in(Role.ADMINISTRATOR)


def lists(client: Client) -> set[str]:
    """The lists that the front page of the admin offers."""
    return {name for name in (*REFERENCE_LISTS, *ACCOUNT_LISTS) if f'"{reverse(f"admin:{name}_changelist")}"' in client.get("/admin/").text}


def test_a_stranger_is_sent_to_our_own_sign_in_page() -> None:
    response = Client().get("/admin/crm/tier/")
    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("account_login"))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OFFICER, Role.UNIT_LEAD, Role.NGO_OFFICER])
def test_other_roles_are_refused(role: Role, signed_in: SignIn) -> None:
    client = signed_in(role)
    assert client.get("/admin/").status_code == 403
    assert client.get("/admin/crm/tier/").status_code == 403


def test_the_secretariat_sees_reference_data_and_no_accounts(secretariat: Client) -> None:
    assert lists(secretariat) == set(REFERENCE_LISTS)


def test_the_administrator_sees_accounts_too(administrator: Client) -> None:
    assert lists(administrator) == {*REFERENCE_LISTS, *ACCOUNT_LISTS} - {"reports_planline"}


def test_nothing_that_libraries_bring_is_registered() -> None:
    assert {model._meta.app_label for model in admin.site._registry} == {"crm", "partners", "activities", "reports"}


@pytest.mark.parametrize("name", REFERENCE_LISTS)
def test_every_reference_list_opens_searches_and_filters(name: str, secretariat: Client) -> None:
    address = reverse(f"admin:{name}_changelist")
    assert secretariat.get(address).status_code == 200
    assert secretariat.get(address, {"q": "lao"}).status_code in {200, 302}


@pytest.mark.parametrize("name", ACCOUNT_LISTS)
def test_every_account_list_opens_for_the_administrator_alone(name: str, secretariat: Client, administrator: Client) -> None:
    address = reverse(f"admin:{name}_changelist")
    assert administrator.get(address).status_code == 200
    assert secretariat.get(address).status_code == 403


@pytest.fixture
def a_row_of_everything(centre: Unit) -> None:
    """One row of what the reference data does not bring."""
    PlanLine.objects.create(country=Country.objects.get(alpha2="LA"), required=4, cadence_days=90)
    UnitSuccession.objects.create(predecessor=Unit.objects.get(code="PU-22"), successor=centre, happened_on=date(2026, 1, 1))
    program = User.objects.create(username="program")
    OfficeClient.objects.create(name="Program", unit=centre, acts_as=program, expires_on=date(2027, 1, 1))
    record_event(AuditVerb.EXPORTED, by=program)


@pytest.mark.usefixtures("a_row_of_everything")
@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label_lower)
def test_every_form_and_history_opens_and_nothing_can_be_deleted(model: type[Model], administrator: Client, secretariat: Client) -> None:
    row = model._default_manager.all()[0]
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
    # Who runs the site does not plan: lines of the plan are the secretariat's.
    who = secretariat if model is PlanLine else administrator
    assert who.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    assert who.get(reverse(f"{name}_history", args=[row.pk])).status_code == 200
    assert who.get(reverse(f"{name}_delete", args=[row.pk])).status_code == 403


def test_pages_keep_the_strict_policy_and_carry_no_inline_code(secretariat: Client) -> None:
    tier = Tier.objects.get(code="ASEAN")
    for address in ("/admin/", reverse("admin:crm_tier_changelist"), reverse("admin:crm_tier_change", args=[tier.pk])):
        response = secretariat.get(address)
        assert "unsafe" not in response["Content-Security-Policy"]
        assert " style=" not in response.text
        assert "<style" not in response.text
        assert " onclick=" not in response.text


def test_the_filter_shows_what_is_to_be_confirmed(secretariat: Client) -> None:
    page = secretariat.get(reverse("admin:crm_tier_changelist"), {"standing": "open"})
    assert [tier.code for tier in page.context["cl"].result_list] == ["MAJOR_POWER"]


def test_confirming_marks_the_row_keeps_a_version_and_an_event(secretariat: Client) -> None:
    tier = Tier.objects.get(code="MAJOR_POWER")
    secretariat.post(reverse("admin:crm_tier_changelist"), {"action": "confirm", "_selected_action": [tier.pk]})
    tier.refresh_from_db()
    assert not tier.to_be_confirmed
    assert tier.confirmed_by is not None
    assert tier.history.first().history_user == tier.confirmed_by
    event = AuditEvent.objects.get(verb=AuditVerb.CONFIRMED)
    assert (event.subject_type, event.subject_id) == ("crm.Tier", str(tier.pk))


def test_a_country_cannot_be_put_on_a_second_step_of_the_ladder(secretariat: Client) -> None:
    data = {
        "tier": Tier.objects.get(code="STRATEGIC").pk,
        "country": Country.objects.get(alpha2="FR").pk,
        "valid_from": "01/12/2026",
        "precision": "day",
        "confidence": "high",
    }
    page = secretariat.post(reverse("admin:crm_tiermembership_add"), data)
    assert page.status_code == 200
    assert not TierMembership.objects.filter(valid_from=date(2026, 12, 1)).exists()


def test_an_edited_row_says_who_changed_it(secretariat: Client) -> None:
    tier = Tier.objects.get(code="ASEAN")
    names = ("code", "label_vi", "label_en", "label_ru", "label_fr", "group", "rank", "source", "confidence", "note")
    data = {name: getattr(tier, name) for name in names}
    response = secretariat.post(reverse("admin:crm_tier_change", args=[tier.pk]), {**data, "label_en": "ASEAN member"})
    assert response.status_code == 302
    version = tier.history.first()
    assert (version.label_en, version.history_user.username) == ("ASEAN member", "somebody-secretariat")


def test_a_new_field_gets_a_bit_that_none_had(secretariat: Client) -> None:
    highest = Field.objects.order_by("-bit")[0].bit
    data = {"code": "SPACE", "label_vi": "Không gian", "label_en": "Space", "confidence": "high"}
    assert secretariat.post(reverse("admin:crm_field_add"), data).status_code == 302
    assert Field.objects.get(code="SPACE").bit == highest + 1


def test_a_plan_line_is_saved_through_the_action(secretariat: Client) -> None:
    data = {"country": Country.objects.get(alpha2="LA").pk, "required": 4, "cadence_days": 90, "least_level": 2, "valid_from": "01/01/2026"}
    assert secretariat.post(reverse("admin:reports_planline_add"), data).status_code == 302
    line = PlanLine.objects.get(country__alpha2="LA", required=4)
    assert (str(line.created_by), line.revision) == ("Somebody secretariat", 1)


def test_the_administrator_who_writes_no_plan_reaches_no_plan_line(administrator: Client) -> None:
    assert administrator.get(reverse("admin:reports_planline_changelist")).status_code == 403
    assert administrator.post(reverse("admin:reports_planline_add"), {"required": 4}).status_code == 403


def test_the_administrator_makes_an_account_and_gives_it_a_role(administrator: Client, centre: Unit) -> None:
    password = "mot-cay-cau-dai-2026"
    data = {
        "username": "moi",
        "full_name": "Người Mới",
        "language": "vi",
        "password1": password,
        "password2": password,
        "usable_password": "true",
    }
    assert administrator.post(reverse("admin:crm_user_add"), data).status_code == 302
    user = User.objects.get(username="moi")
    assert user.check_password(password)
    assert not user.is_staff
    membership = {"user": user.pk, "unit": centre.pk, "role": Role.OFFICER}
    assert administrator.post(reverse("admin:crm_membership_add"), membership).status_code == 302
    assert user.memberships.get().role == Role.OFFICER


def test_no_account_can_be_made_a_superuser(administrator: Client) -> None:
    user = User.objects.create(username="plain")
    page = administrator.get(reverse("admin:crm_user_change", args=[user.pk]))
    assert "is_superuser" not in page.text
    assert "is_staff" not in page.text


def test_credentials_are_looked_at_and_not_written(administrator: Client, centre: Unit) -> None:
    program = User.objects.create(username="program-1", is_program=True)
    client = OfficeClient.objects.create(
        name="Nghệ An", unit=centre, acts_as=program, expires_on=date(2027, 1, 1), client_secret="bi-mat-cua-toi"
    )
    address = reverse("admin:crm_officeclient_change", args=[client.pk])
    page = administrator.get(address)
    assert client.client_id in page.text
    assert client.client_secret not in page.text
    assert administrator.post(address, {"name": "Khác"}).status_code == 403
    assert administrator.get(reverse("admin:crm_officeclient_add")).status_code == 403
    assert OfficeClient.objects.get().name == "Nghệ An"


def test_the_audit_trail_cannot_be_written(administrator: Client) -> None:
    assert administrator.get(reverse("admin:crm_auditevent_add")).status_code == 403
