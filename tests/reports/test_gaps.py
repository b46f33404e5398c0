"""The worst gaps, and the one next step of each: which rule speaks, through whom, on what evidence, for which reader."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activities.choices import AgreementState, Side
from activities.models import Agreement, AgreementKind, AgreementParty, Attendance, Event, FollowUp, Forum, Occasion
from crm.choices import Confidentiality
from crm.models import Country, Field, Province, Unit, User
from partners.models import PartnerKind, Person, Post
from reports.choices import GapKind, Step
from reports.metrics.borders import provinces_by_country
from reports.metrics.days import policy_on
from reports.metrics.gaps import Gap, worst_gaps
from reports.metrics.proposals import Proposal, with_proposals
from reports.models import PlanLine
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import check_count, get_counted

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def gaps() -> list[Gap]:
    return worst_gaps(policy_on(TODAY), TODAY)


def gap(alpha2: str) -> Gap:
    return next(row for row in gaps() if row.country and row.country.alpha2 == alpha2 and row.target is None)


def proposal(alpha2: str, reader: User) -> Proposal:
    (proposed,) = with_proposals([gap(alpha2)], TODAY, reader)
    return proposed.proposal


def evidence(alpha2: str, reader: User) -> str:
    return " ".join(row.text for row in proposal(alpha2, reader).evidence)


@pytest.fixture(autouse=True)
def no_occasions(reference_data: None) -> None:
    """National days would come and go with the day of the test."""
    Occasion.objects.all().delete()


# --- Which gaps --------------------------------------------------------------------------------------


def test_a_country_without_any_partner_is_a_gap_and_says_so(reference_data: None) -> None:
    found = gap("LA")
    assert (found.kind, found.has_no_partner) == (GapKind.NEVER, True)
    make_partner(country="LA")
    assert not gap("LA").has_no_partner


def test_the_worst_come_first_and_a_country_stands_once(an: User) -> None:
    make_exchange(make_partner(country="KH"), by=an, on=ago(300))
    make_exchange(make_partner(country="TH"), by=an, on=TODAY)
    found = gaps()
    homes = [row.country.alpha2 for row in found if row.country]
    assert len(homes) == len(set(homes))
    assert "TH" not in homes
    assert found[-1].kind == GapKind.OVERDUE
    assert homes[-1] == "KH"
    assert gap("KH").days_late is not None
    neighbours = [row for row in found if row.kind == GapKind.NEVER][:2]
    assert {row.country.alpha2 for row in neighbours if row.country} == {"LA", "CN"}


def test_a_planned_exchange_closes_the_gap(an: User) -> None:
    make_exchange(make_partner(country="KH"), by=an, on=TODAY + timedelta(days=10), status="planned")
    assert "KH" not in {row.country.alpha2 for row in gaps() if row.country}


def test_what_happens_after_the_day_changes_nothing(an: User) -> None:
    make_exchange(make_partner(country="KH"), by=an, on=TODAY)
    then = worst_gaps(policy_on(ago(30)), ago(30))
    assert "KH" in {row.country.alpha2 for row in then if row.country}


def test_a_missed_target_is_a_gap_of_each_country_of_its_tier(an: User) -> None:
    field = Field.objects.filter(parent__isnull=False).order_by("bit")[0]
    line = PlanLine.objects.create(
        tier=gap("LA").tiers[0], field=field.parent, required=1, cadence_days=365, valid_from=ago(500)
    )  # fmt: skip
    partner = make_partner(country="LA")
    missed = {row.country.alpha2 for row in gaps() if row.target and row.country}
    assert {"LA", "CN", "KH"} <= missed
    make_exchange(partner, by=an, on=ago(3), fields=[field])
    assert "LA" not in {row.country.alpha2 for row in gaps() if row.target and row.target.line == line and row.country}


def test_a_target_of_a_province_counts_what_its_former_parts_logged(an: User) -> None:
    line = PlanLine.objects.create(
        province=Province.objects.get(slug="tuyen-quang"), required=1, cadence_days=365, valid_from=ago(800)
    )  # fmt: skip
    assert [row.target.line for row in gaps() if row.target] == [line]
    make_exchange(make_partner(country="LA"), by=an, on=ago(3), provinces=[Province.objects.get(slug="ha-giang")])
    assert not [row for row in gaps() if row.target]


def test_a_kind_of_partner_may_be_a_target(an: User) -> None:
    first, second = PartnerKind.objects.order_by("order", "id")[:2]
    PlanLine.objects.create(
        country=Country.objects.get(alpha2="LA"), partner_kind=second, required=1, cadence_days=365, valid_from=ago(9)
    )  # fmt: skip
    make_exchange(make_partner(country="LA", kind=first.code), by=an, on=ago(3))
    assert [row.target.done for row in gaps() if row.target] == [0]
    make_exchange(make_partner("Trường B", country="LA", kind=second.code), by=an, on=ago(3))
    assert not [row for row in gaps() if row.target]


# --- The next step -----------------------------------------------------------------------------------


def test_without_a_partner_the_association_for_the_country_looks_for_one(ha: User) -> None:
    found = proposal("LA", ha)
    assert (found.step, found.unit and found.unit.code, found.partner) == (Step.INTRODUCTION, "VN-LA", None)


def test_a_visit_not_returned_comes_before_everything(an: User, ha: User, centre: Unit) -> None:
    partner = make_partner(country="KH")
    make_exchange(partner, by=an, on=ago(400), kind="DELEGATION_IN", direction="in", level=2)
    Event.objects.create(name="Diễn đàn mẫu", starts_on=TODAY + timedelta(days=20), country=partner.country, host_unit=centre)
    found = proposal("KH", ha)
    assert (found.step, found.partner) == (Step.RETURN_VISIT, partner)
    assert "Diễn đàn mẫu" in evidence("KH", ha)


def test_an_agreement_ending_is_renewed_where_the_reader_may_see_it(an: User, chau: User, nghe_an: Unit) -> None:
    partner = make_partner(country="KH")
    agreement = Agreement.objects.create(
        kind=AgreementKind.objects.create(code="X", label_vi="X", label_en="X", family="agreement"), title="Thỏa thuận mẫu", unit=nghe_an,
        state=AgreementState.SIGNED, signed_on=ago(900), valid_from=ago(900), valid_to=TODAY + timedelta(days=100),
        confidentiality=Confidentiality.UNIT,
    )  # fmt: skip
    AgreementParty.objects.create(agreement=agreement, side=Side.THEIRS, partner=partner)
    assert proposal("KH", an).step == Step.RENEWAL
    assert proposal("KH", an).until == agreement.valid_to
    assert proposal("KH", chau).step == Step.CONTACT
    assert "Thỏa thuận mẫu" not in evidence("KH", chau) + proposal("KH", chau).text
    Agreement.objects.create(kind=agreement.kind, title="Mới", unit=nghe_an, state=AgreementState.NEGOTIATED, renews=agreement)
    assert proposal("KH", an).step == Step.CONTACT


def test_a_session_of_a_forum_where_they_took_part_is_a_place_to_meet(an: User, centre: Unit) -> None:
    forum = Forum.objects.order_by("pk")[0]
    partner = make_partner(country="KH")
    before = Event.objects.create(name="Khóa trước", starts_on=ago(500), host_unit=centre, forum=forum)
    make_exchange(partner, by=an, on=ago(500), event=before)
    ahead = Event.objects.create(name="Khóa tới", starts_on=TODAY + timedelta(days=90), host_unit=centre, forum=forum)
    assert proposal("KH", an).step == Step.EVENT
    assert proposal("KH", an).until == ahead.starts_on


def test_a_national_day_within_two_months_is_used(an: User) -> None:
    partner = make_partner(country="KH")
    day = TODAY + timedelta(days=40)
    Occasion.objects.create(
        code="kh", kind="national_day", country=partner.country, name_vi="Quốc khánh", name_en="National day", month=day.month, day=day.day
    )  # fmt: skip
    assert (proposal("KH", an).step, proposal("KH", an).until) == (Step.OCCASION, day)


def test_through_whom_goes_association_then_keeper_then_whoever_met_them_then_the_border(an: User, nghe_an: Unit, centre: Unit) -> None:
    Unit.objects.filter(country__alpha2="LA").update(country=None)
    partner = make_partner(country="LA")
    first = proposal("LA", an).unit
    assert first is not None
    assert first.province is not None
    assert first.province.slug == provinces_by_country()["LA"][0]
    make_exchange(partner, by=an, on=ago(800))
    assert proposal("LA", an).unit == nghe_an
    make_steward(partner, centre)
    assert proposal("LA", an).unit == centre
    Unit.objects.filter(code="VN-LA").update(country=Country.objects.get(alpha2="LA"))
    found = proposal("LA", an).unit
    assert found is not None
    assert found.code == "VN-LA"


def test_who_knows_them_is_told_by_the_readers_clearance(an: User, chau: User, nghe_an: Unit, ha: User) -> None:
    partner = make_partner(country="KH")
    make_exchange(
        partner, by=an, on=ago(500), confidentiality=Confidentiality.UNIT, attendances=[Attendance(side=Side.OURS, user=an)]
    )  # fmt: skip
    person = Person.objects.create(full_name="Sok Dara", confidentiality=Confidentiality.UNIT, unit=nghe_an)
    Post.objects.create(person=person, partner=partner, title_vi="Chủ tịch")
    assert "Nguyễn Văn An" in evidence("KH", an)
    assert "Sok Dara" in evidence("KH", an)
    assert "Nguyễn Văn An" not in evidence("KH", chau)
    assert "Sok Dara" not in evidence("KH", chau)


def test_proposals_cost_the_same_for_one_gap_and_for_all(an: User, ha: User) -> None:
    for home in ("KH", "LA", "CN"):
        partner = make_partner(f"Hội {home}", country=home)
        make_exchange(partner, by=an, on=ago(400), kind="DELEGATION_IN", direction="in")
    found, counts = gaps(), []
    for asked in ([gap("KH")], found):
        assert ha.scope.permissions
        with CaptureQueriesContext(connection) as captured:
            with_proposals(asked, TODAY, ha)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as captured:
        with_proposals(found, TODAY, ha)
    check_count("gap proposals", [query["sql"] for query in captured.captured_queries])


# --- The pages ---------------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def test_the_page_narrows_by_tier_and_kind_and_leaves_as_a_file(an: User) -> None:
    make_exchange(make_partner(country="KH"), by=an, on=ago(300))
    client, page = client_of(an), reverse("reports:gap-list")
    shown = get_counted(client, page, name="gap list").content.decode()
    assert "Cambodia" in shown
    assert "Mongolia" in shown
    overdue = client.get(f"{page}?kind=overdue&tier=NEIGHBOUR").content.decode()
    assert "Cambodia" in overdue
    assert "Mongolia" not in overdue
    lines = b"".join(client.get(f"{page}?kind=overdue&export=csv")).decode().splitlines()
    assert len(lines) == 2
    assert client.get(f"{page}?as_of=2100-01-01").status_code == 422


def test_the_coverage_page_gets_the_worst_five_folded(an: User) -> None:
    part = client_of(an).get(reverse("reports:gap-part"), headers={"HX-Request": "true"}).content.decode()
    assert part.count('class="gap-head"') == 5
    assert part.count("<details") == part.count("</details>") == 5
    assert "<html" not in part


def test_one_click_makes_the_step_a_follow_up_once(an: User, nghe_an: Unit) -> None:
    partner = make_partner(country="KH")
    make_exchange(partner, by=an, on=ago(300))
    client = client_of(an)
    answer = client.post(reverse("reports:gap-follow-up"), {"gap": "KH"})
    follow_up = FollowUp.objects.get()
    assert answer.headers["Location"] == follow_up.get_absolute_url()
    assert (follow_up.partner, follow_up.unit) == (partner, nghe_an)
    assert follow_up.due_on is not None
    assert follow_up.due_on > TODAY
    client.post(reverse("reports:gap-follow-up"), {"gap": "KH"})
    assert FollowUp.objects.count() == 1


def test_a_follow_up_needs_a_gap_a_partner_and_the_right(an: User, dung: User) -> None:
    client = client_of(an)
    assert client.post(reverse("reports:gap-follow-up"), {"gap": "XX"}).status_code == 404
    assert "register the partner" in client.post(reverse("reports:gap-follow-up"), {"gap": "KH"}, follow=True).content.decode()
    assert client_of(dung).post(reverse("reports:gap-follow-up"), {"gap": "KH"}).status_code == 403
    assert not FollowUp.objects.exists()


def test_the_log_form_opens_with_partner_and_day_as_planned(an: User) -> None:
    partner = make_partner(country="KH")
    make_exchange(partner, by=an, on=ago(300))
    page = client_of(an).get(reverse("reports:gap-list")).content.decode()
    day = TODAY + timedelta(days=14)
    assert f"?partner={partner.public_id}&amp;on={day}" in page
    form = client_of(an).get(f"{reverse('activities:exchange-log')}?partner={partner.public_id}&on={day}").context["form"]
    assert (form.initial["starts_on"], form.initial["status"]) == (day, "planned")
    assert client_of(an).get(f"{reverse('activities:exchange-log')}?on=2026-99-99").status_code == 200


def test_the_step_goes_into_the_action_plan_filled_in(an: User, dung: User, nghe_an: Unit) -> None:
    partner = make_partner(country="KH")
    make_steward(partner, nghe_an)
    make_exchange(partner, by=an, on=ago(300))
    Unit.objects.filter(country__alpha2="KH").update(country=None)
    page = client_of(an).get(f"{reverse('reports:gap-list')}?kind=overdue")
    (line,) = page.context["lines"]
    form = client_of(an).get(line.action_item_url).context["form"]
    assert (form.instance.partner, form.instance.unit, form.instance.due_on) == (partner, nghe_an, line.proposed.proposal.until)
    assert partner.name in form.instance.text
    assert "Into the action plan" not in client_of(dung).get(f"{reverse('reports:gap-list')}?kind=overdue").content.decode()


def test_a_day_of_the_past_is_looked_at_but_not_acted_on(an: User) -> None:
    page = client_of(an).get(f"{reverse('reports:gap-list')}?as_of={ago(30)}").content.decode()
    assert "gap-head" in page
    assert "Make it a follow-up" not in page
