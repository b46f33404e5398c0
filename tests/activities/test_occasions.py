"""Occasions: their day in a year, the size of the anniversary, who is written to and who was left out."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.calendar.occurrences import AnniversaryClass, Occurrence, day_in, occurrences
from activities.choices import Direction
from activities.models import Exchange, Occasion
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner, Person, Post
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
LIST = "/activities/calendar/occasions/"
CUBA = f"{LIST}relations-cu/2026/"  # 2 December.
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)


@pytest.fixture
def partner(reference_data: None, nghe_an: Unit, an: User) -> Partner:
    partner = make_partner("Viện Hữu nghị", country="CU")
    make_steward(partner, nghe_an, officer=an)
    return partner


def names(rows: Any) -> list[str]:
    return [row.partner.name for row in rows]


# --- Days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "day"), [(2026, date(2026, 2, 28)), (2028, date(2028, 2, 29)), (2100, date(2100, 2, 28))])
def test_a_leap_day_is_kept_on_the_28th_in_other_years(year: int, day: date, reference_data: None) -> None:
    brunei = Occasion.objects.get(code="relations-bn")

    assert day_in(brunei, year) == day
    assert Occurrence(brunei, day).is_moved is (day.day == 28)


@pytest.mark.parametrize(
    ("year", "number", "expected"),
    [
        (2026, 66, AnniversaryClass.OTHER),
        (2030, 70, AnniversaryClass.TEN),
        (2025, 65, AnniversaryClass.FIVE),
        (1961, 1, AnniversaryClass.OTHER),
        (1960, None, None),
    ],
)
def test_the_size_of_an_anniversary_follows_from_its_number(year: int, number: int | None, expected: Any, reference_data: None) -> None:
    found = Occurrence(Occasion.objects.get(code="relations-cu"), date(year, 12, 2))
    assert (found.number, found.anniversary_class) == (number, expected)


def test_occasions_are_found_over_the_turn_of_the_year(reference_data: None) -> None:
    found = [row.occasion.code for row in occurrences(date(2026, 12, 30), date(2027, 1, 1))]
    assert found == ["relations-id", "national-day-cu"]


def test_one_no_longer_kept_and_one_not_begun_yet_are_left_out(reference_data: None) -> None:
    Occasion.objects.filter(code="relations-cu").update(retired_on=date(2026, 12, 1))
    codes = {row.occasion.code for row in occurrences(date(2026, 11, 30), date(2026, 12, 3))}
    assert "relations-cu" not in codes
    assert not any(row.occasion.country.alpha2 == "CU" for row in occurrences(date(1959, 12, 1), date(1959, 12, 3)) if row.occasion.country)


def test_every_day_of_the_file_that_nobody_confirmed_says_so(reference_data: None) -> None:
    assert all(occasion.to_be_confirmed for occasion in Occasion.objects.filter(source="unconfirmed"))
    assert Occasion.objects.filter(kind="relations").count() >= 50


# --- The list -----------------------------------------------------------------------------------------


def test_the_list_has_ninety_days_and_says_what_is_to_be_confirmed(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    page = get_counted(client, LIST, name="occasion list")

    days = [row["entry"].on for row in page.context["rows"]]
    assert (min(days) >= TODAY, max(days) <= date(2027, 2, 20)) == (True, True)
    cuba = next(row for row in page.context["rows"] if row["entry"].url == CUBA)
    assert cuba["partners"] == 1
    assert "status due" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("country=CU", {"relations-cu", "national-day-cu"}),
        ("kind=ours&month=2027-04", {"reunification-day"}),
        ("tier=SPECIAL&kind=relations&month=2026-12", {"relations-cu"}),
        ("kind=term", set()),
    ],
)
def test_it_is_narrowed_by_kind_country_and_tier(query: str, expected: set[str], an: User, client: Client, reference_data: None) -> None:
    client.force_login(an)
    page = client.get(f"{LIST}?{query}")
    assert {row["occurrence"].occasion.code for row in page.context["rows"]} == expected


@pytest.mark.parametrize("query", ["country=%00", "tier=x", "kind=x", "whose=x"])
def test_a_filter_that_is_none_is_refused(query: str, an: User, client: Client) -> None:
    client.force_login(an)
    assert client.get(f"{LIST}?{query}").status_code == 422


@pytest.mark.parametrize(
    "address", [f"{LIST}nowhere/2026/", f"{LIST}relations-cu/1900/", f"{LIST}relations-cu/9999999/", f"{LIST}relations-cu/0/"]
)
def test_an_occasion_that_is_none_is_not_found(address: str, an: User, client: Client) -> None:
    client.force_login(an)
    assert client.get(address).status_code == 404


# --- Those to write to --------------------------------------------------------------------------------


def test_it_names_the_head_with_the_title_of_that_day(an: User, partner: Partner, client: Client) -> None:
    before, after = (Person.objects.create(full_name=name, how_to_address="Ngài", languages="es") for name in ("Cũ", "Mới"))
    Post.objects.create(person=before, partner=partner, title_vi="Chủ tịch", rank=1, valid_to=date(2026, 12, 1))
    Post.objects.create(person=after, partner=partner, title_vi="Quyền Chủ tịch", rank=1, valid_from=date(2026, 12, 1))
    client.force_login(an)

    page = get_counted(client, CUBA, name="occasion page")

    (row,) = page.context["waiting"]
    assert (row.head.person, row.head.title, row.salutation, row.languages) == (after, "Quyền Chủ tịch", "Ngài", "es")


def test_a_person_who_may_not_be_seen_is_not_named(an: User, partner: Partner, client: Client) -> None:
    person = Person.objects.create(full_name="Kín", confidentiality=Confidentiality.RESTRICTED)
    Post.objects.create(person=person, partner=partner, title_vi="Chủ tịch", rank=1)
    client.force_login(an)

    assert client.get(CUBA).context["waiting"][0].head is None


@pytest.mark.parametrize(
    ("on", "kind", "direction", "is_written"),
    [
        (date(2026, 11, 2), "CONGRATULATION", Direction.OUT, True),
        (date(2026, 11, 1), "CONGRATULATION", Direction.OUT, False),
        (date(2026, 11, 20), "LETTER_EXCHANGE", Direction.MUTUAL, True),
        (date(2026, 11, 20), "LETTER_EXCHANGE", Direction.IN, False),
        (date(2026, 11, 20), "WORKING_MEETING", Direction.OUT, False),
    ],
)
def test_a_letter_counts_in_its_days_by_its_family_and_direction(
    on: date, kind: str, direction: str, is_written: bool, an: User, partner: Partner, client: Client
) -> None:
    make_exchange(partner, by=an, on=on, kind=kind, direction=direction)
    client.force_login(an)

    page = client.get(CUBA)

    assert (names(page.context["written"]), names(page.context["waiting"])) == (
        ([partner.name], []) if is_written else ([], [partner.name])
    )


def test_a_letter_that_may_not_be_seen_counts_for_nobody(an: User, chau: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=chau, on=TODAY, kind="CONGRATULATION", direction=Direction.OUT)
    client.force_login(an)

    assert names(client.get(CUBA).context["waiting"]) == [partner.name]


def test_those_of_other_units_are_shown_on_demand(an: User, partner: Partner, client: Client) -> None:
    make_partner("Của đơn vị khác", country="CU")
    client.force_login(an)

    assert names(client.get(CUBA).context["waiting"]) == [partner.name]
    assert names(client.get(f"{CUBA}?whose=all").context["waiting"]) == ["Của đơn vị khác", partner.name]


def test_a_day_of_no_country_is_for_the_partners_kept(an: User, partner: Partner, client: Client) -> None:
    make_partner("Của đơn vị khác", country="CU")
    client.force_login(an)

    page = client.get(f"{LIST}independence-day/2027/?whose=all")

    assert names(page.context["waiting"]) == [partner.name]


def test_letters_to_those_ticked_are_logged_at_once_and_taken_back(an: User, partner: Partner, nghe_an: Unit, client: Client) -> None:
    other = make_partner("Viện Hai", country="CU")
    make_steward(other, nghe_an)
    client.force_login(an)

    page = client.post(f"{CUBA}letters/", {"partner": [str(partner.public_id), str(other.public_id)]}, follow=True)

    letters = list(Exchange.objects.all())
    assert {(letter.kind.code, letter.starts_on, letter.direction, letter.sides) for letter in letters} == {
        ("CONGRATULATION", TODAY, "out", "ours")
    }
    assert names(page.context["written"]) == [other.name, partner.name]
    assert set(page.context["logged"]) == {str(letter.public_id) for letter in letters}
    client.post(f"{CUBA}letters/", {"undo": page.context["logged"]})
    assert not Exchange.objects.live().exists()


def test_a_form_of_letters_sent_twice_logs_each_letter_once(an: User, partner: Partner, nghe_an: Unit, client: Client) -> None:
    other = make_partner("Viện Hai", country="CU")
    make_steward(other, nghe_an)
    client.force_login(an)

    client.post(f"{CUBA}letters/", {"partner": [str(partner.public_id)]})
    client.post(f"{CUBA}letters/", {"partner": [str(partner.public_id), str(other.public_id)]})
    again = client.post(f"{CUBA}letters/", {"partner": [str(partner.public_id), str(other.public_id)]}, follow=True)

    assert Exchange.objects.count() == 2
    assert len(again.context["logged"]) == 1  # What the last form that logged something can take back.
    assert again.redirect_chain


def test_after_the_days_that_count_a_letter_is_dated_on_the_day_itself(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    client.post(f"{LIST}relations-cu/2025/letters/", {"partner": str(partner.public_id)})

    assert Exchange.objects.get().starts_on == date(2025, 12, 2)


def test_countries_to_choose_from_stand_in_vietnamese_order(an: User, client: Client) -> None:
    client.force_login(an)

    names = [country.name_vi for country in client.get(LIST).context["form"].fields["country"].queryset]

    assert names.index("Algeria") < names.index("Ấn Độ") < names.index("Ba Lan")


def test_ticking_nobody_is_refused(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    assert client.post(f"{CUBA}letters/").status_code == 422


@pytest.mark.parametrize("sent", [{"partner": "abc"}, {"partner": "\x00"}, {"undo": "abc"}])
def test_ticking_what_is_no_partner_is_not_found(sent: dict[str, str], an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    assert client.post(f"{CUBA}letters/", sent).status_code == 404


def test_a_viewer_may_look_but_not_log(dung: User, partner: Partner, client: Client) -> None:
    client.force_login(dung)
    assert client.get(CUBA).status_code == 200
    assert client.post(f"{CUBA}letters/", {"partner": str(partner.public_id)}).status_code == 403
