"""Reading, changing, archiving and finding exchanges."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.choices import ExchangeStatus, Side
from activities.models import Attendance, Delegation, Event, Exchange
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Unit, User
from partners.models import Partner, Person
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 2)


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def as_sent(exchange: Exchange, **changes: Any) -> dict[str, Any]:
    """What the form of the exchange sends when nothing but ``changes`` was touched."""
    return {
        "seen_revision": exchange.revision,
        "partners": [str(row.partner.public_id) for row in exchange.participations.order_by("rank")],
        "kind": exchange.kind.code,
        "starts_on": f"{exchange.starts_on:%d/%m/%Y}",
        "title": exchange.title,
        "level": exchange.level,
        "status": exchange.status,
        "direction": exchange.direction,
        "sides": exchange.sides,
        "host_unit": exchange.host_unit_id,
        "confidentiality": exchange.confidentiality,
        **changes,
    }


def many_exchanges(by: User, count: int) -> list[Exchange]:
    partners = [make_partner(f"Hội số {number}") for number in range(3)]
    return [make_exchange(partners, by=by, on=DAY - timedelta(days=number), title=f"Buổi {number}") for number in range(count)]


def test_the_list_pages_through_all_exchanges_newest_first(an: User, client: Client) -> None:
    many_exchanges(an, 60)
    client.force_login(an)

    first = get_counted(client, "/activities/", name="exchange list")
    second = get_counted(client, f"/activities/?cursor={first.context['page'].next_cursor}", name="exchange list, next page")

    titles = [row.title for row in [*first.context["page"].rows, *second.context["page"].rows]]
    assert titles == [f"Buổi {number}" for number in range(60)]


def test_the_list_is_filtered_and_says_so_in_chips(an: User, partner: Partner, client: Client) -> None:
    wanted = make_exchange(partner, by=an, on=DAY, kind="COURTESY_CALL")
    make_exchange(partner, by=an, on=DAY - timedelta(days=10), kind="ONLINE_MEETING")
    client.force_login(an)

    page = client.get(f"/activities/?kind=COURTESY_CALL&partner={partner.public_id}&since=2026-11-01")

    assert page.context["page"].rows == [wanted]
    assert len(page.context["chips"]) == 3


@pytest.mark.parametrize("query", ["kind=NO_SUCH", "since=31/02/2026", "partner=abc", "level=x", "q=" + "x" * 300, "kind=%00", "q=%00"])
def test_a_filter_that_makes_no_sense_is_named_not_ignored(query: str, an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get(f"/activities/?{query}").status_code == 422


def test_an_old_cursor_leads_to_the_first_page(an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get("/activities/?status=held&cursor=old")["Location"] == "/activities/?status=held"


def test_the_page_shows_partners_people_and_what_came_of_it(an: User, partner: Partner, client: Client) -> None:
    person = Person.objects.create(full_name="Bounthavy Keo")
    present = [Attendance(side=Side.THEIRS, person=person, title="Chủ tịch"), Attendance(side=Side.OURS, name="Trần Văn Nam")]
    exchange = make_exchange(partner, by=an, on=DAY, title="Hội đàm", outcome="Thống nhất kế hoạch", attendances=present)
    client.force_login(an)

    page = get_counted(client, exchange.get_absolute_url(), name="exchange page").content.decode()

    for words in ("Hội đàm", partner.name, "Bounthavy Keo", "Chủ tịch", "Trần Văn Nam", "Thống nhất kế hoạch", "Nguyễn Văn An"):
        assert words in page


def test_a_person_the_reader_may_not_see_is_left_out_and_survives_a_change(an: User, ha: User, partner: Partner, client: Client) -> None:
    hidden = Person.objects.create(full_name="Người kín", confidentiality=Confidentiality.RESTRICTED, created_by=ha)
    exchange = make_exchange(
        partner, by=ha, on=DAY, host_unit=an.memberships.get().unit, attendances=[Attendance(side=Side.THEIRS, person=hidden)]
    )
    client.force_login(an)

    assert "Người kín" not in client.get(exchange.get_absolute_url()).content.decode()
    assert client.post(f"{exchange.get_absolute_url()}edit/", as_sent(exchange, title="Tên mới")).status_code == 302

    assert exchange.attendances.get().person == hidden


def test_reading_a_restricted_exchange_is_traced(an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=DAY, confidentiality=Confidentiality.RESTRICTED)
    client.force_login(an)

    client.get(exchange.get_absolute_url())

    trace = AuditEvent.objects.get(verb=AuditVerb.READ_RESTRICTED)
    assert (trace.actor_id, trace.subject_id) == (an.pk, str(exchange.public_id))


def test_a_change_is_saved_and_stands_in_the_history(an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=DAY, title="Tên cũ")
    client.force_login(an)

    response = client.post(f"{exchange.get_absolute_url()}edit/", as_sent(exchange, title="Tên mới"))

    assert response["Location"] == exchange.get_absolute_url()
    history = get_counted(client, f"{exchange.get_absolute_url()}history/", name="exchange history").content.decode()
    assert "Tên cũ" in history
    assert "Tên mới" in history
    assert "Nguyễn Văn An" in history


def test_who_saves_second_is_told_and_loses_nothing(an: User, binh: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=DAY, title="Gốc")
    stale = as_sent(exchange, title="Bản của An")
    client.force_login(binh)
    assert client.post(f"{exchange.get_absolute_url()}edit/", as_sent(exchange, title="Bản của Bình")).status_code == 302
    client.force_login(an)

    response = client.post(f"{exchange.get_absolute_url()}edit/", stale)

    assert response.status_code == 422
    assert "Trần Thị Bình" in response.content.decode()
    assert Exchange.objects.get().title == "Bản của Bình"


def test_the_details_of_a_delegation_are_kept(an: User, partner: Partner, client: Client) -> None:
    visit = make_exchange(partner, by=an, on=DAY, kind="DELEGATION_IN")
    client.force_login(an)
    details = {"delegation-head": "Bà Khamla", "delegation-decision_number": "12/QĐ", "delegation-gifts_given": "Tranh Đông Hồ"}

    assert client.post(f"{visit.get_absolute_url()}edit/", as_sent(visit, **details)).status_code == 302

    assert Delegation.objects.get(exchange=visit).head == "Bà Khamla"
    assert "Tranh Đông Hồ" in client.get(visit.get_absolute_url()).content.decode()


def test_the_page_of_a_delegation_lists_its_meetings(an: User, partner: Partner, client: Client) -> None:
    visit = make_exchange(partner, by=an, on=DAY, kind="DELEGATION_IN")
    make_exchange(partner, by=an, on=DAY, title="Chào xã giao lãnh đạo tỉnh", parent=visit)
    client.force_login(an)

    assert "Chào xã giao lãnh đạo tỉnh" in client.get(visit.get_absolute_url()).content.decode()


def test_archiving_asks_first_and_can_be_undone(an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=DAY)
    client.force_login(an)

    assert client.get(f"{exchange.get_absolute_url()}archive/").status_code == 200
    assert not Exchange.objects.get().is_archived
    client.post(f"{exchange.get_absolute_url()}archive/")
    assert Exchange.objects.get().is_archived
    page = client.get(exchange.get_absolute_url()).content.decode()
    assert f"{exchange.get_absolute_url()}restore/" in page
    assert f"{exchange.get_absolute_url()}edit/" not in page
    client.post(f"{exchange.get_absolute_url()}restore/")
    assert not Exchange.objects.get().is_archived


def test_an_exchange_cannot_be_handed_to_a_unit_one_does_not_write_for(
    an: User, partner: Partner, quang_ninh: Unit, client: Client
) -> None:
    exchange = make_exchange(partner, by=an, on=DAY)
    client.force_login(an)

    response = client.post(f"{exchange.get_absolute_url()}edit/", as_sent(exchange, host_unit=quang_ninh.pk))

    assert response.status_code == 422
    assert response.context["form"].errors["host_unit"]


# --- The timeline of a partner -----------------------------------------------------------------------


def test_the_timeline_shows_what_is_planned_above_today_and_years_below(an: User, partner: Partner, client: Client) -> None:
    ahead = make_exchange(partner, by=an, on=timezone.localdate() + timedelta(days=5), status=ExchangeStatus.PLANNED, title="Sắp tới")
    recent = make_exchange(partner, by=an, on=DAY, title="Vừa qua")
    old = make_exchange(partner, by=an, on=date(2024, 3, 1), title="Năm kia")
    client.force_login(an)

    page = get_counted(
        client, f"/activities/partners/{partner.public_id}/timeline/", name="partner timeline", headers={"HX-Request": "true"}
    )

    text = page.content.decode()
    places = [text.index(words) for words in (ahead.title, 'class="now"', recent.title, 'class="year">2024<', old.title)]
    assert places == sorted(places)
    assert "<html" not in text


def test_the_timeline_goes_on_page_by_page(an: User, client: Client) -> None:
    partner = many_exchanges(an, 25)[0].participations.order_by("rank")[0].partner
    client.force_login(an)
    address = f"/activities/partners/{partner.public_id}/timeline/"

    first = client.get(address)
    older = client.get(first.context["older"], headers={"HX-Request": "true"})

    assert [item.row.title for item in older.context["items"]] == [f"Buổi {number}" for number in range(20, 25)]
    assert client.get(address, {"cursor": "broken"}).status_code == 302


def test_the_timeline_counts_internal_exchanges_of_others_but_never_restricted_ones(
    an: User, chau: User, partner: Partner, client: Client
) -> None:
    make_exchange(partner, by=chau, on=DAY, title="Nội bộ Quảng Ninh")
    make_exchange(partner, by=chau, on=DAY, title="Rất kín", confidentiality=Confidentiality.RESTRICTED)
    client.force_login(an)

    page = client.get(f"/activities/partners/{partner.public_id}/timeline/")

    assert page.context["closed"] == 1
    assert "Nội bộ Quảng Ninh" not in page.content.decode()


# --- Events ------------------------------------------------------------------------------------------


def test_an_event_is_entered_and_gathers_its_exchanges(an: User, partner: Partner, nghe_an: Unit, client: Client) -> None:
    client.force_login(an)
    sent = {"name": "Diễn đàn nhân dân ASEAN", "starts_on": "02/11/2026", "our_role": "participant", "host_unit": nghe_an.pk}

    response = client.post("/activities/events/new/", sent)

    event = Event.objects.get()
    make_exchange(partner, by=an, on=DAY, title="Gặp bên lề", event=event)
    assert "Gặp bên lề" in get_counted(client, response["Location"], name="event page").content.decode()
    assert event.name in get_counted(client, "/activities/events/", name="event list").content.decode()


def test_an_event_is_changed_by_the_unit_that_hosts_it(an: User, chau: User, nghe_an: Unit, client: Client) -> None:
    event = Event.objects.create(name="Hội chợ", starts_on=DAY, host_unit=nghe_an)
    sent = {"name": "Hội chợ biên giới", "starts_on": "02/11/2026", "our_role": "host", "host_unit": nghe_an.pk}
    client.force_login(chau)
    assert client.post(f"{event.get_absolute_url()}edit/", sent).status_code == 404

    client.force_login(an)
    assert client.get(f"{event.get_absolute_url()}edit/").status_code == 200
    client.post(f"{event.get_absolute_url()}edit/", sent)

    event.refresh_from_db()
    assert (event.name, event.revision) == ("Hội chợ biên giới", 2)


def test_an_event_that_ends_before_it_starts_is_refused(an: User, nghe_an: Unit, client: Client) -> None:
    client.force_login(an)
    sent = {"name": "Sai", "starts_on": "02/11/2026", "ends_on": "01/11/2026", "our_role": "host", "host_unit": nghe_an.pk}

    response = client.post("/activities/events/new/", sent)

    assert response.status_code == 422
    assert response.context["form"].errors["ends_on"]


@pytest.mark.parametrize(
    ("address", "words", "found"),
    [
        ("/activities/options/provinces/", "ha giang", "Hà Giang"),
        ("/activities/options/units/", "nghe an", "Nghệ An"),
        ("/activities/options/colleagues/", "van an", "Nguyễn Văn An"),
    ],
)
def test_boxes_find_without_marks(address: str, words: str, found: str, an: User, client: Client) -> None:
    client.force_login(an)

    assert found in client.get(address, {"q": words}).content.decode()
