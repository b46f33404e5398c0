"""Writing the people of a list, with their posts and the organisations that are new, a chunk at a time and set by set."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from crm.actions.change_sets import columns_of, note_changed, note_created
from crm.actions.versions import record_changes
from crm.models import ChangeSet, Country, User
from partners.actions.import_people_plans import STATED, Organisation, PeopleRun, PlannedPerson, plan_people
from partners.actions.import_rows import Outcome, PartnerRow, PersonRow
from partners.actions.imports import import_partners, insert
from partners.models import Person, Post
from partners.names import propose_parts

# A post has a title; where the list gives none, this says the least.
UNTITLED = {"title_vi": "Đại diện", "title_en": "Representative"}


@transaction.atomic
def import_people(rows: Sequence[PersonRow], *, by: User, run: PeopleRun) -> list[PlannedPerson]:
    """Create and change people from one chunk of a list, all or nothing; return what became of each row.

    Organisations that are new become partners in the same change set. After any exception the run must not be used again.
    """
    change_set = run.organisations.change_set
    if change_set is None:
        raise LookupError("Every import is a change set.")
    plans = plan_people(rows, by=by, run=run)
    taken = [plan for plan in plans if plan.outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.RESTORED)]
    _make_partners(taken, by=by, run=run)
    _create([plan for plan in taken if plan.outcome is Outcome.CREATED], by=by, run=run, change_set=change_set)
    _change([plan for plan in taken if plan.outcome is not Outcome.CREATED], by=by, run=run, change_set=change_set)
    _add_posts([plan for plan in taken if plan.adds_post], by=by, run=run, change_set=change_set)
    return plans


def _make_partners(plans: Sequence[PlannedPerson], *, by: User, run: PeopleRun) -> None:
    new: dict[str, Organisation] = {}
    for plan in plans:
        if plan.organisation and plan.organisation.is_new and plan.organisation.partner is None:
            new[plan.organisation.key] = plan.organisation
    rows = [PartnerRow(each.row, name=each.name, country_id=each.country_id) for each in new.values()]
    for organisation, planned in zip(new.values(), import_partners(rows, by=by, run=run.organisations), strict=True):
        organisation.partner = planned.partner


def _create(plans: Sequence[PlannedPerson], *, by: User, run: PeopleRun, change_set: ChangeSet) -> None:
    codes = dict(Country.objects.filter(pk__in={plan.person.country_id for plan in plans if plan.person}).values_list("pk", "alpha2"))
    people = [_new_person(plan, codes, by=by, run=run) for plan in plans]
    insert(people, by=by, reason=run.organisations.source)
    note_created(change_set, people)
    for plan, person in zip(plans, people, strict=True):
        if plan.person:
            plan.person.pk, plan.person.public_id = person.pk, person.public_id


def _new_person(plan: PlannedPerson, codes: dict[int, str], *, by: User, run: PeopleRun) -> Person:
    row, country_id = plan.row, plan.person.country_id if plan.person else None
    parts = propose_parts(row.full_name, codes.get(country_id or 0))
    person = Person(
        full_name=row.full_name, family_name=parts.family, middle_name=parts.middle, given_name=parts.given, name_order=parts.order,
        country_id=country_id, email=row.email, phone=row.phone, how_to_address=row.how_to_address, languages=row.languages,
        unit_id=run.organisations.unit.pk, created_by_id=by.pk, updated_by_id=by.pk,
    )  # fmt: skip
    person.set_keys()
    return person


def _change(plans: Sequence[PlannedPerson], *, by: User, run: PeopleRun, change_set: ChangeSet) -> None:
    kept = [plan for plan in plans if plan.changes or plan.outcome is Outcome.RESTORED]
    touched = {plan.person.pk: plan for plan in kept if plan.person and plan.person.pk}
    people = list(Person.objects.select_for_update(of=("self",)).filter(pk__in=touched).order_by("pk"))
    before = [columns_of(person, [*touched[person.pk].changes, "archived_at", "archived_by"]) for person in people]
    for person in people:
        for name, (_before, after) in touched[person.pk].changes.items():
            setattr(person, name, after)
        person.archived_at = person.archived_by = None
        person.revision += 1
        person.updated_at, person.updated_by = timezone.now(), by
    if people:
        Person.objects.bulk_update(people, [*STATED, "archived_at", "archived_by", "revision", "updated_at", "updated_by"], batch_size=200)
        record_changes(people, by=by, reason=run.organisations.source)
        note_changed(change_set, zip(people, before, strict=True))


def _add_posts(plans: Sequence[PlannedPerson], *, by: User, run: PeopleRun, change_set: ChangeSet) -> None:
    posts = []
    for plan in plans:
        person_pk, partner = plan.person and plan.person.pk, plan.organisation and plan.organisation.partner
        if person_pk and partner and partner.pk:
            made_by = {"created_by_id": by.pk, "updated_by_id": by.pk}
            posts.append(Post(person_id=person_pk, partner_id=partner.pk, **_title(plan.row.title), **made_by))
    insert(posts, by=by, reason=run.organisations.source)
    note_created(change_set, posts)


def _title(title: str) -> dict[str, str]:
    """The title under the language it is written in: in Vietnamese unless its letters are plain."""
    if not title:
        return UNTITLED
    return {"title_en" if title.isascii() else "title_vi": title}
