"""Partners by the offices' own keys: made, found, changed where the source changed them, proposed where it may not."""

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from crm.actions.sources import AmbiguousMatchError, ChangedMeanwhileError, Outcome, SourceItem, SourceResult
from crm.actions.undoing import undo_change_set
from crm.models import Country, Field, Unit, User
from partners.actions.merges import merge_partners
from partners.actions.partners import archive_partner, save_partner
from partners.actions.proposals import accept_proposal, decline_proposal
from partners.actions.sources import apply_partner_item, apply_partner_items
from partners.choices import ProposalState
from partners.models import ChangeProposal, ExternalId, Partner, PartnerKind, PartnerPair
from tests.factories import make_exchange, make_partner, make_steward

NAME = "Hội Hữu nghị Lào - Việt Nam"


def values(name: str = NAME, **said: Any) -> dict[str, Any]:
    country = said.pop("country", "LA")
    kind = PartnerKind.objects.get(code=said.pop("kind", "FRIENDSHIP_ASSOCIATION"))
    return {"name": name, "kind": kind, "country": country and Country.objects.get(alpha2=country), **said}


def word(external_id: str = "A-1", *, version: int | None = None, **said: Any) -> SourceItem:
    options = {name: said.pop(name) for name in ("same_as", "certainly_new", "if_match", "changed_at") if name in said}
    return SourceItem(external_id=external_id, version=version, values=values(**said), **options)


def gone(external_id: str = "A-1", **said: Any) -> SourceItem:
    return SourceItem(external_id=external_id, withdraw=True, **said)


@pytest.fixture
def push(an: User, nghe_an: Unit) -> Any:
    def send(item: SourceItem) -> SourceResult:
        return apply_partner_item(item, unit=nghe_an, by=an)

    return send


def partner_of(result: SourceResult) -> Partner:
    assert result.id is not None
    return Partner.objects.get(public_id=result.id)


# --- New keys ------------------------------------------------------------------------------------------------------


def test_a_new_key_makes_a_partner_that_its_unit_leads(push: Any, nghe_an: Unit, an: User) -> None:
    peace = Field.objects.order_by("pk")[0]
    result = push(word(city="Viêng Chăn", names=[{"name": "LVFA", "language": "en", "usage": "acronym"}], fields=[peace], version=1))
    partner = partner_of(result)
    assert (result.outcome, result.revision) == (Outcome.CREATED, 1)
    assert (partner.city, partner.unit, partner.created_by) == ("Viêng Chăn", nghe_an, an)
    assert [row.name for row in partner.names.all()] == ["LVFA"]
    assert list(partner.fields.all()) == [peace]
    assert partner.stewardships.get().unit == nghe_an
    assert "lvfa" in partner.search_key
    version = partner.history.get()
    assert (version.history_user, [link.field_id for link in version.fields.all()]) == (an, [peace.pk])


def test_the_same_word_again_changes_nothing(push: Any) -> None:
    first, again = push(word(version=1)), push(word(version=1))
    assert (again.outcome, again.id, again.revision) == (Outcome.UNCHANGED, first.id, 1)
    assert Partner.objects.count() == 1


def test_an_older_word_is_not_applied(push: Any) -> None:
    push(word(version=2, city="Huế"))
    assert push(word(version=1, city="Vinh")).outcome == Outcome.OLDER
    assert Partner.objects.get().city == "Huế"


def test_a_partner_of_the_same_folded_name_and_country_is_linked_and_not_renamed(push: Any, nghe_an: Unit) -> None:
    known = make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION")
    make_steward(known, nghe_an)
    result = push(word(name="HOI HUU NGHI LAO VIET NAM", city="Viêng Chăn"))
    known.refresh_from_db()
    assert (result.outcome, result.id) == (Outcome.LINKED, known.public_id)
    assert (known.name, known.city) == (NAME, "Viêng Chăn")


def test_a_namesake_that_the_unit_keeps_under_another_key_is_asked_about(push: Any) -> None:
    first = push(word("A-1"))
    with pytest.raises(AmbiguousMatchError) as refusal:
        push(word("A-2"))
    assert [(one.id, one.score) for one in refusal.value.candidates] == [(first.id, 1.0)]
    assert not ExternalId.objects.filter(value="A-2").exists()


def test_a_likely_partner_is_asked_about_with_reasons(push: Any) -> None:
    known = make_partner("Hội Hữu nghị Lào - Việt Nam tại Viêng Chăn", city="Viêng Chăn")
    with pytest.raises(AmbiguousMatchError) as refusal:
        push(word(name="Hội HN Lào-Việt Nam tại Viêng Chăn", city="Viêng Chăn"))
    (candidate,) = refusal.value.candidates
    assert candidate.id == known.public_id
    assert 0.9 < candidate.score <= 1
    assert candidate.reasons


def test_a_namesake_in_another_city_is_somebody_else(push: Any) -> None:
    make_partner("Nhà hữu nghị", city="Pắc Xế")
    assert push(word(name="Nhà hữu nghị", city="Viêng Chăn")).outcome == Outcome.CREATED


def test_certainly_new_makes_another_and_is_never_offered_as_a_duplicate(push: Any) -> None:
    push(word("A-1"))
    assert push(word("A-2", certainly_new=True)).outcome == Outcome.CREATED
    assert Partner.objects.count() == 2
    assert PartnerPair.objects.get().state == "different"


def test_same_as_links_and_of_a_merged_partner_says_its_survivor(push: Any, ha: User) -> None:
    survivor, merged = make_partner("Viện Nghiên cứu Đông Dương"), make_partner("Viện Đông Dương học")
    merge_partners(survivor, merged, by=ha)
    result = push(word(name="Viện ĐD", same_as=merged.public_id))
    assert (result.outcome, result.id, result.merged_into) == (Outcome.LINKED, survivor.public_id, survivor.public_id)


def test_same_as_nobody_and_same_as_an_archived_partner_are_refused(push: Any, ha: User) -> None:
    archived = make_partner("Viện Đông Dương học")
    archive_partner(archived, by=ha)
    for wanted, code in ((uuid4(), "unknown"), (archived.public_id, "archived")):
        with pytest.raises(ValidationError) as refusal:
            push(word(same_as=wanted))
        assert refusal.value.error_dict["same_as"][0].code == code


def test_a_namesake_in_the_archive_is_not_brought_back_but_the_survivor_of_a_merged_one_is_meant(push: Any, ha: User) -> None:
    archived, survivor, merged = make_partner("Quỹ Sen Vàng"), make_partner("Quỹ Hòa bình Mê Kông"), make_partner("Quỹ Mê Kông xanh")
    archive_partner(archived, by=ha)
    merge_partners(survivor, merged, by=ha)
    assert push(word("A-1", name="Quỹ Sen Vàng")).outcome == Outcome.CREATED
    result = push(word("A-2", name="Quỹ Mê Kông xanh"))
    assert (result.outcome, result.id, result.merged_into) == (Outcome.LINKED, survivor.public_id, survivor.public_id)


# --- Known keys ----------------------------------------------------------------------------------------------------


def test_what_was_changed_here_meanwhile_stands_beside_what_the_source_changed(push: Any, ha: User) -> None:
    partner = partner_of(push(word(version=1, city="Huế", website="https://a.example/")))
    partner.website = "https://b.example/"
    save_partner(partner, by=ha)
    result = push(word(version=2, city="Vinh", website="https://a.example/"))
    partner.refresh_from_db()
    assert result.outcome == Outcome.CHANGED
    assert result.revision == partner.revision == 3
    assert (partner.city, partner.website) == ("Vinh", "https://b.example/")


def test_what_a_source_said_once_and_leaves_out_later_is_empty_again_and_what_it_never_said_stays(push: Any, ha: User) -> None:
    partner = partner_of(push(word(version=1, city="Huế")))
    partner.founded_year, partner.status = 1979, "dormant"
    save_partner(partner, by=ha)
    assert push(word(version=2)).outcome == Outcome.CHANGED
    partner.refresh_from_db()
    assert (partner.city, partner.founded_year, partner.status) == ("", 1979, "dormant")


def test_linking_takes_nothing_away_and_proposes_nothing_that_was_not_said(push: Any, quang_ninh: Unit) -> None:
    known = make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION", status="dormant", founded_year=1979, name_language="vi")
    make_steward(known, quang_ninh)
    assert push(word(version=1)).proposed == ()


def test_in_whatever_order_words_come_and_however_often_the_end_is_that_of_a_clean_run(an: User, nghe_an: Unit) -> None:
    cities = ["Huế", "", "Vinh", "Hội An"]
    said = [word("A-1", version=place, city=city, founded_year=place % 2 * 1979 or None) for place, city in enumerate(cities)]
    said.append(gone("A-1", version=9))
    said.append(word("A-1", version=10, city="Đà Nẵng"))
    chance = random.Random(20261122)
    ends = set()
    for _run in range(12):
        ExternalId.objects.all().delete()
        Partner.objects.update(name="Quỹ khác", search_key="quy khac", sort_key="x", country=None, city="x")
        sent = [chance.choice(said) for _repeat in range(6)] + said * 2
        chance.shuffle(sent)
        for item in sent:
            apply_partner_items([item], unit=nghe_an, by=an)
        key = ExternalId.objects.select_related("partner").get()
        assert key.partner is not None
        ends.add((key.version, key.withdrawn_at, key.partner.city, key.partner.founded_year, key.partner.is_archived))
    assert ends == {(10, None, "Đà Nẵng", None, False)}


def test_a_field_changed_on_both_sides_waits_in_a_proposal_and_the_rest_is_stored(push: Any, ha: User) -> None:
    partner = partner_of(push(word(version=1, city="Huế")))
    partner.city = "Hội An"
    save_partner(partner, by=ha)
    result = push(word(version=2, city="Vinh", founded_year=1979))
    partner.refresh_from_db()
    proposal = ChangeProposal.objects.get()
    assert (result.outcome, result.proposal, result.proposed) == (Outcome.PROPOSED, proposal.public_id, ("city",))
    assert (partner.city, partner.founded_year) == ("Hội An", 1979)
    assert proposal.changes == {"city": ["Hội An", "Vinh"]}
    assert push(word(version=2, city="Vinh", founded_year=1979)).outcome == Outcome.UNCHANGED


def test_a_source_that_has_seen_the_record_decides_and_one_that_has_not_is_told(push: Any, ha: User) -> None:
    partner = partner_of(push(word(version=1, city="Huế")))
    partner.city = "Hội An"
    save_partner(partner, by=ha)
    with pytest.raises(ChangedMeanwhileError) as refusal:
        push(word(version=2, city="Vinh", if_match=1))
    assert (refusal.value.record.revision, refusal.value.differs) == (2, ("city",))
    assert push(word(version=2, city="Vinh", if_match=2)).outcome == Outcome.CHANGED
    assert Partner.objects.get().city == "Vinh"
    assert not ChangeProposal.objects.exists()


def test_lists_keep_what_each_side_added(push: Any, ha: User) -> None:
    one, two, three = Field.objects.order_by("pk")[:3]
    partner = partner_of(push(word(version=1, fields=[one])))
    save_partner(partner, by=ha, fields=[one, two])
    push(word(version=2, fields=[one, three]))
    assert set(partner.fields.all()) == {one, two, three}


def test_a_partner_that_another_unit_leads_is_proposed_and_never_written(push: Any, quang_ninh: Unit) -> None:
    known = make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION")
    make_steward(known, quang_ninh)
    linked = push(word(version=1, city="Viêng Chăn"))
    proposed = push(word(version=2, city="Luông Pha Băng"))
    known.refresh_from_db()
    proposal = ChangeProposal.objects.get()
    assert (linked.outcome, linked.proposed, proposed.outcome) == (Outcome.LINKED, ("city",), Outcome.PROPOSED)
    assert (known.city, known.revision) == ("", 1)
    assert proposal.lead_unit == quang_ninh
    assert proposal.changes == {"city": ["", "Luông Pha Băng"]}


def test_a_proposal_that_is_not_needed_any_more_is_withdrawn(push: Any, quang_ninh: Unit, chau: User) -> None:
    known = make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION", founded_year=1980)
    make_steward(known, quang_ninh)
    push(word(version=1, founded_year=1979))
    assert push(word(version=2, founded_year=1980)).outcome == Outcome.UNCHANGED
    assert ChangeProposal.objects.get().state == ProposalState.WITHDRAWN


def test_an_accepted_proposal_is_what_the_source_goes_on_from(push: Any, quang_ninh: Unit, chau: User) -> None:
    known = make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION")
    make_steward(known, quang_ninh)
    push(word(version=1, city="Viêng Chăn"))
    accept_proposal(ChangeProposal.objects.get(), by=chau)
    assert Partner.objects.get().city == "Viêng Chăn"
    assert push(word(version=2, city="Viêng Chăn")).outcome == Outcome.UNCHANGED


def test_a_declined_proposal_is_not_made_again_by_the_same_values(push: Any, quang_ninh: Unit, chau: User) -> None:
    known = make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION")
    make_steward(known, quang_ninh)
    push(word(version=1, city="Viêng Chăn"))
    decline_proposal(ChangeProposal.objects.get(), by=chau, reason="Trụ sở ở Pắc Xế.")
    assert push(word(version=2, city="Viêng Chăn")).outcome == Outcome.UNCHANGED
    assert not ChangeProposal.objects.open().exists()


def test_an_archived_partner_is_not_changed(push: Any, ha: User) -> None:
    archive_partner(partner_of(push(word(version=1))), by=ha)
    with pytest.raises(ValidationError) as refusal:
        push(word(version=2, city="Huế"))
    assert refusal.value.code == "archived"


# --- Gone at the source --------------------------------------------------------------------------------------------


def test_a_delete_before_its_create_keeps_the_row_dead(push: Any) -> None:
    assert push(gone(version=5)).outcome == Outcome.WITHDRAWN
    late = push(word(version=4))
    assert (late.outcome, late.id) == (Outcome.OLDER, None)
    assert not Partner.objects.exists()


def test_a_delete_archives_a_partner_that_nobody_else_needs_and_a_younger_word_brings_it_back(push: Any) -> None:
    partner = partner_of(push(word(version=1)))
    assert push(gone(version=2)).outcome == Outcome.WITHDRAWN
    partner.refresh_from_db()
    assert partner.is_archived
    assert push(word(version=1)).outcome == Outcome.OLDER
    assert push(word(version=3, city="Huế")).outcome == Outcome.CHANGED
    partner.refresh_from_db()
    assert (partner.is_archived, partner.city) == (False, "Huế")


def test_a_delete_leaves_a_partner_that_somebody_archived_since(push: Any, ha: User) -> None:
    partner = partner_of(push(word(version=1)))
    make_exchange(partner, by=ha, on=timezone.localdate())
    push(gone(version=2))
    archive_partner(Partner.objects.get(), by=ha)
    with pytest.raises(ValidationError):
        push(word(version=3))


@pytest.mark.parametrize("needed_by", ["exchange", "other_key", "other_steward"])
def test_a_delete_leaves_a_partner_that_others_need(needed_by: str, push: Any, ha: User, chau: User, quang_ninh: Unit) -> None:
    partner = partner_of(push(word(version=1)))
    if needed_by == "exchange":
        make_exchange(partner, by=ha, on=timezone.localdate())
    elif needed_by == "other_key":
        apply_partner_item(word("QN-7"), unit=quang_ninh, by=chau)
    else:
        partner.stewardships.create(unit=quang_ninh, role="support")
    assert push(gone(version=2)).outcome == Outcome.WITHDRAWN
    partner.refresh_from_db()
    assert not partner.is_archived


# --- Merging -------------------------------------------------------------------------------------------------------


def test_two_keys_of_a_merged_partner_lead_to_the_survivor_and_come_back_when_it_is_taken_apart(push: Any, ha: User) -> None:
    one = partner_of(push(word("A-1", version=1, name="Quỹ Sen Vàng")))
    two = partner_of(push(word("A-2", version=1, name="Quỹ Hòa bình Mê Kông")))
    change_set = merge_partners(one, two, by=ha)
    result = push(word("A-2", version=2, name="Quỹ Hòa bình Mê Kông", city="Huế"))
    assert (result.id, result.merged_into) == (one.public_id, one.public_id)
    assert push(word("A-1", version=2, name="Quỹ Sen Vàng")).merged_into is None
    undo_change_set(change_set, by=ha)
    assert dict(ExternalId.objects.values_list("value", "partner")) == {"A-1": one.pk, "A-2": two.pk}
    after = push(word("A-2", version=3, name="Quỹ Hòa bình Mê Kông", founded_year=1990))
    assert (after.outcome, after.id, after.merged_into) == (Outcome.CHANGED, two.public_id, None)


# --- Rights, clocks, batches ---------------------------------------------------------------------------------------


def test_the_keys_of_another_unit_are_not_for_this_one(an: User, quang_ninh: Unit) -> None:
    with pytest.raises(PermissionDenied):
        apply_partner_item(word(), unit=quang_ninh, by=an)


def test_two_units_may_use_the_same_key_for_different_partners(push: Any, chau: User, quang_ninh: Unit) -> None:
    push(word("7", name="Quỹ Sen Vàng"))
    assert apply_partner_item(word("7", name="Quỹ Hòa bình Mê Kông"), unit=quang_ninh, by=chau).outcome == Outcome.CREATED


def test_a_word_from_the_future_is_refused_and_leaves_no_key(push: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        push(word(changed_at=timezone.now() + timedelta(hours=1)))
    assert refusal.value.error_dict["changed_at"][0].code == "in_the_future"
    assert not ExternalId.objects.exists()


def test_in_a_batch_each_row_has_its_own_fate(an: User, nghe_an: Unit) -> None:
    make_partner("Quỹ Hòa bình Mê Kông")
    items = [
        word("A-1", version=1, name="Quỹ Sen Vàng"),
        word("A-2", version=1, name="Viện Đông Dương học", website="not an address"),
        word("A-1", version=2, name="Quỹ Sen Vàng", city="Huế"),
        word("A-3", version=1, name="Quỹ Hòa bình Mê Kông"),
        word("A-4", version=1, name="QUY SEN VANG"),
        gone("A-5", version=1),
    ]
    results = apply_partner_items(items, unit=nghe_an, by=an)
    assert [result.outcome for result in results] == ["created", "refused", "changed", "linked", "refused", "withdrawn"]
    assert "website" in results[1].error.error_dict  # type: ignore[union-attr]  # it was refused
    assert [one.id for one in results[4].error.candidates] == [results[0].id]  # type: ignore[union-attr]  # the same
    assert set(ExternalId.objects.values_list("value", flat=True)) == {"A-1", "A-3", "A-5"}


def test_an_atomic_batch_with_a_wrong_row_stores_nothing(an: User, nghe_an: Unit) -> None:
    items = [word("A-1", name="Quỹ Sen Vàng"), word("A-2", name="Viện Đông Dương học", website="not an address")]
    results = apply_partner_items(items, unit=nghe_an, by=an, atomic=True)
    assert [result.outcome for result in results] == ["created", "refused"]
    assert not Partner.objects.exists()
    assert not ExternalId.objects.exists()


def test_five_hundred_new_rows_take_no_more_statements_than_fifty(an: User, nghe_an: Unit, django_assert_max_num_queries: Any) -> None:
    for count, start in ((50, 0), (500, 1000)):
        items = [word(f"K-{place}", name=f"Quỹ {place * 7919} Sen {place}") for place in range(start, start + count)]
        with django_assert_max_num_queries(60):
            results = apply_partner_items(items, unit=nghe_an, by=an)
        assert {result.outcome for result in results} == {Outcome.CREATED}
