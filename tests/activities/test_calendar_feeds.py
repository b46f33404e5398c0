"""Calendar addresses: secret, revocable, and read by calendar programs as RFC 5545 says."""

from datetime import date, timedelta
from typing import Any

import icalendar
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from activities.actions.calendar_feeds import FEEDS_AT_MOST, make_feed, revoke_feed
from activities.actions.exchanges import change_exchange
from activities.actions.follow_ups import save_follow_up
from activities.choices import ExchangeStatus
from activities.models import CalendarFeed, FollowUp
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Membership, Unit, User
from partners.models import Partner
from tests.factories import make_exchange, make_partner, make_steward

pytestmark = pytest.mark.django_db
PAGE = "/activities/calendar/addresses/"
SOON = timezone.localdate() + timedelta(days=10)


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


def read(token: str, **headers: str) -> Any:
    return Client().get(f"/activities/calendar/{token}.ics", headers=headers)


def events(token: str) -> dict[str, Any]:
    calendar: Any = icalendar.Calendar.from_ical(read(token).content)
    return {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}


def test_an_address_is_made_shown_once_and_kept_only_as_a_digest(an: User, client: Client) -> None:
    client.force_login(an)

    made = client.post(PAGE)

    token = made.context["address"].rsplit("/", 1)[1].removesuffix(".ics")
    assert read(token).status_code == 200
    assert token not in client.get(PAGE).content.decode()
    assert CalendarFeed.objects.get().token_digest != token
    assert AuditEvent.objects.filter(verb=AuditVerb.FEED_MADE).count() == 1


def test_the_calendar_is_valid(an: User, nghe_an: Unit, partner: Partner) -> None:
    make_steward(partner, nghe_an, officer=an)
    long_title = "Đón đoàn cấp cao; có dấu phẩy, gạch chéo \\ và xuống dòng " + "rất dài " * 30
    make_exchange(partner, by=an, on=SOON, ends_on=SOON + timedelta(days=2), status=ExchangeStatus.PLANNED, title=long_title.strip())
    save_follow_up(FollowUp(text="Gửi danh sách", partner=partner, due_on=SOON, assignee=an), by=an)
    _feed, token = make_feed(by=an)

    answer = read(token)

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # No character is cut in two.
    calendar: Any = icalendar.Calendar.from_ical(answer.content)
    assert calendar["VERSION"] == "2.0"
    assert "Nguyễn Văn An" in str(calendar["X-WR-CALNAME"])
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT4H" in lines
    found = calendar.walk("VEVENT")
    assert len({str(event["UID"]) for event in found}) == len(found) > 2
    for event in found:
        assert event["DTSTART"].params["VALUE"] == "DATE"
        assert event["DTEND"].dt > event["DTSTART"].dt
        assert event["DTSTAMP"].dt.tzinfo is not None
        assert event["STATUS"] in ("CONFIRMED", "TENTATIVE", "CANCELLED")
    visit = next(event for event in found if str(event["SUMMARY"]) == long_title.strip())
    assert (visit["DTSTART"].dt, visit["DTEND"].dt, visit["STATUS"]) == (SOON, SOON + timedelta(days=3), "TENTATIVE")


def test_a_change_keeps_the_identity_and_raises_the_sequence(an: User, partner: Partner) -> None:
    exchange = make_exchange(partner, by=an, on=SOON, status=ExchangeStatus.PLANNED, title="Đoàn")
    _feed, token = make_feed(by=an)
    before = events(token)["Đoàn"]

    exchange.status = ExchangeStatus.CANCELLED
    change_exchange(exchange, by=an)

    after = events(token)["Đoàn"]
    assert (after["UID"], after["STATUS"]) == (before["UID"], "CANCELLED")
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_nothing_restricted_goes_out(ha: User, centre: Unit, partner: Partner) -> None:
    for level in Confidentiality:
        make_exchange(partner, by=ha, on=SOON, status=ExchangeStatus.PLANNED, title=level, confidentiality=level)
        save_follow_up(FollowUp(text=f"việc {level}", partner=partner, due_on=SOON, assignee=ha, confidentiality=level), by=ha)
    for unit in (None, centre):
        _feed, token = make_feed(by=ha, unit=unit)
        assert {"network", "unit", "việc network", "việc unit"} <= set(events(token))
        assert "restricted" not in read(token).content.decode()


def test_it_shows_what_its_owner_may_see_today(an: User, nghe_an: Unit, partner: Partner) -> None:
    make_exchange(partner, by=an, on=SOON, status=ExchangeStatus.PLANNED, title="Đoàn")
    _feed, token = make_feed(by=an, unit=nghe_an)
    assert "Đoàn" in events(token)

    Membership.objects.filter(user=an).update(valid_to=timezone.localdate())

    assert read(token).status_code == 404


def test_one_that_was_revoked_is_gone(an: User, client: Client) -> None:
    feed, token = make_feed(by=an)
    client.force_login(an)

    client.post(f"{PAGE}{feed.pk}/revoke/")

    assert read(token).status_code == 410
    assert AuditEvent.objects.filter(verb=AuditVerb.FEED_REVOKED).count() == 1


def test_a_closed_account_and_a_guessed_secret_are_not_found(an: User) -> None:
    _feed, token = make_feed(by=an)
    User.objects.filter(pk=an.pk).update(is_active=False)

    assert read(token).status_code == 404
    assert read("x" * 43).status_code == 404


def test_nobody_revokes_the_address_of_somebody_else(an: User, binh: User, client: Client) -> None:
    feed, _token = make_feed(by=an)
    client.force_login(binh)

    assert client.post(f"{PAGE}{feed.pk}/revoke/").status_code == 404


def test_only_the_owner_and_whoever_passes_on_the_work_end_an_address(an: User, binh: User, chau: User) -> None:
    feed, _token = make_feed(by=an)
    with pytest.raises(PermissionDenied):
        revoke_feed(feed, by=chau)
    assert CalendarFeed.objects.in_use().exists()
    revoke_feed(feed, by=binh)
    assert not CalendarFeed.objects.in_use().exists()


def test_a_unit_outside_ones_own_is_refused(an: User, quang_ninh: Unit, client: Client) -> None:
    client.force_login(an)
    assert client.post(PAGE, {"unit": str(quang_ninh.public_id)}).status_code == 422
    assert not CalendarFeed.objects.exists()


def test_there_is_an_end_to_addresses(an: User, client: Client) -> None:
    for _number in range(FEEDS_AT_MOST):
        make_feed(by=an)
    client.force_login(an)

    assert client.post(PAGE).status_code == 422


def test_what_did_not_change_is_not_sent_again(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=SOON, status=ExchangeStatus.PLANNED, title="Đoàn")
    feed, token = make_feed(by=an)
    first = read(token)

    again = read(token, If_None_Match=first["ETag"])

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert "private" in first["Cache-Control"]
    feed.refresh_from_db()
    assert feed.last_read_at is not None


def test_a_program_that_asks_too_often_is_slowed(an: User, settings: Any) -> None:
    settings.FEED_READS_PER_MINUTE = 2
    _feed, token = make_feed(by=an)

    answers = [read(token) for _number in range(4)]

    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0


def test_the_days_are_whole_days_of_hanoi(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=date(2026, 11, 1), title="Một ngày")
    _feed, token = make_feed(by=an)
    event = events(token)["Một ngày"]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 11, 1), date(2026, 11, 2))
