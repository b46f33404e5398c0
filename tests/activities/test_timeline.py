"""One timeline of a partner: exchanges, promises, posts and certificates, filtered, page by page; and the parts beside it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.actions.follow_ups import save_follow_up
from activities.choices import Direction, ExchangeStatus, Level
from activities.models import Attendance, FollowUp
from activities.views.timeline_sources import Place
from crm.choices import Confidentiality
from crm.models import Field, User
from crm.paging import InvalidCursorError
from partners.actions.people import save_person
from partners.models import Partner, Person, Post, Registration
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
EVERYTHING = {"Làm việc tháng năm", "Sắp gặp", "Gửi danh sách", "Việc quá hạn", "Bounmy Vongsa", "12/CNV"}


@pytest.fixture
def partner(an: User, nghe_an: Any) -> Partner:
    partner = make_partner()
    make_steward(partner, nghe_an)
    return partner


@pytest.fixture
def full(partner: Partner, an: User) -> Partner:
    """A partner of whom something of every kind is on record."""
    today = timezone.localdate()
    make_exchange(partner, by=an, on=date(2025, 5, 5), title="Làm việc tháng năm", level=Level.LEADER)
    make_exchange(partner, by=an, on=today + timedelta(days=9), status=ExchangeStatus.PLANNED, title="Sắp gặp")
    save_follow_up(FollowUp(text="Gửi danh sách", partner=partner, due_on=today + timedelta(days=3)), by=an)
    save_follow_up(FollowUp(text="Việc quá hạn", partner=partner, due_on=date(2025, 6, 1)), by=an)
    post = Post(partner=partner, title_vi="Chủ tịch", valid_from=date(2025, 4, 1), valid_to=date(2025, 7, 1))
    save_person(Person(full_name="Bounmy Vongsa"), by=an, post=post)
    Registration.objects.create(partner=partner, number="12/CNV", valid_from=date(2025, 3, 1), valid_to=today + timedelta(days=60))
    return partner


def timeline(client: Client, partner: Partner, query: str = "", **headers: str) -> Any:
    return client.get(f"/activities/partners/{partner.public_id}/timeline/{query}", headers=headers)


def test_everything_stands_in_the_order_of_days_around_today(full: Partner, an: User, client: Client) -> None:
    client.force_login(an)

    page = timeline(client, full).content.decode()

    words = ["12/CNV", "Sắp gặp", "Gửi danh sách", 'class="now"', "Bounmy Vongsa", "Việc quá hạn", "Làm việc tháng năm"]
    assert sorted(words, key=page.index) == words
    assert page.count("Bounmy Vongsa") == 2
    assert page.count("12/CNV") == 2


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?sort=exchange", {"Làm việc tháng năm", "Sắp gặp"}),
        ("?sort=follow_up", {"Gửi danh sách", "Việc quá hạn"}),
        ("?sort=post&sort=registration", {"Bounmy Vongsa", "12/CNV"}),
        ("?level=2", {"Làm việc tháng năm"}),
        ("?family=meeting", {"Làm việc tháng năm", "Sắp gặp"}),
        ("?family=aid", set()),
        ("?unit=PU-40", {"Làm việc tháng năm", "Sắp gặp", "Gửi danh sách", "Việc quá hạn"}),
        ("?year=2024", set()),
        ("?level=%00&family=x&year=y&unit=PU-40%00", EVERYTHING),
    ],
)  # fmt: skip
def test_the_filters_leave_what_was_asked_for(query: str, shown: set[str], full: Partner, an: User, client: Client) -> None:
    client.force_login(an)

    page = timeline(client, full, query).content.decode()

    assert {words for words in EVERYTHING if words in page} == shown


def test_a_field_filters_exchanges(partner: Partner, an: User, client: Client) -> None:
    field = Field.objects.exclude(parent=None).first()
    assert field is not None
    make_exchange(partner, by=an, on=date(2025, 5, 5), title="Đúng lĩnh vực", fields=[field])
    make_exchange(partner, by=an, on=date(2025, 5, 6), title="Khác")
    client.force_login(an)

    assert [item.row.title for item in timeline(client, partner, f"?field={field.code}").context["items"]] == ["Đúng lĩnh vực"]


def test_pages_show_each_item_once_whatever_the_days(partner: Partner, an: User, client: Client) -> None:
    for number in range(30):
        make_exchange(partner, by=an, on=date(2025, 5, 1 + number // 10), title=f"Buổi {number}")
        save_follow_up(FollowUp(text=f"Việc {number}", partner=partner, due_on=date(2025, 5, 1 + number // 10)), by=an)
    client.force_login(an)

    seen: list[Any] = []
    address: str | None = f"/activities/partners/{partner.public_id}/timeline/"
    while address:
        page = client.get(address, headers=HTMX)
        seen += [item.place for item in page.context["items"]]
        address = page.context["older"]

    assert len(seen) == len(set(seen)) == 60
    assert [(place.day, place.rank, place.key) for place in seen] == sorted(((p.day, p.rank, p.key) for p in seen), reverse=True)


def test_what_one_may_not_see_stands_on_no_timeline(full: Partner, an: User, chau: User, client: Client) -> None:
    secret = Post(partner=full, title_vi="Cố vấn", valid_from=date(2025, 5, 1))
    save_person(Person(full_name="Người kín", confidentiality=Confidentiality.RESTRICTED), by=an, post=secret)
    client.force_login(chau)

    page = timeline(client, full).content.decode()

    for words in ("Người kín", "Gửi danh sách", "Làm việc tháng năm"):
        assert words not in page
    assert "12/CNV" in page


def test_the_address_keeps_the_filter(full: Partner, an: User, client: Client) -> None:
    client.force_login(an)
    own = full.get_absolute_url()
    asked = {"HX-Request": "true", "HX-Target": "timeline-items", "HX-Current-URL": f"http://testserver{own}?tab=timeline"}

    answer = client.get(f"/activities/partners/{full.public_id}/timeline/?sort=post&family=", headers=asked)

    assert answer["HX-Push-Url"] == f"{own}?tab=timeline&sort=post"
    assert 'id="timeline-filter"' not in answer.content.decode(), "only the items are swapped"
    assert f'hx-get="/activities/partners/{full.public_id}/timeline/?sort=post"' in client.get(answer["HX-Push-Url"]).content.decode()


@pytest.mark.parametrize(
    "cursor", ["x", "2025-01-01.5", "2025-01-01.5.1.1", "2025-01-01.5.-1", "2025-13-01.5.1", f"2025-01-01.5.{2**63}", "2025-01-01.5.01"]
)
def test_a_forged_cursor_is_none(cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        Place.read(cursor)


def test_the_parts_of_the_page_cost_a_fixed_number_of_queries(full: Partner, an: User, client: Client) -> None:
    make_exchange(
        full, by=an, on=timezone.localdate() - timedelta(days=40), kind="DELEGATION_IN", direction=Direction.IN, title="Đoàn vào Hà Nội"
    )
    client.force_login(an)

    strip = get_counted(client, f"/reports/partners/{full.public_id}/strip/", name="partner strip", headers=HTMX).content.decode()
    owed = get_counted(client, f"/reports/partners/{full.public_id}/owed/", name="partner owed", headers=HTMX).content.decode()

    assert "1 : 0" in strip
    assert "?tab=figures" in strip
    for words in ("Đoàn vào Hà Nội", "Gửi danh sách", "Sắp gặp"):
        assert words in owed


def test_the_persons_page_tells_where_they_were_met_and_by_whom(partner: Partner, an: User, chau: User, client: Client) -> None:
    person = save_person(Person(full_name="Bounmy Vongsa"), by=an)
    people = [Attendance(side="theirs", person=person, partner=partner, title="Phó Chủ tịch"), Attendance(side="ours", user=an)]
    make_exchange(partner, by=an, on=date(2025, 5, 5), title="Làm việc tháng năm", attendances=people)
    client.force_login(an)
    address = f"/activities/people/{person.public_id}/encounters/"

    page = get_counted(client, address, name="person encounters", headers=HTMX).content.decode()

    for words in ("Làm việc tháng năm", "Phó Chủ tịch", "Nguyễn Văn An"):
        assert words in page
    assert f'hx-get="{address}"' in client.get(person.get_absolute_url()).content.decode()
    client.force_login(chau)
    assert "Làm việc tháng năm" not in client.get(address).content.decode()
