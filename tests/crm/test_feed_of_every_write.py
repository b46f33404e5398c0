"""Whatever writes a record, and by which way, leaves its entry in the feed: the database itself writes them."""

import random
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from activities.actions.commitments import restrict_commitments
from activities.actions.hand_overs import hand_over
from activities.models import Commitment, Delegation, Exchange, FollowUp
from crm import tasks
from crm.actions import bulk_edits
from crm.actions.undoing import undo_change_set
from crm.bulk_rows import insert_rows
from crm.choices import Confidentiality, Role
from crm.feed.installing import install, install_after_migrations, make_way, remove
from crm.feed.nouns import SOURCES, column, tracked_columns
from crm.identifiers import new_public_id
from crm.known.tables import versioned_models
from crm.models import FeedEntry, FeedState, Field, Membership, Province, Unit, User
from partners.actions.consent import keep_the_least
from partners.actions.merges import merge_partners, merge_people
from partners.actions.protocol import order_posts
from partners.models import Partner, Person, Post
from tests.activities.agreeing import make_agreement, ours, theirs
from tests.activities.handing_over import keys
from tests.activities.promising import make_commitment
from tests.crm.feed_mirror import Mirror, entries_after, last_entry
from tests.factories import make_partner, make_user
from tests.partners.merging import entangle
from tests.partners.test_import_partners import LOTUS, report_on

# Versioned tables of which the feed tells nothing, since nothing of them stands in the API.
UNTOLD = {
    "activities.event", "activities.exchangekind", "activities.agreementkind", "activities.forum", "activities.occasion",
    "partners.partnerkind", "partners.personnote", "partners.registration", "partners.relation", "partners.changeproposal",
}  # fmt: skip
WATCHED: list[tuple[str, Any, str]] = [(source.noun.value, source.model, "id") for source in SOURCES.values()]
WATCHED += [(source.noun.value, part.model, column(part.model, part.record)) for source in SOURCES.values() for part in source.parts]


@pytest.mark.parametrize("app", ["partners", "activities"])
def test_every_versioned_table_is_told_of_or_left_out_by_name(app: str) -> None:
    versioned = {model._meta.label_lower for model in versioned_models() if model._meta.app_label == app}
    assert versioned - {model._meta.label_lower for _noun, model, _key in WATCHED} == {name for name in UNTOLD if name.startswith(app)}


# --- Each table, by each way that rows are written ----------------------------------------------------


@pytest.fixture
def network(an: User, nghe_an: Unit) -> Partner:
    """A row in every table that the feed watches."""
    survivor, _merged = entangle(an, random.Random(1))
    exchange = Exchange.objects.all()[0]
    exchange.fields.add(Field.objects.all()[0])
    exchange.provinces.add(Province.objects.all()[0])
    exchange.co_units.create(unit=Unit.objects.get(code="PU-22"))
    Delegation.objects.create(exchange=exchange)
    agreement = make_agreement(survivor, by=an, parties=[ours(unit=nghe_an), theirs(survivor)])
    agreement.fields.add(Field.objects.all()[0])
    make_commitment(survivor, an)
    return survivor


@pytest.mark.django_db
def test_a_row_that_is_changed_taken_out_or_brought_in_by_any_way_is_told(network: Partner) -> None:
    assert {f"{model._meta.label}: {way}" for noun, model, key in WATCHED for way in _untold_ways(noun, model, key)} == set()


def _untold_ways(noun: str, model: Any, key: str) -> Iterator[str]:
    """The ways to write a row of the table that leave no entry of the record, or one where nothing has changed."""
    row = model._base_manager.order_by("-pk")[0]
    record = row.pk if key == "id" else getattr(row, key)
    values = {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields if not field.primary_key}
    told = _column_to_change(model)
    former, changed, rows = getattr(row, told.attname), _another(told, row), model._base_manager.filter(pk=row.pk)
    ways: dict[str, Callable[[], object]] = {
        "changed": lambda: rows.update(**{told.attname: changed}),
        "changed back with others": lambda: model._base_manager.bulk_update([row], [told.name]),
        "nothing changed": lambda: rows.update(**{told.attname: former}),
    }
    if key != "id":
        ways |= {
            "taken out": lambda: rows._raw_delete("default"),
            "copied in": lambda: insert_rows(model, list(values), [list(values.values())]),
        }
    for way, write in ways.items():
        number = last_entry()
        write()
        if ((noun, record) in entries_after(number)) is (way == "nothing changed"):
            yield way


@pytest.mark.django_db
def test_many_new_records_by_copy_are_told_each(network: Partner) -> None:
    """By COPY on PostgreSQL, as imports and batches write them."""
    for source in SOURCES.values():
        row = source.model._base_manager.order_by("-pk")[0]
        values = {field.attname: getattr(row, field.attname) for field in source.model._meta.concrete_fields if not field.primary_key}
        values |= {field.attname: None for field in source.model._meta.concrete_fields if isinstance(field, models.OneToOneField)}
        rows = [list((values | {"public_id": new_public_id()}).values()) for _number in range(3)]
        number = last_entry()
        pks = insert_rows(source.model, list(values), rows)
        assert entries_after(number) >= {(source.noun.value, pk) for pk in pks}


def _column_to_change(model: Any) -> Any:
    """A column that is told of and may hold nearly anything: a number, a text, else a reference."""
    told = [
        field for field in model._meta.concrete_fields if field.column in tracked_columns(model) and not field.unique and not field.choices
    ]
    wanted = (models.PositiveSmallIntegerField, models.CharField, models.ForeignKey)
    return next(field for kind in wanted for field in reversed(told) if isinstance(field, kind))


def _another(field: Any, row: Any) -> Any:
    """A value that the column may have instead; of a reference, a row that nothing here refers to yet."""
    if not field.is_relation:
        return (getattr(row, field.attname) or 0) + 1 if isinstance(field, models.PositiveSmallIntegerField) else "zz"
    taken = list(type(row)._base_manager.values_list(field.attname, flat=True))
    return field.related_model._base_manager.exclude(pk__in=taken).values_list("pk", flat=True)[0]


# --- Actions that write much at once ------------------------------------------------------------------


def versions_untold(marks: dict[Any, int], number: int) -> list[Any]:
    """Versions since the marks whose record has no entry since the number."""
    told = entries_after(number)
    return [
        (noun, version)
        for noun, model, key in WATCHED
        if hasattr(model, "history")
        for version in model.history.filter(history_id__gt=marks[model])
        if (noun, getattr(version, key)) not in told
    ]


def run_bulk_edit(list_name: str, rows: Any, by: User, **values: Any) -> Any:
    change_set = bulk_edits.plan_bulk_edit(list_name, rows, values, by=by)
    bulk_edits.start_bulk_edit(change_set, by=by, message="Làm sạch")
    tasks.run_bulk_edit(change_set.pk)
    return change_set


def merge_and_take_apart(by: User) -> None:
    two, one = Partner.objects.filter(merged_from__isnull=False)[0], Partner.objects.order_by("pk")[0]
    undo_change_set(merge_partners(one, two, by=by), by=by)


def merge(by: User) -> None:
    two, one = Partner.objects.filter(merged_from__isnull=False)[0], Partner.objects.order_by("pk")[0]
    merge_partners(one, two, by=by)


def merge_persons(by: User) -> None:
    one, two = Person.objects.order_by("pk")[:2]
    undo_change_set(merge_people(one, two, by=by), by=by)


def edit_exchanges(by: User) -> None:
    rows, level = Exchange.objects.all(), Confidentiality.RESTRICTED
    undo_change_set(run_bulk_edit("activities:exchange-list", rows, by, confidentiality=level), by=by)


def restrict(by: User) -> None:
    restrict_commitments(Commitment.objects.all(), by=by)


def import_list(by: User) -> None:
    report_on([LOTUS, "8,Quỹ Tre,,,,Laos,,,1990"], by=by, unit=Unit.objects.get(code="VUFO"))


def pass_on(by: User) -> None:
    Membership.objects.create(user=by, unit=Unit.objects.get(code="PU-40"), role=Role.UNIT_LEAD)
    by = User.objects.get(pk=by.pk)
    person = User.objects.get(username="an")
    FollowUp.objects.filter(unit__code="PU-40").update(assignee=person)
    receiver = make_user("yen", unit=Unit.objects.get(code="PU-40"))
    hand_over(person, by=by, choices=dict.fromkeys(keys(person, by), receiver))


def put_in_order(by: User) -> None:
    partner = Post.objects.order_by("pk")[0].partner
    posts = list(Post.objects.filter(partner=partner).order_by("-rank", "-pk"))
    Post.objects.create(person=posts[0].person, partner=partner, title_en="Vice President", rank=1)
    order_posts(partner, wanted=[post.public_id for post in Post.objects.filter(partner=partner).order_by("-rank", "-pk")], by=by)


def withdraw(by: User) -> None:
    keep_the_least(Person.objects.order_by("pk")[0], by=by)


WAYS = [merge, merge_and_take_apart, merge_persons, edit_exchanges, restrict, import_list, pass_on, put_in_order, withdraw]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS)
def test_an_action_on_many_rows_leaves_an_entry_for_every_version_and_copies_stay_true(
    way: Callable[[User], None], network: Partner, an: User, chau: User, ha: User
) -> None:
    mirrors = [Mirror(user, limit=50) for user in (an, chau)]
    marks = {model: _last_version(model) for _noun, model, _key in WATCHED if hasattr(model, "history")}
    number = last_entry()

    way(ha)

    assert any(_last_version(model) > mark for model, mark in marks.items())
    assert versions_untold(marks, number) == []
    for mirror in mirrors:
        if User.objects.get(pk=mirror.reader.pk).scope == mirror.reader.scope:
            assert mirror.follow().is_true(), mirror.reader


def _last_version(model: Any) -> int:
    last = model.history.order_by("-history_id").first()
    return last.history_id if last else 0


# --- The triggers themselves --------------------------------------------------------------------------


@pytest.mark.django_db
def test_where_nothing_is_missing_one_query_is_enough(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert install(connection) is False


@pytest.mark.django_db
def test_a_missing_trigger_comes_back_with_the_next_migrate(an: User) -> None:
    remove(connection)
    number = last_entry()
    make_partner("Không được kể")
    assert entries_after(number) == set()

    assert install(connection) is True
    assert install(connection) is False
    partner = make_partner("Được kể")
    assert entries_after(number) == {("partner", partner.pk)}


@pytest.mark.django_db
def test_before_migrations_the_triggers_make_way_and_after_the_last_they_are_back(settings: Any) -> None:
    from django.apps import apps
    from django.db.migrations.state import ProjectState

    config = apps.get_app_config("crm")
    make_way(sender=config, using="default", plan=[("a migration", False)])
    install_after_migrations(sender=config, using="default", apps=ProjectState().apps, plan=[])
    assert install(connection) is True
    install_after_migrations(sender=config, using="default", apps=ProjectState().apps, plan=[])
    assert install(connection) is True


@pytest.mark.django_db
def test_a_database_without_a_state_begins_a_life_of_its_own() -> None:
    from django.apps import apps

    FeedState.objects.all().delete()
    install_after_migrations(sender=apps.get_app_config("crm"), using="default")
    assert FeedState.objects.get().generation > 0
    assert FeedEntry.objects.filter(at__gt=timezone.now()).count() == 0
    assert date(2026, 1, 1) < timezone.localdate()
