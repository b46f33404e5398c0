"""An officer logs an exchange with three answers; what is doubtful is asked back, what is wrong is refused at its field."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.choices import Direction, ExchangeStatus, Side, Sides
from activities.models import Event, Exchange, FollowUp
from crm.choices import Confidentiality
from crm.models import Field, Province, Unit, User
from partners.models import Partner, Person, Post
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db
LOG = "/activities/log/"


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def today() -> date:
    return timezone.localdate()


def answers(*partners: Partner, **more: Any) -> dict[str, Any]:
    """The three required answers, and whatever else a test says."""
    return {
        "partners": [str(partner.public_id) for partner in partners],
        "kind": "WORKING_MEETING",
        "starts_on": f"{today():%d/%m/%Y}",
        "level": "0",
        "status": "held",
        "confidentiality": "unit",
        **more,
    }


def log(client: Client, by: User, *partners: Partner, **more: Any) -> Any:
    client.force_login(by)
    return client.post(LOG, answers(*partners, **more))


def errors_at(response: Any, field: str) -> list[str]:
    assert response.status_code == 422
    assert not Exchange.objects.exists()
    messages: list[str] = response.context["form"].errors.get(field, [])
    return messages


def test_three_answers_are_enough(an: User, partner: Partner, nghe_an: Unit, client: Client) -> None:
    response = log(client, an, partner)

    exchange = Exchange.objects.get()
    assert response.status_code == 302
    assert response["Location"] == exchange.get_absolute_url()
    assert (exchange.host_unit, exchange.created_by, exchange.starts_on) == (nghe_an, an, today())
    assert (exchange.status, exchange.direction, exchange.sides) == (ExchangeStatus.HELD, Direction.MUTUAL, Sides.BOTH)
    assert Partner.objects.get().last_contact_on == today()
    assert [message.level_tag for message in client.get(response["Location"]).context["messages"]] == ["success"]


def test_the_day_is_today_unless_said_otherwise(an: User, client: Client) -> None:
    client.force_login(an)

    assert f'value="{today():%d/%m/%Y}"' in client.get(LOG).content.decode()


@pytest.mark.parametrize("typed", ["20/05/2026", "2026-05-20", "20052026", "20.05.2026", "20-05-2026", "20/05/26"])
def test_a_day_may_be_typed_in_any_usual_way(typed: str, an: User, partner: Partner, client: Client) -> None:
    log(client, an, partner, starts_on=typed)

    assert Exchange.objects.get().starts_on == date(2026, 5, 20)


def test_the_partner_comes_filled_in_from_its_page(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    page = client.get(f"{LOG}?partner={partner.public_id}").content.decode()

    assert f'<input type="hidden" name="partners" value="{partner.public_id}">' in page
    assert partner.name in page


@pytest.mark.parametrize(
    ("kind", "direction", "sides"),
    [
        ("DELEGATION_IN", Direction.IN, Sides.BOTH),
        ("DELEGATION_OUT", Direction.OUT, Sides.BOTH),
        ("ONLINE_MEETING", Direction.MUTUAL, Sides.BOTH),
        ("CONGRATULATION", Direction.OUT, Sides.OURS),
    ],
)
def test_direction_and_sides_follow_the_kind(kind: str, direction: str, sides: str, an: User, partner: Partner, client: Client) -> None:
    log(client, an, partner, kind=kind)

    exchange = Exchange.objects.get()
    assert (exchange.direction, exchange.sides) == (direction, sides)


def test_what_is_said_of_direction_and_sides_wins_over_the_kind(an: User, partner: Partner, client: Client) -> None:
    log(client, an, partner, kind="CONGRATULATION", direction="in", sides="both")

    exchange = Exchange.objects.get()
    assert (exchange.direction, exchange.sides) == (Direction.IN, Sides.BOTH)


def test_a_kind_from_the_list_wins_over_a_button(an: User, partner: Partner, client: Client) -> None:
    log(client, an, partner, kind="WORKING_MEETING", kind_other="FILM_SCREENING")

    assert Exchange.objects.get().kind.code == "FILM_SCREENING"


def test_the_kinds_the_unit_logs_most_stand_first(an: User, partner: Partner, client: Client) -> None:
    for days in (10, 20):
        make_exchange(partner, by=an, on=today() - timedelta(days=days), kind="SPORT_EVENT")
    client.force_login(an)

    form = client.get(LOG).context["form"]

    assert form.fields["kind"].widget.frequent[0].code == "SPORT_EVENT"
    assert len(form.fields["kind"].widget.frequent) == 6


def test_everything_else_can_be_said_at_once(an: User, partner: Partner, quang_ninh: Unit, client: Client) -> None:
    second = make_partner("Hội Phụ nữ Viêng Chăn")
    chair = Person.objects.create(full_name="Bounthavy Keo", confidentiality=Confidentiality.NETWORK)
    Post.objects.create(person=chair, partner=partner, title_vi="Chủ tịch", valid_from=date(2020, 1, 1))
    province, field = Province.objects.filter(valid_to=None).first(), Field.objects.first()
    assert province
    assert field

    log(
        client, an, second, partner,
        title="Làm việc về học bổng", place="Vinh", people_count="12", level="2", fields=[field.pk], provinces=[province.slug],
        co_units=[str(quang_ninh.public_id)], their_people=[str(chair.public_id)], their_others="Somsak, Phiên dịch\nNoy",
        our_people=[str(an.public_id)], our_others="Trần Văn Nam, Giám đốc Sở", summary="Hai bên trao đổi.", outcome="Thống nhất 10 suất.",
        follow_up_text="Gửi danh sách học sinh", follow_up_due_on="31/12/2026",
    )  # fmt: skip

    exchange = Exchange.objects.get()
    assert [row.partner for row in exchange.participations.order_by("rank")] == [second, partner]
    assert [row.unit for row in exchange.co_units.all()] == [quang_ninh]
    assert list(exchange.fields.all()) == [field]
    assert list(exchange.provinces.all()) == [province]
    theirs = [(str(row), row.title) for row in exchange.attendances.filter(side=Side.THEIRS).order_by("rank")]
    assert theirs == [("Bounthavy Keo", "Chủ tịch"), ("Somsak", "Phiên dịch"), ("Noy", "")]
    ours = [(str(row), row.title) for row in exchange.attendances.filter(side=Side.OURS).order_by("rank")]
    assert ours == [("Nguyễn Văn An", ""), ("Trần Văn Nam", "Giám đốc Sở")]
    follow_up = FollowUp.objects.get()
    assert (follow_up.exchange, follow_up.due_on, follow_up.assignee) == (exchange, date(2026, 12, 31), an)


def test_a_meeting_is_added_inside_a_delegation(an: User, partner: Partner, client: Client) -> None:
    visit = make_exchange(partner, by=an, on=today(), kind="DELEGATION_IN")
    client.force_login(an)
    page = client.get(f"{LOG}?parent={visit.public_id}")
    assert str(partner.public_id) in page.content.decode()

    response = client.post(f"{LOG}?parent={visit.public_id}", answers(partner, parent=str(visit.public_id)))

    assert response.status_code == 302
    assert visit.parts.count() == 1


def test_an_exchange_is_logged_at_an_event(an: User, partner: Partner, nghe_an: Unit, client: Client) -> None:
    event = Event.objects.create(name="Diễn đàn nhân dân", starts_on=today(), host_unit=nghe_an)

    log(client, an, partner, event=str(event.public_id))

    assert Exchange.objects.get().event == event


# --- Asked back, and overruled with a tick -----------------------------------------------------------


def test_a_second_exchange_within_three_days_is_asked_back_and_can_be_logged_anyway(an: User, partner: Partner, client: Client) -> None:
    other = make_exchange(partner, by=an, on=today() - timedelta(days=3), title="Buổi làm việc trước")

    response = log(client, an, partner)
    assert response.status_code == 422
    assert other.get_absolute_url() in response.content.decode()
    assert Exchange.objects.count() == 1

    assert log(client, an, partner, overrule_warnings="on").status_code == 302
    assert Exchange.objects.count() == 2


def test_a_letter_is_not_asked_back_for_a_meeting_of_these_days(an: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=an, on=today(), kind="ONLINE_MEETING")

    assert log(client, an, partner, kind="CONGRATULATION").status_code == 302


def test_what_was_said_beside_the_three_answers_stays_in_sight_when_asked_back(an: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=an, on=today())
    folded = '<details class="more-fields">'

    assert folded in log(client, an, partner).content.decode()
    assert folded not in log(client, an, partner, follow_up_text="Gửi biên bản").content.decode()


def test_mistakes_are_listed_in_the_order_of_the_page(an: User, reference_data: None, client: Client) -> None:
    response = log(client, an, kind="", starts_on="31/02/2026")

    names = [field.name for field in response.context["form"].visible_fields() if field.errors]
    assert names == ["partners", "kind", "starts_on"]


def test_four_days_apart_is_another_exchange(an: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=an, on=today() - timedelta(days=4))

    assert log(client, an, partner).status_code == 302


def test_of_another_unit_only_unit_and_day_are_told(an: User, chau: User, partner: Partner, quang_ninh: Unit, client: Client) -> None:
    other = make_exchange(partner, by=chau, on=today() - timedelta(days=1), title="Chuyện riêng của Quảng Ninh")

    page = log(client, an, partner).content.decode()

    assert quang_ninh.display in page
    assert other.title not in page
    assert str(other.public_id) not in page


def test_a_restricted_exchange_is_not_even_hinted_at(an: User, chau: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=chau, on=today(), confidentiality=Confidentiality.RESTRICTED)

    assert log(client, an, partner).status_code == 302


def test_a_day_still_to_come_is_offered_as_planned(an: User, partner: Partner, client: Client) -> None:
    tomorrow = f"{today() + timedelta(days=1):%d/%m/%Y}"

    assert log(client, an, partner, starts_on=tomorrow).status_code == 422
    assert not Exchange.objects.exists()

    assert log(client, an, partner, starts_on=tomorrow, overrule_warnings="on").status_code == 302
    assert Exchange.objects.get().status == ExchangeStatus.PLANNED


def test_a_day_long_ago_is_asked_back(an: User, partner: Partner, client: Client) -> None:
    assert log(client, an, partner, starts_on="20/05/2006").status_code == 422
    assert log(client, an, partner, starts_on="20/05/2006", overrule_warnings="on").status_code == 302


# --- Refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["partners", "kind", "starts_on"])
def test_each_of_the_three_answers_is_required(missing: str, an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    response = client.post(LOG, {name: value for name, value in answers(partner).items() if name != missing})

    assert errors_at(response, missing)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_on", "31/02/2026"),
        ("starts_on", "hôm qua"),
        ("starts_on", "20/05/1066"),
        ("starts_on", "9" * 100_000),
        ("ends_on", "01/01/2020"),
        ("title", "dài" * 50_000),
        ("title", "không\x00được"),
        ("summary", "x" * 100_000),
        ("summary", "không\x00được"),
        ("their_others", "x" * 100_000),
        ("their_others", "\n".join(["Tên"] * 301)),
        ("their_others", "a" * 201),
        ("their_others", "không\x00được"),
        ("our_others", ", chỉ có chức vụ"),
        ("people_count", "-1"),
        ("people_count", "9" * 4_000),
        ("people_count", "mười hai"),
        ("partners", "không phải mã"),
        ("partners", "00000000-0000-7000-8000-000000000000"),
        ("partners", "\x00"),
        ("kind", "NO_SUCH_KIND"),
        ("kind", "\x00"),
        ("provinces", "khong-co-tinh-nay"),
        ("provinces", "\x00"),
        ("fields", "999999999"),
        ("fields", "abc"),
        ("fields", "9" * 40),
        ("co_units", "abc"),
        ("host_unit", "999999999"),
        ("parent", "abc"),
        ("event", "abc"),
        ("level", "7"),
        ("status", "lost"),
        ("confidentiality", "secret"),
        ("follow_up_due_on", "30/02/2026"),
        ("follow_up_text", "x" * 501),
    ],
    ids=lambda value: value[:14],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_saved(field: str, value: str, an: User, partner: Partner, client: Client) -> None:
    response = log(client, an, partner, **{field: value})

    assert errors_at(response, field)
    assert not FollowUp.objects.exists()


def test_markup_in_texts_is_shown_as_text(an: User, partner: Partner, client: Client) -> None:
    response = log(client, an, partner, title="<script>alert(1)</script>", their_others="<b>Somsak</b>, <i>x</i>")

    page = client.get(response["Location"]).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;Somsak" in page


def test_an_archived_partner_is_refused_by_name(an: User, partner: Partner, ha: User, client: Client) -> None:
    from partners.actions.partners import archive_partner

    archive_partner(partner, by=ha)

    assert partner.name in errors_at(log(client, an, partner), "partners")[0]


def test_a_follow_up_day_without_a_text_is_refused(an: User, partner: Partner, client: Client) -> None:
    assert errors_at(log(client, an, partner, follow_up_due_on="31/12/2026"), "follow_up_text")


def test_a_plain_get_saves_nothing(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    assert client.get(LOG, answers(partner)).status_code == 200
    assert not Exchange.objects.exists()


def test_a_form_from_elsewhere_is_refused(an: User, partner: Partner) -> None:
    client = Client(enforce_csrf_checks=True)

    assert log(client, an, partner).status_code == 403
    assert not Exchange.objects.exists()


# --- Those who may not -------------------------------------------------------------------------------


def test_a_viewer_may_not_log(dung: User, partner: Partner, client: Client) -> None:
    assert log(client, dung, partner).status_code == 403
    assert client.get(LOG).status_code == 403


def test_an_administrator_of_accounts_may_not_log(son: User, partner: Partner, client: Client) -> None:
    assert log(client, son, partner).status_code == 403


def test_an_officer_may_not_log_for_another_union(an: User, partner: Partner, quang_ninh: Unit, client: Client) -> None:
    assert errors_at(log(client, an, partner, host_unit=quang_ninh.pk), "host_unit")


def test_an_officer_at_the_centre_may_log_for_any_unit(khoa: User, partner: Partner, quang_ninh: Unit, client: Client) -> None:
    assert log(client, khoa, partner, host_unit=quang_ninh.pk).status_code == 302
    assert Exchange.objects.get().host_unit == quang_ninh


def test_nobody_adds_to_the_delegation_of_another_unit(an: User, chau: User, partner: Partner, client: Client) -> None:
    visit = make_exchange(partner, by=chau, on=today(), kind="DELEGATION_IN", confidentiality=Confidentiality.NETWORK)
    client.force_login(an)

    assert client.get(f"{LOG}?parent={visit.public_id}").status_code == 404
    assert client.post(LOG, answers(partner, parent=str(visit.public_id))).status_code == 422
    assert visit.parts.count() == 0


def test_a_person_out_of_scope_cannot_be_named_as_present(an: User, partner: Partner, quang_ninh: Unit, client: Client) -> None:
    hidden = Person.objects.create(full_name="Người không được biết", confidentiality=Confidentiality.UNIT, unit=quang_ninh)

    response = log(client, an, partner, their_people=[str(hidden.public_id)])

    assert errors_at(response, "their_people")
    assert hidden.full_name not in response.content.decode()
