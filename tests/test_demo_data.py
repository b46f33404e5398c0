"""The demonstration: marked, alive on every desk, the same rows that the actions leave, and loaded only once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from activities.actions.facts import refresh_facts
from activities.choices import ExchangeStatus, Standing
from activities.models import Commitment, Exchange, ExchangeDraft, FollowUp, Participation
from config.demo import worked_example
from config.demo.accounts import CLIENT_ID, CLIENT_SECRET, MAIL_DOMAIN, PASSWORD, Colleagues
from config.demo.chronicle import chronicle_of
from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from config.demo.tables import document, parts, rows_of
from crm.choices import ChangeState, Confidentiality, DeliveryState, EndpointState, ViewAudience
from crm.models import (
    ChangeSet,
    Country,
    Field,
    ImportJob,
    OfficeClient,
    OfficePush,
    SavedView,
    TierMembership,
    Unit,
    User,
    WebhookEndpoint,
)
from partners.choices import NoteKind, PartnerFamily
from partners.models import ChangeProposal, Partner, PartnerPair, PersonNote, PersonPair, Post, Registration
from reports.metrics.documents import engagement_document
from tests.api.caller import Caller, ask_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

MARKED = [
    model for model in apps.get_models() if "is_demo" in {field.name for field in model._meta.fields} and "Historical" not in model.__name__
]
SIGNING_IN = [row["username"] for row in document("accounts.toml")["account"] if row.get("shown")]
WRITING = ["thu-ky", "can-bo", "nghe-an", "paccom"]


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load once for this file, and leave nothing behind."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_demo", verbosity=0)
        yield
        transaction.set_rollback(True)


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_a_second_load_adds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = counts()
    call_command("load_demo")
    assert counts() == before
    assert PASSWORD in capsys.readouterr().out


def test_every_row_is_marked_as_invented() -> None:
    marked = {"Partner", "Person", "Exchange", "FollowUp", "Event", "PlanLine", "ActionItem", "Agreement", "Commitment", "PeriodicReport"}
    assert {model.__name__ for model in MARKED} == marked
    for model in MARKED:
        assert model._default_manager.filter(is_demo=True).exists(), model
        assert not model._default_manager.filter(is_demo=False).exists(), model
    assert not User.objects.exclude(email__endswith=f"@{MAIL_DOMAIN}").exists()


def test_every_family_of_partners_and_every_tier_is_there() -> None:
    families = set(Partner.objects.values_list("kind__family", flat=True))
    assert families == set(PartnerFamily.values) - {PartnerFamily.OTHER}
    today = timezone.localdate()
    for code in TierMembership.objects.on(today).values_list("tier__code", flat=True).distinct():
        assert Partner.objects.in_tier(code, today).exists(), code


@pytest.mark.parametrize(
    ("typed", "name"), [("ພູຈຳປາ", "Phu Chăm-pa"), ("连桥", "Liên Kiều"), ("Берёзовый", "Bạch Dương"), ("hoa muong", "Hoa Muồng")]
)
def test_a_partner_is_found_in_its_own_script_and_without_marks(typed: str, name: str) -> None:
    assert name in Partner.objects.search(typed).get().name


def test_the_worked_example_adds_up_as_the_definition_says() -> None:
    figures = engagement_document(Partner.objects.get(name=worked_example.NAME), worked_example.AS_OF)
    assert (figures["E"], figures["EI"]) == (17.17, 46.2)
    assert [row["adds"] for row in figures["ledger"]] == [10.77, 1.99, 0.24, 2.84, 1.33]
    assert (figures["attainment"]["done"], figures["attainment"]["required"]) == (3, 4)


def test_the_plan_of_the_worked_example_is_its_own_alone() -> None:
    assert Partner.objects.filter(country__alpha2=worked_example.COUNTRY).count() == 1


@pytest.mark.parametrize("username", SIGNING_IN)
def test_each_account_signs_in_with_the_printed_password(client: Client, username: str) -> None:
    answer = client.post(reverse("account_login"), {"login": username, "password": PASSWORD})
    assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("desk"))


def test_colleagues_by_name_only_cannot_sign_in() -> None:
    by_name_only = User.objects.exclude(username__in=SIGNING_IN)
    assert by_name_only
    assert not any(user.has_usable_password() for user in by_name_only)


def test_the_office_credential_reads_the_partners_of_the_network() -> None:
    credential = OfficeClient.objects.get(client_id=CLIENT_ID)
    assert CLIENT_SECRET not in credential.client_secret
    token = ask_token(credential, secret=CLIENT_SECRET).json()["access_token"]
    assert Caller(token=token).get("/partners/").json()["items"]


@pytest.mark.parametrize("username", WRITING)
def test_the_desk_of_everyone_who_writes_is_alive(username: str) -> None:
    user = User.objects.get(username=username)
    own = FollowUp.objects.visible_to(user).assigned_to(user)
    assert own.open().exists()
    assert own.overdue(timezone.localdate()).exists()


def test_exchanges_were_logged_lately_in_several_units() -> None:
    lately = Exchange.objects.filter(starts_on__gte=timezone.localdate() - timedelta(days=60))
    assert lately.values("host_unit").distinct().count() > 5


def test_there_is_something_of_every_state() -> None:
    today = timezone.localdate()
    assert set(Exchange.objects.values_list("status", flat=True)) == set(ExchangeStatus.values)
    assert FollowUp.objects.overdue(today).exists()
    assert Exchange.objects.filter(status=ExchangeStatus.PLANNED, starts_on__gt=today).exists()
    assert not Exchange.objects.filter(status=ExchangeStatus.HELD, starts_on__gt=today).exists()
    assert Exchange.objects.filter(parent__isnull=False).exists()
    assert Exchange.objects.filter(co_units__isnull=False).exists()
    assert Exchange.objects.exclude(sides="both").exists()


def test_the_newer_pages_have_something_to_show() -> None:
    today = timezone.localdate()
    soon = (today, today + timedelta(days=180))
    assert Registration.objects.filter(valid_to__range=soon).count() >= 5
    assert Registration.objects.filter(renews__isnull=False).exists()
    assert Post.objects.filter(valid_to__range=soon).count() >= 3
    assert Post.objects.filter(predecessor__isnull=False).exists()
    assert set(PersonNote.objects.values_list("kind", flat=True)) == set(NoteKind.values)
    assert set(PersonNote.objects.values_list("confidentiality", flat=True)) == set(Confidentiality.values)
    assert set(SavedView.objects.values_list("audience", flat=True)) == set(ViewAudience.values)
    assert ExchangeDraft.objects.waiting().exists()
    assert PartnerPair.objects.waiting().filter(first__name__contains="Phu Chăm-pa").exists()
    assert PersonPair.objects.waiting().exists()
    assert {change_set.state for change_set in ChangeSet.objects.all()} == {ChangeState.APPLIED, ChangeState.UNDONE}
    assert ImportJob.objects.get().counts["created"] == 4


@pytest.mark.parametrize("username", ["thu-ky", "nghe-an", "paccom"])
def test_a_saved_view_opens_with_rows(username: str) -> None:
    user = User.objects.get(username=username)
    client = Client()
    client.force_login(user)
    for view in SavedView.objects.visible_to(user):
        answer = client.get(f"{reverse(view.noun)}?{view.query}")
        assert answer.context["page"].rows, view.name


def test_commitments_stand_in_every_way_on_both_sides() -> None:
    today = timezone.localdate()
    standings = {(row.owed_by, row.standing(today)) for row in Commitment.objects.all()}
    assert {standing for _side, standing in standings} == set(Standing)
    assert {side for side, standing in standings if standing == Standing.OVERDUE} == {"ours", "theirs"}
    assert 20 <= Commitment.objects.count() <= 30
    assert Commitment.objects.filter(exchange__isnull=False).exists()


def test_a_restricted_exchange_stays_hidden_from_the_officer_of_another_unit() -> None:
    nghe_an = User.objects.get(username="nghe-an")
    restricted = Exchange.objects.filter(confidentiality=Confidentiality.RESTRICTED)
    assert restricted.exists()
    assert not restricted.visible_to(nghe_an).exists()
    assert Exchange.objects.visible_to(nghe_an).count() < Exchange.objects.count() - restricted.count()


def test_bulk_writing_leaves_the_facts_that_the_action_makes() -> None:
    rows = Participation.objects.order_by("pk").values()
    before = list(rows)
    for exchange in Exchange.objects.filter(parent=None).select_related("kind")[::3]:
        refresh_facts(exchange)
    assert list(rows.all()) == before


def test_bulk_writing_leaves_rows_that_pass_every_rule() -> None:
    for exchange in Exchange.objects.order_by("starts_on")[::9]:
        exchange.full_clean()


def test_bulk_writing_leaves_the_first_version_with_its_fields_and_author() -> None:
    exchange = Exchange.objects.filter(fields__isnull=False, provinces__isnull=False).first()
    assert exchange
    version = exchange.history.get()
    assert (version.history_type, version.history_user) == ("+", exchange.created_by)
    assert {row.field for row in version.fields.all()} == set(exchange.fields.all())
    assert {row.province for row in version.provinces.all()} == set(exchange.provinces.all())


@pytest.mark.parametrize("key", ["la-champa", "us-heron"])
def test_the_same_day_gives_the_same_exchanges_again(key: str) -> None:
    stored = {(exchange.title, exchange.starts_on, exchange.level) for exchange in Exchange.objects.all()}
    again = [(entry.exchange.title, entry.exchange.starts_on, entry.exchange.level) for entry in chronicle_of(*retell(key))]
    assert len(again) > 10
    assert set(again) <= stored


def retell(key: str) -> tuple[Acquaintance, Surroundings]:
    """The partner of that key as the loader knew it."""
    row = next(row for row in rows_of("partners.csv") if row["key"] == key)
    partner = Partner.objects.get(name=row["name"])
    accounts = {user.username: user for user in User.objects.all()}
    units = {unit.code: unit for unit in Unit.objects.all()}
    fields = {field.code: field for field in Field.objects.all()}
    acquaintance = Acquaintance(
        key=key,
        partner=partner,
        family=partner.kind.family,
        lead=units[row["lead"]],
        support=[units[code] for code in parts(row["support"])],
        fields=[fields[code] for code in parts(row["fields"])],
        exchanges=int(row["exchanges"]),
        people=[post.person for post in partner.posts.on(timezone.localdate())],
    )
    by_unit = {units[row["unit"]].code: accounts[row["username"]] for row in document("accounts.toml")["account"] if row["unit"] != "VUFO"}
    return acquaintance, Surroundings(today=timezone.localdate(), colleagues=Colleagues(by_username=accounts, by_unit=by_unit))


def test_the_countries_of_the_file_are_known() -> None:
    named = {row["country"] for row in rows_of("partners.csv") if row["country"]}
    assert named <= set(Country.objects.values_list("alpha2", flat=True))


def test_the_pages_of_connections_have_something_to_show_and_nothing_is_sent() -> None:
    lead = User.objects.get(username="lanh-dao-nghe-an")
    endpoint = WebhookEndpoint.objects.visible_to(lead).get()
    assert (endpoint.state, endpoint.url.split("/")[2].rpartition(".")[2]) == (EndpointState.PAUSED, "example")
    assert set(endpoint.deliveries.values_list("state", flat=True)) == {DeliveryState.DELIVERED, DeliveryState.GIVEN_UP}
    pushes = OfficePush.objects.visible_to(lead)
    assert all(push.rows == push.created + push.changed + push.unchanged + push.proposed + push.refused for push in pushes)
    assert pushes.filter(refused__gt=0).exists()
    assert OfficeClient.objects.visible_to(lead).get().last_used_at == pushes.latest("at").at


def test_the_office_has_a_proposal_to_decide_and_one_that_waits_elsewhere() -> None:
    officer = User.objects.get(username="nghe-an")
    waiting = ChangeProposal.objects.open().visible_to(officer)
    assert {proposal.unit.code for proposal in waiting.editable_by(officer)} == {"PU-22"}
    assert {proposal.unit.code for proposal in waiting} == {"PU-22", "PU-40"}
