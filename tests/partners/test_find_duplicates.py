"""The queue of likely duplicates: filled by a scan, emptied by people, and what they say is remembered."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions.undoing import undo_next
from crm.choices import NotificationTopic, PairState
from crm.models import Notification, User
from partners.actions import duplicate_scans
from partners.actions.duplicate_scans import PARTNERS, PEOPLE, scan_next, similar_people, start_scan
from partners.actions.merges import merge_partners
from partners.actions.pairs import decide_pair
from partners.forms.partners import similar_partners
from partners.models import DuplicateScan, Partner, PartnerPair, Person, PersonPair, Post
from partners.tasks_duplicates import scan_for_duplicates
from tests.factories import make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(an: User, nghe_an: Any) -> PartnerPair:
    one, two = make_partner("Hội Hữu nghị Lào - Việt Nam", unit=nghe_an), make_partner("Hội HN Lào-Việt", unit=nghe_an)
    make_partner("Hội Phụ nữ Lào")
    make_partner("Hội Hữu nghị Lào - Việt Nam", country="TH")
    scan_for_duplicates()
    (found,) = PartnerPair.objects.all()
    assert {found.first, found.second} == {one, two}
    return found


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_scan_finds_pairs_of_a_country_with_reasons_and_leaves_archived_ones_out(an: User, nghe_an: Any) -> None:
    make_partner("Đại học Huế 1", country="LA")
    make_partner("Đại học Huế 2", country="LA")
    make_partner("Oxfam", country=None, website="https://oxfam.example")
    make_partner("Oxfam Việt Nam", country=None, website="https://www.oxfam.example/vn")
    make_partner("LVFA", country="LA")
    make_partner("Lao Vietnam Friendship Association", country="LA")
    gone = make_partner("LVFA", country="LA")
    Partner.objects.filter(pk=gone.pk).update(archived_at="2026-01-01T00:00:00Z", archived_by=an)
    scan_for_duplicates()
    pairs = {(pair.first.name, pair.second.name): [code for code, _value in pair.reasons] for pair in PartnerPair.objects.all()}
    assert pairs == {
        ("Oxfam", "Oxfam Việt Nam"): ["name", "country", "website"],
        ("LVFA", "Lao Vietnam Friendship Association"): ["name", "country", "acronym"],
    }


def test_the_next_scan_looks_only_at_what_changed_and_offers_nothing_twice(pair: PartnerPair, an: User) -> None:
    decide_pair(pair, PairState.DIFFERENT, by=an)
    make_partner("Hội Hữu nghị Lào Việt")
    scan_for_duplicates()
    scan = DuplicateScan.objects.filter(noun=PARTNERS).first()
    assert scan is not None
    assert (scan.rows_total, scan.pairs_found) == (1, 2)
    pair.refresh_from_db()
    assert pair.state == PairState.DIFFERENT


def test_a_scan_that_was_broken_off_goes_on_where_it_was(an: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for country in ("LA", "TH", "KH"):
        make_partner("Hội Hữu nghị Lào - Việt Nam", country=country)
        make_partner("Hội HN Lào-Việt", country=country)
    scan = start_scan(PARTNERS)
    assert scan is not None
    assert scan_next(scan)
    assert start_scan(PARTNERS) is None, "another one runs"
    monkeypatch.setattr(duplicate_scans, "ABANDONED_AFTER", timedelta(0))
    again = start_scan(PARTNERS)
    assert again == scan
    while scan_next(scan):
        pass
    assert (scan.rows_done, scan.rows_total, PartnerPair.objects.count()) == (6, 6, 3)


def test_people_are_compared_within_their_country_and_with_those_of_none(an: User) -> None:
    partner = make_partner("Hội A")
    laos = partner.country
    people = [
        Person.objects.create(full_name="Khamphone Vongsa", country=laos),
        Person.objects.create(full_name="Vongsa Khamphone", country=laos),
        Person.objects.create(full_name="Somsak Keomany", country=laos),
        Person.objects.create(full_name="Somsack Keomany"),
    ]
    for person in people[2:]:
        Post.objects.create(person=person, partner=partner, title_vi="Thư ký")
    scan = start_scan(PEOPLE)
    assert scan is not None
    while scan_next(scan):
        pass
    found = set(PersonPair.objects.values_list("first", "second"))
    assert found == {(people[0].pk, people[1].pk), (people[2].pk, people[3].pk)}
    newcomer = Person(full_name="Ông Khamphone VONGSA", country=laos)
    assert similar_people(newcomer, partners=[], among=Person.objects.all()) == people[:2]


def test_not_the_same_is_not_warned_of_again(pair: PartnerPair, an: User) -> None:
    first = Partner.objects.get(pk=pair.first_id)
    assert similar_partners(first, other_names=[], by=an)[0] == pair.second
    decide_pair(pair, PairState.DIFFERENT, by=an)
    assert pair.second not in similar_partners(first, other_names=[], by=an)


def test_the_queue_shows_a_pair_with_reasons_and_takes_an_answer(pair: PartnerPair, an: User) -> None:
    client = signed_in(an)
    page = client.get(reverse("partners:duplicate-list")).content.decode()
    assert pair.second.get_absolute_url() in page
    answer = client.post(reverse("partners:pair-decide", args=["partners", pair.pk]), {"state": "later"}, headers={"HX-Request": "true"})
    assert f'id="pair-{pair.pk}"' in answer.content.decode()
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == (PairState.LATER, an)
    address = pair.second.get_absolute_url()
    assert address not in client.get(reverse("partners:duplicate-list")).content.decode()
    assert address in client.get(reverse("partners:duplicate-list"), {"state": "later"}).content.decode()


def test_a_unit_sees_its_own_pairs_first_and_may_not_answer_for_others(pair: PartnerPair, chau: User) -> None:
    client = signed_in(chau)
    address = pair.second.get_absolute_url()
    assert address not in client.get(reverse("partners:duplicate-list")).content.decode()
    assert address in client.get(reverse("partners:duplicate-list"), {"whose": "all"}).content.decode()
    with pytest.raises(PermissionDenied):
        decide_pair(pair, PairState.DIFFERENT, by=chau)
    assert client.post(reverse("partners:pair-decide", args=["partners", pair.pk]), {"state": "different"}).status_code == 403


def test_those_who_keep_the_records_are_asked(an: User, chau: User, nghe_an: Any, quang_ninh: Any) -> None:
    one = make_partner("Hội Hữu nghị Lào - Việt Nam", unit=nghe_an)
    two = make_partner("Hội HN Lào-Việt", unit=quang_ninh)
    make_steward(two, quang_ninh, officer=chau)
    answer = signed_in(an).post(f"{reverse('partners:merge', args=[one.public_id])}?with={two.public_id}", {"ask": "1"})
    assert answer.status_code == 302
    told = Notification.objects.get(topic=NotificationTopic.DUPLICATE)
    assert told.user == chau
    assert str(two.public_id) in told.link
    assert PartnerPair.objects.get().state == PairState.ASKED


def test_the_merge_page_puts_differences_first_and_merges_with_the_choices(pair: PartnerPair, an: User) -> None:
    client = signed_in(an)
    one, two = pair.first, pair.second
    Partner.objects.filter(pk=two.pk).update(city="Viêng Chăn")
    address = f"{reverse('partners:merge', args=[one.public_id])}?with={two.public_id}"
    page = client.get(address).content.decode()
    assert page.index("Viêng Chăn") > page.index('name="field-name"')
    answer = client.post(address, {"field-name": "merged", "field-city": "kept", "message": "trùng"})
    assert answer.headers["Location"] == one.get_absolute_url()
    one.refresh_from_db()
    assert (one.name, one.city) == ("Hội HN Lào-Việt", "")
    assert client.post(address).status_code == 422


def test_old_addresses_lead_to_the_survivor_in_page_api_and_filters(pair: PartnerPair, khoa: User) -> None:
    one, two = pair.first, pair.second
    person = Person.objects.create(full_name="Bounmy")
    Post.objects.create(person=person, partner=two, title_vi="Thư ký")
    change_set = merge_partners(one, two, by=khoa)
    client = signed_in(khoa)
    assert client.get(two.get_absolute_url()).headers["Location"] == one.get_absolute_url()
    answer = client.get(f"/api/v1/partners/{two.public_id}/")
    assert (answer.status_code, answer.json()["merged_into"]) == (307, str(one.public_id))
    assert answer.headers["Location"].endswith(f"/api/v1/partners/{one.public_id}/")
    assert client.get(answer.headers["Location"]).status_code == 200
    listed = client.get("/api/v1/people/", {"partner": str(two.public_id)}).json()
    assert [row["full_name"] for row in listed["items"]] == ["Bounmy"]
    page = client.get(one.get_absolute_url()).content.decode()
    assert str(change_set.public_id) in page


@pytest.mark.parametrize("query", ["noun=people", "noun=x&state=y", "cursor=zzz", "country=%00", "state=different&whose=all"])
def test_odd_addresses_of_the_queue_answer(query: str, pair: PartnerPair, an: User) -> None:
    assert signed_in(an).get(f"{reverse('partners:duplicate-list')}?{query}").status_code in (200, 302)


def test_an_unknown_noun_is_not_found(an: User) -> None:
    assert signed_in(an).post(reverse("partners:pair-decide", args=["cats", 1])).status_code == 404


def test_a_search_asked_for_is_waited_for_and_ends_with_its_pairs(an: User, nghe_an: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scan_for_duplicates()
    DuplicateScan.objects.update(started_at=timezone.now() - timedelta(hours=1))
    client = signed_in(an)
    monkeypatch.setattr(scan_for_duplicates, "delay", lambda: None)  # The worker is busy.

    page = client.post(reverse("partners:duplicate-scan"), {"noun": "people"}, follow=True)
    asked = page.context["asked"]
    progress = f"{reverse('partners:duplicate-progress', args=['people'])}?asked={asked}"
    still_waiting = client.get(progress).content.decode()
    DuplicateScan.objects.filter(noun=PEOPLE).update(started_at=timezone.now() + timedelta(seconds=2))

    assert page.context["noun"] == "people"
    assert f"asked={asked}" in page.content.decode()
    assert f"asked={asked}" in still_waiting
    assert client.get(progress)["HX-Redirect"] == f"{reverse('partners:duplicate-list')}?noun=people"


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 50, "٣", "1"])
def test_a_search_asked_for_long_ago_or_never_is_not_waited_for(asked: str, an: User) -> None:
    assert signed_in(an).get(reverse("partners:duplicate-list"), {"asked": asked}).context["asked"] == 0


def test_the_queue_asks_a_fixed_number_of_queries(an: User, nghe_an: Any) -> None:
    for number in range(8):
        one, two = make_partner(f"Hội {number}", unit=nghe_an), make_partner(f"Hội {number} b", unit=nghe_an)
        PartnerPair.objects.create(first=one, second=two, score=90, reasons=[["name", "0.9"]])
    get_counted(signed_in(an), reverse("partners:duplicate-list"), name="duplicate list")


def test_a_merge_is_taken_apart_on_the_page_of_its_change_set(pair: PartnerPair, khoa: User) -> None:
    one, two = pair.first, pair.second
    change_set = merge_partners(one, two, by=khoa)
    client = signed_in(khoa)
    told = client.get(reverse("crm:change-set-detail", args=[change_set.public_id])).content.decode()
    assert f"{timezone.localtime():%d/%m/%Y}" in told
    assert "+00:00" not in told
    assert client.post(reverse("crm:change-set-undo", args=[change_set.public_id])).status_code == 302
    while undo_next(change_set):
        pass
    assert client.get(two.get_absolute_url()).status_code == 200
    pair.refresh_from_db()
    assert pair.state == PairState.OPEN
