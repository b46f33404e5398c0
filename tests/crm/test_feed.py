"""What a reader of the change feed is told, and what it is never told."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from activities.actions.agreements import save_agreement
from activities.actions.exchanges import change_exchange, log_exchange
from activities.actions.follow_ups import pass_follow_up, save_follow_up
from activities.choices import Side
from activities.models import AgreementParty, Exchange, ExchangeKind, FollowUp, Participation
from crm.actions.records import archive_record, restore_record
from crm.actions.undoing import undo_change_set
from crm.choices import Confidentiality, FeedNoun, Role
from crm.feed import InvalidCursorError, ResyncRequiredError, cursor_now, read_changes
from crm.feed.keeping import prune_feed, renew_feed, renew_if_restored
from crm.models import FeedEntry, FeedState, Field, Membership, Unit, User
from partners.actions.merges import merge_partners, merge_people
from partners.actions.partners import OtherName, save_partner
from partners.actions.people import save_person
from partners.models import Partner, PartnerKind, Person, Post
from tests.activities.agreeing import make_agreement, ours, theirs
from tests.crm.feed_mirror import Mirror, entries_after, last_entry
from tests.factories import make_exchange, make_partner, make_steward, make_user

# PostgreSQL tells of what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def told(reader: User, cursor: str, **asked: Any) -> list[tuple[str, str, str | None]]:
    """Everything after the cursor: noun, identifier, and why it is gone."""
    page = read_changes(User.objects.get(pk=reader.pk), cursor, 1_000, **asked)
    assert not page.has_more
    return [(change.noun.value, str(change.id), change.deleted) for change in page.items]


def person_of(unit: Unit, level: str = Confidentiality.NETWORK, **values: Any) -> Person:
    return Person.objects.create(full_name="Khamphone Vongsa", unit=unit, confidentiality=level, **values)


# --- What is told -------------------------------------------------------------------------------------


def test_a_record_made_in_several_tables_is_told_once_with_its_revision(an: User) -> None:
    cursor = cursor_now(an)
    kind = PartnerKind.objects.all()[0]
    partner = save_partner(Partner(name="Hội Sen", kind=kind), by=an, names=[OtherName("Lotus"), OtherName("LF")])

    [change] = read_changes(an, cursor, 10).items

    assert (change.noun, change.id, change.revision) == (FeedNoun.PARTNER, partner.public_id, partner.revision)
    assert (change.deleted, change.merged_into) == (None, None)
    assert timezone.now() - timedelta(minutes=1) < change.at <= timezone.now() + timedelta(seconds=1)


def test_names_fields_and_stewards_are_changes_of_the_partner(an: User, nghe_an: Unit) -> None:
    partner = make_partner()
    for write in (
        lambda: partner.names.create(name="LVFA"),
        lambda: partner.names.update(name="LVFA 2"),
        lambda: partner.names.all().delete(),
        lambda: partner.fields.add(Field.objects.all()[0]),
        partner.fields.clear,
        lambda: make_steward(partner, nghe_an),
        lambda: partner.stewardships.update(valid_to=date(2026, 1, 1)),
    ):
        cursor = cursor_now(an)
        write()
        assert told(an, cursor) == [("partner", str(partner.public_id), None)]


def test_keys_and_figures_that_follow_are_no_changes(an: User) -> None:
    partner = make_partner()
    exchange = make_exchange(partner, by=an, on=date(2026, 11, 2))
    number = last_entry()

    partner.refresh_from_db()
    Partner.objects.filter(pk=partner.pk).update(search_key="x", sort_key="y", last_contact_on=date(2026, 1, 1), updated_at=timezone.now())
    Participation.objects.filter(exchange=exchange).update(merit=1, counted=False, field_mask=3)

    assert entries_after(number) == set()


def test_a_post_is_told_with_its_person(an: User, nghe_an: Unit) -> None:
    person = person_of(nghe_an)
    cursor = cursor_now(an)
    post = Post.objects.create(person=person, partner=make_partner(), title_en="President")

    assert {(noun, key) for noun, key, _reason in told(an, cursor, nouns=["post", "person"])} == {
        ("post", str(post.public_id)),
        ("person", str(person.public_id)),
    }


def test_pages_are_as_short_as_asked_and_follow_on_one_another(an: User) -> None:
    cursor = cursor_now(an)
    partners = [make_partner(f"Hội {number}") for number in range(7)]

    pages = []
    while True:
        page = read_changes(an, cursor, 3)
        pages.append([change.id for change in page.items])
        cursor = page.cursor
        if not page.has_more:
            break

    assert pages == [[partner.public_id for partner in partners[start : start + 3]] for start in (0, 3, 6)]
    assert read_changes(an, cursor, 3).items == []


def test_without_a_cursor_it_begins_with_the_oldest_that_is_kept(an: User) -> None:
    partner = make_partner()
    assert read_changes(an, None, 1_000).items[-1].id == partner.public_id


def test_only_nouns_that_were_asked_for_and_may_be_viewed(an: User, nghe_an: Unit) -> None:
    cursor = cursor_now(an)
    make_partner()
    person = person_of(nghe_an)
    assert told(an, cursor, nouns=["person"]) == [("person", str(person.public_id), None)]

    stranger = make_user("khach")
    assert read_changes(stranger, None, 10).items == []


# --- Out of use ---------------------------------------------------------------------------------------


def test_archived_and_restored(an: User, khoa: User) -> None:
    partner = make_partner()
    cursor = cursor_now(an)
    archive_record(partner, by=khoa)
    assert told(an, cursor) == [("partner", str(partner.public_id), "archived")]

    cursor = cursor_now(an)
    restore_record(partner, by=khoa)
    assert told(an, cursor) == [("partner", str(partner.public_id), None)]


def test_merged_says_into_whom_and_taken_apart_it_is_back(an: User, khoa: User) -> None:
    survivor, merged = make_partner("Hội Hữu nghị Lào - Việt Nam"), make_partner("Hội HN Lào-Việt")
    cursor = cursor_now(an)
    change_set = merge_partners(survivor, merged, by=khoa)
    changes = {change.id: change for change in read_changes(an, cursor, 100).items}
    assert (changes[merged.public_id].deleted, changes[merged.public_id].merged_into) == ("merged", survivor.public_id)
    assert changes[survivor.public_id].deleted is None

    cursor = cursor_now(an)
    undo_change_set(change_set, by=khoa)
    assert {(key, reason) for _noun, key, reason in told(an, cursor)} >= {(str(merged.public_id), None), (str(survivor.public_id), None)}


def test_a_survivor_that_the_reader_does_not_see_is_not_named(an: User, ha: User, quang_ninh: Unit) -> None:
    survivor, merged = person_of(quang_ninh, Confidentiality.RESTRICTED), person_of(quang_ninh)
    cursor = cursor_now(an)
    merge_people(survivor, merged, by=ha)
    changes = read_changes(an, cursor, 100).items
    assert str(survivor.public_id) not in str(changes)


# --- Out of sight -------------------------------------------------------------------------------------


def test_what_leaves_the_reader_is_told_as_such_with_what_goes_with_it_and_comes_back(an: User, ha: User, quang_ninh: Unit) -> None:
    person = person_of(quang_ninh)
    post = Post.objects.create(person=person, partner=make_partner(), title_en="President")
    both = {("person", str(person.public_id)), ("post", str(post.public_id))}
    cursor, of_ha = cursor_now(an), cursor_now(ha)

    person.confidentiality = Confidentiality.RESTRICTED
    save_person(person, by=ha)
    assert set(told(an, cursor)) == {(*key, "not-visible") for key in both}
    assert set(told(ha, of_ha)) == {(*key, None) for key in both}
    assert all(change.revision is None for change in read_changes(an, cursor, 10).items)

    cursor = cursor_now(an)
    Person.objects.filter(pk=person.pk).update(confidentiality=Confidentiality.NETWORK)
    assert set(told(an, cursor)) == {(*key, None) for key in both}


def test_what_the_reader_never_saw_never_shows(an: User, binh: User, ha: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    """Restricted in another unit and in the own one; of the own level in another unit; nothing tells even an identifier."""
    cursor = cursor_now(an)
    hidden = [
        person_of(nghe_an, Confidentiality.RESTRICTED),
        person_of(quang_ninh, Confidentiality.RESTRICTED),
        person_of(quang_ninh, Confidentiality.UNIT),
    ]
    for person in hidden:
        person.email = "somebody@example.org"
        save_person(person, by=ha)
        archive_record(person, by=ha)
    assert told(an, cursor) == []
    assert [key for _noun, key, _reason in told(binh, cursor_now(binh))] == []


def test_of_the_own_unit_it_leaves_those_of_the_unit_alone(an: User, chau: User, khoa: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    person = person_of(nghe_an, Confidentiality.UNIT)
    before = {user: cursor_now(user) for user in (an, chau, khoa)}
    Person.objects.filter(pk=person.pk).update(unit=quang_ninh)

    key = ("person", str(person.public_id))
    assert told(an, before[an]) == [(*key, "not-visible")]
    assert told(chau, before[chau]) == [(*key, None)]
    assert told(khoa, before[khoa]) == [(*key, None)]


def test_whoever_made_a_restricted_record_saw_it(an: User, ha: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    person = person_of(nghe_an, Confidentiality.RESTRICTED, created_by=an)
    cursor = cursor_now(an)
    Person.objects.filter(pk=person.pk).update(confidentiality=Confidentiality.UNIT, unit=quang_ninh)
    assert told(an, cursor) == [("person", str(person.public_id), "not-visible")]


def exchange_of(by: User, co_unit: Unit, level: str = Confidentiality.UNIT) -> Exchange:
    kind = ExchangeKind.objects.get(code="WORKING_MEETING")
    exchange = Exchange(kind=kind, starts_on=date(2026, 11, 2), confidentiality=level)
    return log_exchange(exchange, by=by, partners=[make_partner()], co_units=[co_unit])


def test_a_co_host_that_is_taken_out_is_told(an: User, chau: User, quang_ninh: Unit) -> None:
    exchange = exchange_of(an, quang_ninh)
    cursor, of_an = cursor_now(chau), cursor_now(an)
    change_exchange(exchange, by=an, co_units=[])
    assert told(chau, cursor, nouns=["exchange"]) == [("exchange", str(exchange.public_id), "not-visible")]
    assert told(an, of_an, nouns=["exchange"]) == [("exchange", str(exchange.public_id), None)]


def test_a_co_host_is_told_when_the_exchange_becomes_restricted_and_its_lead_saw_nothing_restricted_before(
    an: User, chau: User, ha: User, quang_ninh: Unit
) -> None:
    lead = make_user("lan", unit=quang_ninh, role=Role.UNIT_LEAD)
    exchange = exchange_of(an, quang_ninh)
    cursor = cursor_now(chau)
    Exchange.objects.filter(pk=exchange.pk).update(confidentiality=Confidentiality.RESTRICTED)
    assert told(chau, cursor, nouns=["exchange"]) == [("exchange", str(exchange.public_id), "not-visible")]

    cursor = cursor_now(lead)
    exchange.co_units.all().delete()
    assert told(lead, cursor, nouns=["exchange"]) == []


def test_a_unit_that_is_a_party_no_longer_is_told(an: User, chau: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    partner = make_partner()
    parties = [ours(unit=nghe_an), ours(unit=quang_ninh), theirs(partner)]
    agreement = make_agreement(partner, by=an, parties=parties, confidentiality=Confidentiality.UNIT)
    cursor = cursor_now(chau)
    kept = [AgreementParty(side=Side.OURS, unit=nghe_an), AgreementParty(side=Side.THEIRS, partner=partner)]
    save_agreement(agreement, by=an, parties=kept)
    assert told(chau, cursor, nouns=["agreement"]) == [("agreement", str(agreement.public_id), "not-visible")]


def test_what_was_given_to_somebody_elsewhere_leaves_them_when_it_is_passed_on(an: User, binh: User, chau: User) -> None:
    exchange = make_exchange(make_partner(), by=an, on=date(2026, 11, 2))
    follow_up = save_follow_up(FollowUp(text="Gửi ảnh", exchange=exchange), by=an)
    FollowUp.objects.filter(pk=follow_up.pk).update(assignee=chau)
    follow_up.refresh_from_db()
    cursor = cursor_now(chau)
    pass_follow_up(follow_up, by=an, to=binh)
    assert told(chau, cursor, nouns=["follow-up"]) == [("follow-up", str(follow_up.public_id), "not-visible")]


# --- Cursors that are no longer good ------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "x", "now", "MTIz", "é", "\x00", "a" * 5_000, "null", "=" * 8])
def test_what_is_no_cursor_is_invalid(text: str, an: User) -> None:
    with pytest.raises(InvalidCursorError):
        read_changes(an, text, 10)


def test_a_cursor_that_was_altered_anywhere_is_invalid_rather_than_passing_over_changes(an: User) -> None:
    cursor = cursor_now(an)
    for place, letter in enumerate(cursor):
        altered = cursor[:place] + ("A" if letter != "A" else "B") + cursor[place + 1 :]
        with pytest.raises((InvalidCursorError, ResyncRequiredError)):
            read_changes(an, altered, 10)


def test_a_cursor_of_before_a_restored_backup_asks_for_everything_anew(an: User) -> None:
    make_partner()
    cursor = cursor_now(an)
    renew_feed()
    with pytest.raises(ResyncRequiredError):
        read_changes(an, cursor, 10)
    assert read_changes(an, None, 10).items == []
    partner = make_partner("Sau khi khôi phục")
    assert told(an, read_changes(an, None, 1).cursor) == []
    assert read_changes(an, None, 1).items[0].id == partner.public_id


def test_a_cursor_ahead_of_the_feed_is_of_another_life(an: User) -> None:
    cursor = cursor_now(an)
    make_partner()
    later = read_changes(an, cursor, 10).cursor
    generation = FeedState.objects.get().generation
    # As after a file of before was put back: the same life by its number, but without its end.
    from crm.feed.positions import Cursor, Position

    read = Cursor.read(later)
    ahead = Cursor(generation, Position(read.position.transaction + 10**6, read.position.id), read.sight, read.nouns)
    with pytest.raises(ResyncRequiredError):
        read_changes(an, str(ahead), 10)


def test_a_reader_with_other_rights_reads_everything_anew(an: User, quang_ninh: Unit) -> None:
    cursor = cursor_now(an)
    Membership.objects.create(user=an, unit=quang_ninh, role=Role.OFFICER)
    with pytest.raises(ResyncRequiredError):
        read_changes(User.objects.get(pk=an.pk), cursor, 10)


def test_a_cursor_of_another_account_is_not_good(an: User, binh: User) -> None:
    with pytest.raises(ResyncRequiredError):
        read_changes(binh, cursor_now(an), 10)


def test_a_cursor_goes_on_with_fewer_nouns_but_not_with_more(an: User) -> None:
    cursor = cursor_now(an, nouns=["partner", "person"])
    fewer = read_changes(an, cursor, 10, nouns=["partner"]).cursor
    with pytest.raises(ResyncRequiredError):
        read_changes(an, fewer, 10, nouns=["partner", "person"])


def test_entries_are_let_go_after_90_days_and_a_cursor_below_them_is_told(an: User) -> None:
    old = cursor_now(an)
    make_partner("Cũ")
    FeedEntry.objects.update(at=timezone.now() - timedelta(days=91))
    kept_from = cursor_now(an)
    young = make_partner("Mới")

    assert prune_feed() >= 1
    assert prune_feed() == 0
    with pytest.raises(ResyncRequiredError):
        read_changes(an, old, 10)
    for cursor in (kept_from, None):
        assert [change.id for change in read_changes(an, cursor, 10).items] == [young.public_id]


def test_a_dump_that_was_put_into_another_server_is_noticed(an: User) -> None:
    from django.db import connection

    make_partner()
    assert renew_if_restored(connection) is False
    FeedEntry.objects.update(transaction=2**61)
    assert renew_if_restored(connection) is (connection.vendor == "postgresql")


# --- A copy that is kept by the feed ------------------------------------------------------------------


def test_a_copy_stays_true_over_changes_of_sight_of_every_kind(an: User, chau: User, ha: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    mirrors = [Mirror(user) for user in (an, chau, ha)]
    person = person_of(nghe_an)
    Post.objects.create(person=person, partner=make_partner(), title_en="President")
    exchange = exchange_of(an, quang_ninh)
    for level in (*Confidentiality.values, *reversed(Confidentiality.values)):
        Person.objects.update(confidentiality=level)
        Exchange.objects.filter(pk=exchange.pk).update(confidentiality=level)
        for unit in (quang_ninh, nghe_an):
            Person.objects.update(unit=unit)
            Exchange.objects.filter(pk=exchange.pk).update(host_unit=unit)
            assert all(mirror.follow().is_true() for mirror in mirrors)
