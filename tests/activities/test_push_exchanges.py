"""Exchanges as an office's system tells of them: repeated, late, out of order, changed on both sides."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from activities.actions.exchanges import archive_exchange, change_exchange
from activities.actions.sources import push_exchanges, upsert_exchange_source
from activities.models import Exchange, ExchangeKind, ExternalExchangeId, Participation
from activities.signals import activity_recorded
from crm.actions.sources import ChangedMeanwhileError, ChangedOnBothSidesError, Outcome, SourceItem, SourceResult
from crm.models import Field, Unit, User
from partners.models import Partner
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 16)


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner()


def word(partner: Partner, key: str = "A-1", **values: Any) -> SourceItem:
    about = {name: values.pop(name) for name in ("version", "changed_at", "same_as", "if_match") if name in values}
    kind = ExchangeKind.objects.get(code=values.pop("kind", "WORKING_MEETING"))
    return SourceItem(external_id=key, values={"kind": kind, "starts_on": DAY, "partners": [partner], **values}, **about)


def gone(key: str = "A-1", **about: Any) -> SourceItem:
    return SourceItem(external_id=key, withdraw=True, **about)


class Office:
    def __init__(self, unit: Unit, by: User) -> None:
        self.unit, self.by = unit, by

    def says(self, *items: SourceItem) -> list[SourceResult]:
        return push_exchanges(items, unit=self.unit, by=self.by)

    def outcomes(self, *items: SourceItem) -> list[Outcome]:
        return [result.outcome for result in self.says(*items)]


@pytest.fixture
def office(nghe_an: Unit, an: User) -> Office:
    return Office(nghe_an, an)


def codes(error: Exception | None) -> set[tuple[str, str | None]]:
    assert isinstance(error, ValidationError), error
    return {(name, one.code) for name, errors in error.error_dict.items() for one in errors}


def test_a_new_key_makes_an_exchange_of_its_unit(office: Office, lao: Partner) -> None:
    peace = Field.objects.get(code="PEACE")
    (result,) = office.says(word(lao, version=1, title="Gặp gỡ", fields=[peace]))
    exchange = Exchange.objects.get()
    assert (result.outcome, result.id, result.revision) == (Outcome.CREATED, exchange.public_id, 1)
    assert (exchange.title, exchange.host_unit, exchange.created_by) == ("Gặp gỡ", office.unit, office.by)
    assert list(exchange.fields.all()) == [peace]
    assert exchange.participations.get().counted is True
    lao.refresh_from_db()
    assert lao.last_contact_on == DAY
    assert list(exchange.history.get().fields.values_list("field__code", flat=True)) == ["PEACE"]


def test_the_same_word_again_changes_nothing(office: Office, lao: Partner) -> None:
    item = word(lao, version=1)
    assert office.outcomes(item, item) == [Outcome.CREATED, Outcome.UNCHANGED]
    assert office.outcomes(item) == [Outcome.UNCHANGED]
    assert Exchange.objects.get().revision == 1


def test_words_in_any_order_leave_the_youngest(office: Office, lao: Partner) -> None:
    words = [word(lao, version=version, title=f"Title {version}") for version in (2, 3, 1)]
    assert office.outcomes(*words) == [Outcome.CREATED, Outcome.CHANGED, Outcome.OLDER]
    assert Exchange.objects.get().title == "Title 3"


def test_moments_order_words_as_versions_do(office: Office, lao: Partner) -> None:
    now = timezone.now()
    younger, older = word(lao, title="b", changed_at=now), word(lao, title="a", changed_at=now - timedelta(hours=1))
    assert office.outcomes(younger, older) == [Outcome.CREATED, Outcome.OLDER]
    assert Exchange.objects.get().title == "b"


def test_what_a_younger_word_leaves_out_is_gone(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1, place="Vinh"), word(lao, version=2))
    assert Exchange.objects.get().place == ""


def test_a_deletion_archives_and_a_late_word_finds_it_dead(office: Office, lao: Partner) -> None:
    assert office.outcomes(word(lao, version=1), gone(version=3), gone(version=3), word(lao, version=2)) == [
        Outcome.CREATED,
        Outcome.WITHDRAWN,
        Outcome.WITHDRAWN,
        Outcome.OLDER,
    ]
    assert Exchange.objects.get().is_archived
    assert not Participation.objects.filter(counted=True).exists()


def test_a_deletion_before_its_row_keeps_it_dead_until_a_younger_word(office: Office, lao: Partner) -> None:
    (first,) = office.says(gone(version=2))
    assert (first.outcome, first.id) == (Outcome.WITHDRAWN, None)
    assert office.outcomes(word(lao, version=1)) == [Outcome.OLDER]
    assert not Exchange.objects.exists()
    assert office.outcomes(word(lao, version=3)) == [Outcome.CREATED]


def test_a_younger_word_brings_a_deleted_one_back(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1), gone(version=2))
    assert office.outcomes(word(lao, version=3, title="again")) == [Outcome.CHANGED]
    exchange = Exchange.objects.get()
    assert (exchange.is_archived, exchange.title) == (False, "again")
    assert exchange.participations.get().counted is True


def test_what_people_archived_stays_archived(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1))
    archive_exchange(Exchange.objects.get(), by=office.by)
    assert office.outcomes(word(lao, version=2, title="b")) == [Outcome.CHANGED]
    assert Exchange.objects.get().is_archived


def test_what_people_changed_stands_where_the_source_did_not(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1, place="Vinh"))
    exchange = Exchange.objects.get()
    exchange.outcome = "Agreed."
    change_exchange(exchange, by=office.by)
    assert office.outcomes(word(lao, version=2, place="Hà Nội")) == [Outcome.CHANGED]
    exchange.refresh_from_db()
    assert (exchange.outcome, exchange.place) == ("Agreed.", "Hà Nội")


def test_a_field_changed_on_both_sides_is_decided_at_the_source(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1, place="Vinh"))
    exchange = Exchange.objects.get()
    exchange.place = "Cửa Lò"
    change_exchange(exchange, by=office.by)
    said = word(lao, version=2, place="Hà Nội", title="new")
    (refused,) = office.says(said)
    assert isinstance(refused.error, ChangedOnBothSidesError)
    conflict = refused.error.conflicts["place"]
    assert (conflict.base, conflict.theirs, conflict.current) == ("Vinh", "Hà Nội", "Cửa Lò")
    exchange.refresh_from_db()
    assert (exchange.place, exchange.title) == ("Cửa Lò", "")
    seen = word(lao, version=2, place="Hà Nội", title="new", if_match=2)
    assert office.outcomes(seen) == [Outcome.CHANGED]
    exchange.refresh_from_db()
    assert (exchange.place, exchange.title) == ("Hà Nội", "new")


def test_who_has_seen_another_revision_is_told_what_differs(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1))
    with pytest.raises(ChangedMeanwhileError) as told:
        upsert_exchange_source(word(lao, version=2, title="x", if_match=7), unit=office.unit, by=office.by)
    assert told.value.differs == ("title",)


def test_fields_added_on_both_sides_stand_together(office: Office, lao: Partner) -> None:
    peace, culture = Field.objects.get(code="PEACE"), Field.objects.get(code="CUL")
    office.says(word(lao, version=1))
    change_exchange(Exchange.objects.get(), by=office.by, fields=[culture])
    office.says(word(lao, version=2, fields=[peace]))
    assert set(Exchange.objects.get().fields.all()) == {peace, culture}


def test_other_values_under_the_same_version_are_refused(office: Office, lao: Partner) -> None:
    office.says(word(lao, version=1))
    (result,) = office.says(word(lao, version=1, title="other"))
    assert codes(result.error) == {("version", "version_reused")}


def test_a_moment_to_come_is_refused(office: Office, lao: Partner) -> None:
    (result,) = office.says(word(lao, changed_at=datetime(2099, 1, 1, tzinfo=timezone.get_current_timezone())))
    assert codes(result.error) == {("changed_at", "in_the_future")}
    assert not ExternalExchangeId.objects.exists()


def test_what_is_refused_stops_nothing_else_and_leaves_no_key(office: Office, lao: Partner) -> None:
    results = office.says(word(lao, "A-1"), word(lao, "A-2", starts_on=date(2099, 1, 1)), word(lao, "A-3"))
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.REFUSED, Outcome.CREATED]
    assert codes(results[1].error) == {("starts_on", "future-held")}
    assert set(ExternalExchangeId.objects.values_list("value", flat=True)) == {"A-1", "A-3"}


def test_figures_hear_of_a_batch_once(office: Office, lao: Partner) -> None:
    heard: list[Any] = []

    def hear(**kwargs: Any) -> None:
        heard.append((kwargs["partner_ids"], kwargs["since"]))

    office.says(word(lao, "A-0", version=1))
    activity_recorded.connect(hear)
    other = make_partner("Hội Campuchia", country="KH")
    office.says(word(lao, "A-1"), word(other, "A-2", starts_on=date(2026, 1, 5)), word(lao, "A-0", version=2, level=2), gone("A-1"))
    activity_recorded.disconnect(hear)
    assert heard == [({lao.pk, other.pk}, date(2026, 1, 5))]


def test_an_exchange_logged_on_the_page_takes_the_key(office: Office, lao: Partner) -> None:
    exchange = make_exchange(lao, by=office.by, on=DAY, title="Logged")
    (result,) = office.says(word(lao, version=1, title="Logged", place="Vinh", same_as=exchange.public_id))
    assert (result.outcome, result.id) == (Outcome.LINKED, exchange.public_id)
    assert office.outcomes(word(lao, version=2, title="Logged", place="Huế")) == [Outcome.CHANGED]
    exchange.refresh_from_db()
    assert exchange.place == "Huế"


def test_keys_of_another_unit_are_not_written(office: Office, lao: Partner, quang_ninh: Unit) -> None:
    with pytest.raises(PermissionDenied):
        push_exchanges([word(lao)], unit=quang_ninh, by=office.by)


def test_an_exchange_of_another_unit_is_not_taken(office: Office, lao: Partner, chau: User) -> None:
    foreign = make_exchange(lao, by=chau, on=DAY)
    (result,) = office.says(word(lao, same_as=foreign.public_id))
    assert codes(result.error) == {("same_as", "unknown")}
    assert not ExternalExchangeId.objects.exists()


def test_withdrawing_needs_the_host(office: Office, lao: Partner, ha: User, quang_ninh: Unit) -> None:
    office.says(word(lao, version=1))
    change_exchange_host(Exchange.objects.get(), quang_ninh, by=ha)
    with pytest.raises(PermissionDenied):
        upsert_exchange_source(gone(version=2), unit=office.unit, by=office.by)
    assert not Exchange.objects.get().is_archived


def change_exchange_host(exchange: Exchange, unit: Unit, *, by: User) -> None:
    exchange.host_unit = unit
    change_exchange(exchange, by=by)
