"""Two partners become one and, taken apart, two again as they were."""

import random
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, models

from activities.models import Participation
from crm.actions.records import archive_record, save_record
from crm.actions.undoing import undo_change_set
from crm.choices import AuditVerb, ChangeState, PairState
from crm.models import AuditEvent, User
from partners.actions import moves
from partners.actions.merges import merge_partners, merge_people, what_moves
from partners.actions.partners import restore_partner
from partners.models import Partner, PartnerName, PartnerPair, Person, Post, Relation, Stewardship
from reports.models import PolicyVersion
from tests.factories import make_exchange, make_partner, make_steward
from tests.partners.merging import differences, dump, entangle, exchanges_of, store_figures

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(db: None) -> PolicyVersion:
    return PolicyVersion.objects.get(code="2025")


@pytest.mark.parametrize("seed", range(6))
def test_after_merge_and_taking_apart_the_database_is_as_before(seed: int, khoa: User, policy: PolicyVersion) -> None:
    survivor, merged = entangle(khoa, random.Random(seed))
    store_figures()
    before = dump()

    change_set = merge_partners(survivor, merged, by=khoa)
    store_figures()
    assert dump() != before
    undo_change_set(change_set, by=khoa)
    store_figures()

    assert differences(before, dump()) == {}
    assert (change_set.state, change_set.undo_report) == (ChangeState.UNDONE, [])


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_left_with_the_merged_partner_and_nothing_is_lost(seed: int, khoa: User) -> None:
    survivor, merged = entangle(khoa, random.Random(seed))
    exchanges = set(Participation.objects.filter(partner__in=[survivor, merged]).values_list("exchange", flat=True))
    merge_partners(survivor, merged, by=khoa)

    assert set(Participation.objects.filter(partner=survivor).values_list("exchange", flat=True)) == exchanges
    left = {name: moves.rows_of(link, merged).count() for name, link in moves.relations_of(Partner).items()}
    stays = {"reports.engagementsnapshot.partner", "partners.partner_fields.partner"}
    stays |= {"partners.partnerpair.first", "partners.partnerpair.second", "partners.relation.source", "partners.relation.target"}
    assert {name for name, count in left.items() if count} <= stays
    assert not Relation.objects.live().filter(source=merged).exists()
    merged.refresh_from_db()
    assert (merged.is_archived, merged.merged_into) == (True, survivor)


def test_figures_after_a_merge_are_those_of_one_partner_with_all_exchanges(khoa: User) -> None:
    one, two = make_partner("Một"), make_partner("Hai")
    make_exchange([one, two], by=khoa, on=date(2026, 5, 1))
    make_exchange(two, by=khoa, on=date(2026, 6, 1))
    merge_partners(one, two, by=khoa)
    one.refresh_from_db()
    two.refresh_from_db()
    assert exchanges_of(one) == 2
    assert (one.last_contact_on, two.last_contact_on) == (date(2026, 6, 1), None)


def test_a_meeting_inside_a_delegation_is_not_counted_twice_after_the_merge(khoa: User) -> None:
    one, two = make_partner("Một"), make_partner("Hai")
    visit = make_exchange(one, by=khoa, on=date(2026, 5, 1))
    meeting = make_exchange(two, by=khoa, on=date(2026, 5, 1), parent=visit)
    assert meeting.participations.get().counted
    change_set = merge_partners(one, two, by=khoa)
    assert not meeting.participations.get().counted
    undo_change_set(change_set, by=khoa)
    assert meeting.participations.get().counted


def test_the_names_of_both_find_the_survivor_and_the_chosen_values_stand(khoa: User) -> None:
    one = make_partner("Hội Hữu nghị Lào", city="", website="https://a.example", interests="giáo dục")
    two = make_partner("Lao Friendship", city="Viêng Chăn", website="https://b.example", interests="y tế")
    PartnerName.objects.create(partner=two, name="LFA", language="en", usage="acronym")
    merge_partners(one, two, by=khoa, choices={"name": "merged", "website": "kept", "interests": "both"})
    one.refresh_from_db()
    assert (one.name, one.city, one.website, one.interests) == ("Lao Friendship", "Viêng Chăn", "https://a.example", "giáo dục\n\ny tế")
    assert set(one.names.values_list("name", flat=True)) == {"Hội Hữu nghị Lào", "LFA"}
    assert list(Partner.objects.live().search("hoi huu nghi")) == list(Partner.objects.live().search("lfa")) == [one]


def test_two_leads_become_one_lead_and_one_support(khoa: User, nghe_an: Any, quang_ninh: Any) -> None:
    one, two = make_partner("Một"), make_partner("Hai")
    make_steward(one, nghe_an)
    make_steward(two, quang_ninh)
    merge_partners(one, two, by=khoa)
    rows = Stewardship.objects.live().filter(partner=one).order_by("unit__code")
    assert {(row.unit.code, row.role) for row in rows} == {("PU-40", "lead"), ("PU-22", "support")}


def test_a_unit_that_keeps_both_keeps_the_one_with_the_better_role(khoa: User, nghe_an: Any) -> None:
    one, two = make_partner("Một"), make_partner("Hai")
    Stewardship.objects.create(partner=one, unit=nghe_an, role="support")
    make_steward(two, nghe_an)
    merge_partners(one, two, by=khoa)
    assert [row.role for row in Stewardship.objects.live().filter(partner=one)] == ["lead"]


def test_a_relation_that_merging_does_not_know_is_refused_and_nothing_changes(khoa: User, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = make_partner("Một"), make_partner("Hai")
    rules = {name: rule for name, rule in moves.RULES.items() if name != "activities.followup.partner"}
    monkeypatch.setattr(moves, "RULES", rules)
    with pytest.raises(ValidationError, match=r"activities\.followup\.partner"):
        merge_partners(one, two, by=khoa)
    two.refresh_from_db()
    assert not two.is_archived


@pytest.mark.parametrize("model", [Partner, Person])
def test_every_relation_has_a_rule_and_no_rule_is_for_nothing(model: type[models.Model]) -> None:
    assert moves.unknown_relations(model) == []
    assert moves.RULES.keys() == moves.relations_of(Partner).keys() | moves.relations_of(Person).keys()


@pytest.mark.parametrize("who", ["dung", "chau", "son"])
def test_whoever_may_not_change_both_may_not_merge(who: str, request: pytest.FixtureRequest, nghe_an: Any) -> None:
    one, two = make_partner("Một", unit=nghe_an), make_partner("Hai", unit=nghe_an)
    with pytest.raises(PermissionDenied):
        merge_partners(one, two, by=request.getfixturevalue(who))


def test_a_record_is_not_merged_with_itself_nor_archived_nor_twice(khoa: User) -> None:
    one, two, three = make_partner("Một"), make_partner("Hai"), make_partner("Ba")
    with pytest.raises(ValidationError, match=r"itself|chính"):
        merge_partners(one, one, by=khoa)
    archive_record(three, by=khoa)
    with pytest.raises(ValidationError):
        merge_partners(one, three, by=khoa)
    merge_partners(one, two, by=khoa)
    with pytest.raises(ValidationError):
        merge_partners(one, two, by=khoa)
    two.refresh_from_db()
    with pytest.raises(ValidationError):
        restore_partner(two, by=khoa)


def test_a_chain_leads_to_the_last_survivor_and_is_taken_apart_from_the_end(khoa: User) -> None:
    one, two, three = make_partner("Một"), make_partner("Hai"), make_partner("Ba")
    first = merge_partners(two, three, by=khoa)
    second = merge_partners(one, Partner.objects.get(pk=two.pk), by=khoa)
    assert set(Partner.objects.filter(merged_into=one)) == {two, three}
    with pytest.raises(ValidationError):
        undo_change_set(first, by=khoa)
    undo_change_set(second, by=khoa)
    undo_change_set(first, by=khoa)
    assert not Partner.objects.filter(merged_into__isnull=False).exists()


def test_what_was_edited_after_the_merge_stays_and_is_told(khoa: User) -> None:
    one, two = make_partner("Một", city=""), make_partner("Hai", city="Huế")
    change_set = merge_partners(one, two, by=khoa)
    one.refresh_from_db()
    one.city = "Đà Nẵng"
    save_record(one, by=khoa)
    undo_change_set(change_set, by=khoa)
    one.refresh_from_db()
    assert one.city == "Đà Nẵng"
    assert [(left["label"], left["columns"]) for left in change_set.undo_report] == [("Một", ["city"])]


def test_not_the_same_is_remembered_for_the_survivor_too(khoa: User) -> None:
    one, two, other = make_partner("Một"), make_partner("Hai"), make_partner("Ba")
    PartnerPair.objects.create(first=two, second=other, score=80, state=PairState.DIFFERENT)
    merge_partners(one, two, by=khoa)
    assert PartnerPair.objects.get(first=one, second=other).state == PairState.DIFFERENT


def test_a_merge_leaves_a_trace_and_counts_what_moved(khoa: User) -> None:
    one, two = make_partner("Một"), make_partner("Hai")
    make_exchange([one, two], by=khoa, on=date(2026, 5, 1))
    assert [(line.count, len(line.conflicts)) for line in what_moves(one, two)] == [(1, 1)]
    change_set = merge_partners(one, two, by=khoa)
    assert change_set.counts == {"activities.participation.partner": 1}
    assert AuditEvent.objects.get(verb=AuditVerb.MERGED).details["merged"] == str(two.public_id)


@pytest.mark.parametrize("seed", range(4))
def test_two_people_become_one_and_two_again(seed: int, khoa: User, policy: PolicyVersion) -> None:
    entangle(khoa, random.Random(seed))
    survivor, merged = Person.objects.order_by("pk")[:2]
    store_figures()
    before = dump()
    change_set = merge_people(survivor, merged, by=khoa)
    assert not Post.objects.filter(person=merged).exists()
    undo_change_set(change_set, by=khoa)
    store_figures()
    assert differences(before, dump()) == {}


def test_the_stricter_confidentiality_of_two_people_stands(ha: User) -> None:
    one = Person.objects.create(full_name="Somsak")
    two = Person.objects.create(full_name="สมศักดิ์", confidentiality="restricted")
    merge_people(one, two, by=ha)
    one.refresh_from_db()
    assert (one.confidentiality, one.native_name) == ("restricted", "สมศักดิ์")


def test_two_people_who_are_partners_of_their_own_are_refused(khoa: User) -> None:
    one, two = Person.objects.create(full_name="A"), Person.objects.create(full_name="B")
    make_partner("A", person=one)
    make_partner("B", person=two)
    with pytest.raises(ValidationError):
        merge_people(one, two, by=khoa)


def test_the_person_behind_a_partner_passes_over_and_comes_back(khoa: User) -> None:
    person = Person.objects.create(full_name="Giáo sư A")
    one, two = make_partner("Giáo sư A"), make_partner("GS A", person=person)
    change_set = merge_partners(one, two, by=khoa)
    one.refresh_from_db()
    assert one.person == person
    undo_change_set(change_set, by=khoa)
    two.refresh_from_db()
    assert (two.person, connection.vendor in ("sqlite", "postgresql")) == (person, True)
