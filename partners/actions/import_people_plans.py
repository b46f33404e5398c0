"""What would become of a list of people: whom we know, where they work, who is new. Written by ``import_people``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Left, StrIndex
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import User
from crm.permissions import Permission
from crm.tabular import shown
from crm.text import fold
from partners.actions.import_plans import Archive, ImportRun
from partners.actions.import_rows import NEW, Outcome, PersonRow, Problem
from partners.duplicates import KnownPartner
from partners.models import Partner, Person, Post

# What somebody may decide on an organisation, beside NEW and the public id of a partner: its people get no post.
NO_POST = "none"
STATED = ("country_id", "email", "phone", "how_to_address", "languages")
_VALIDATED: list[tuple[str, Any]] = [
    (name, Person._meta.get_field(name)) for name in ("full_name", "email", "phone", "how_to_address", "languages")
]
_VALIDATED += [("title", Post._meta.get_field("title_vi")), ("organisation", Partner._meta.get_field("name"))]


@dataclass(eq=False, slots=True)
class KnownPerson:
    """A person as far as comparing needs it. ``row``: where the list at hand named them first (0: nowhere yet)."""

    name: str
    country_id: int | None = None
    email: str = ""
    partner_ids: set[int] = field(default_factory=set)
    pk: int | None = None
    public_id: UUID | None = None
    archived: bool = False
    row: int = 0


@dataclass(frozen=True, slots=True)
class LikePerson:
    """A person that a row may mean, with the reasons in words."""

    partner: KnownPerson
    score: float
    reasons: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Organisation:
    """An organisation that a list names: one we know, or somebody has still to say. ``key`` is how decisions name it."""

    key: str
    name: str
    country_id: int | None
    partner: KnownPartner | None = None
    is_new: bool = False
    problem: Problem | None = None
    candidates: tuple[Any, ...] = ()
    people: int = 0
    row: int = 0


@dataclass(slots=True)
class PlannedPerson:
    """What becomes of one row. ``person``: whom it means; ``adds_post``: whether a post is recorded with it."""

    row: PersonRow
    outcome: Outcome
    person: KnownPerson | None = None
    organisation: Organisation | None = None
    adds_post: bool = False
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    new_names: tuple[Any, ...] = ()
    problems: tuple[Problem, ...] = ()
    likely: tuple[LikePerson, ...] = ()
    repeats: int = 0

    @property
    def name(self) -> str:
        return self.row.full_name

    def shown(self) -> dict[str, tuple[Any, Any]]:
        """What people are shown of it: field → (before, after)."""
        row = self.row
        said = {"organisation": row.organisation, "title": row.title} if self.adds_post or not self.changes else {}
        if self.outcome is Outcome.CREATED:
            said |= {name: getattr(row, name) for name in STATED}
        return {**{name: ("", value) for name, value in said.items() if value}, **self.changes}


@dataclass
class PeopleRun:
    """One run over one list of people. ``organisations``: the run that knows partners and makes the new ones."""

    organisations: ImportRun
    decisions: Mapping[str, str] = field(default_factory=dict)
    named: dict[str, Organisation] = field(default_factory=dict)
    met: dict[tuple[str, str], PersonRow] = field(default_factory=dict)
    _archive: Archive | None = None

    @property
    def archive(self) -> Archive:
        if self._archive is None:
            self._archive = Archive.read(Person)
        return self._archive

    def found(self) -> dict[str, Any]:
        """What the page of the check asks about: the organisations that are no partner we know."""
        unknown = [each for each in self.named.values() if each.partner is None]
        return {"organisations": [_organisation_json(each) for each in unknown[:1_000]]}


def plan_people(rows: Sequence[PersonRow], *, by: User, run: PeopleRun) -> list[PlannedPerson]:
    """Return what would become of each row, in order; nothing is written. Raises PermissionDenied."""
    unit = run.organisations.unit
    if not (by.may(Permission.PARTNER_IMPORT) and by.may(Permission.PERSON_EDIT) and by.scope.may_write_for(unit.pk)):
        raise PermissionDenied
    run.organisations.known.load_countries({_country_of(row, run) for row in rows if row.organisation})
    known = _known_people(rows, by)
    plans = [_place(row, run, known) for row in rows]
    _compare([plan for plan in plans if plan.outcome in (Outcome.UPDATED, Outcome.RESTORED)], by=by)
    return plans


def _country_of(row: PersonRow, run: PeopleRun) -> int | None:
    return row.country_id or (run.organisations.country.pk if run.organisations.country else None)


def _known_people(rows: Sequence[PersonRow], by: User) -> dict[str, list[KnownPerson]]:
    """People whom these rows could mean, by folded name, by e-mail and by public id: two queries."""
    names = {fold(row.full_name) for row in rows}
    emails = {row.email for row in rows if row.email}
    same_as = {row.same_as for row in rows if row.same_as}
    first_form = Case(
        When(search_key__contains="\n", then=Left("search_key", StrIndex("search_key", Value("\n")) - 1)), default=F("search_key")
    )
    people = Person.objects.visible_to(by).alias(first_form=first_form)
    wanted = people.filter(Q(first_form__in=names) | Q(email__in=emails) | Q(public_id__in=same_as))
    columns = ("pk", "public_id", "full_name", "country_id", "email", "archived_at")
    found: dict[str, list[KnownPerson]] = defaultdict(list)
    by_pk: dict[int, KnownPerson] = {}
    for pk, public_id, name, country_id, email, archived_at in wanted.values_list(*columns):
        by_pk[pk] = person = KnownPerson(name, country_id, email, set(), pk, public_id, archived_at is not None)
        for key in {fold(name), email.casefold(), str(public_id)} - {""}:
            found[key].append(person)
    held = Post.objects.live().on(timezone.localdate()).filter(person__in=by_pk)
    for person_id, partner_id in held.values_list("person_id", "partner_id"):
        by_pk[person_id].partner_ids.add(partner_id)
    return found


def _place(row: PersonRow, run: PeopleRun, known: Mapping[str, list[KnownPerson]]) -> PlannedPerson:
    if problems := (*row.problems, *_broken_rules(row)):
        return PlannedPerson(row, Outcome.REFUSED, problems=problems)
    if row.skip:
        return PlannedPerson(row, Outcome.SKIPPED)
    organisation = _organisation_of(row, run) if row.organisation else None
    if organisation and organisation.problem:
        return PlannedPerson(row, Outcome.REFUSED, organisation=organisation, problems=(organisation.problem,))
    met_as = (fold(row.full_name), organisation.key if organisation else row.email.casefold())
    if (earlier := run.met.setdefault(met_as, row)) is not row:
        return PlannedPerson(row, Outcome.REPEATED, organisation=organisation, repeats=earlier.number)
    partner_pk = organisation.partner.pk if organisation and organisation.partner else None
    same, likely = _candidates(row, run, known, partner_pk)
    if len(same) > 1:
        message = _("%(count)d people have this name there. Give the e-mail, or say which one is meant.") % {"count": len(same)}
        return PlannedPerson(row, Outcome.REFUSED, problems=(Problem("full_name", shown(row.full_name), "ambiguous", message),))
    if not same:
        new = KnownPerson(row.full_name, _country_of(row, run), row.email, row=row.number)
        return PlannedPerson(row, Outcome.CREATED, new, organisation, organisation is not None, likely=likely)
    [person] = same
    if person.archived and person.pk not in run.archive.taken_back:
        message = _("This person is in the archive. Restore the record first, or leave the row out.")
        return PlannedPerson(row, Outcome.REFUSED, problems=(Problem("full_name", shown(row.full_name), "archived", message),))
    adds_post = organisation is not None and (partner_pk is None or partner_pk not in person.partner_ids)
    return PlannedPerson(row, Outcome.RESTORED if person.archived else Outcome.UPDATED, person, organisation, adds_post)


def _candidates(
    row: PersonRow, run: PeopleRun, known: Mapping[str, list[KnownPerson]], partner_pk: int | None
) -> tuple[list[KnownPerson], tuple[LikePerson, ...]]:
    """Return the people whom the row surely means, and those it may mean, with reasons."""
    if row.same_as:
        return known.get(str(row.same_as), [])[:1], ()
    namesakes = known.get(fold(row.full_name), [])
    by_email = [person for person in known.get(row.email.casefold(), []) if person in namesakes] if row.email else []
    same = by_email or [person for person in namesakes if partner_pk and partner_pk in person.partner_ids]
    if not same:
        # Taken back with its posts, so nothing but the name and the country says who it was.
        same = [person for person in namesakes if person.archived and person.pk in run.archive.taken_back][:1]
    if same:
        return [person for person in same if not person.archived] or same[:1], ()
    country = _country_of(row, run)
    likely = [
        LikePerson(person, 0.9 if person.country_id == country else 0.8, _reasons(person, country))
        for person in namesakes
        if not person.archived and (person.country_id == country or None in (person.country_id, country))
    ]
    return [], tuple(sorted(likely, key=lambda like: -like.score)[:3])


def _reasons(person: KnownPerson, country: int | None) -> tuple[str, ...]:
    same_country = (_("same country"),) if country and person.country_id == country else ()
    return (_("same name"), *same_country, *([person.email] if person.email else []))


def _organisation_of(row: PersonRow, run: PeopleRun) -> Organisation:
    country_id = _country_of(row, run)
    key = f"org:{fold(row.organisation)}:{country_id or 0}"
    if key not in run.named:
        run.named[key] = _looked_up(Organisation(key, row.organisation, country_id, row=row.number), run)
    run.named[key].people += 1
    return run.named[key]


def _looked_up(organisation: Organisation, run: PeopleRun) -> Organisation:
    partners, decision = run.organisations.known, run.decisions.get(organisation.key, "")
    exact = [each for each in partners.exact(name=organisation.name, country_id=organisation.country_id, city="") if not each.archived]
    newcomer = KnownPartner.of(name=organisation.name, other_names=(), country_id=organisation.country_id, city="", website="")
    if decision not in ("", NEW, NO_POST):
        pks = list(Partner.objects.live().filter(public_id=decision).values_list("pk", flat=True))
        partners.load_partners(pks)
        organisation.partner = partners.by_pk[pks[0]] if pks else None
    elif len(exact) == 1:
        organisation.partner = exact[0]
    else:
        organisation.candidates = tuple(partners.likely(newcomer))
        organisation.is_new = decision != NO_POST
    if organisation.is_new and run.organisations.kind is None:
        organisation.problem = _asked(
            organisation, _("This organisation is no partner yet. Choose a kind for new ones, or say which it is.")
        )
    elif organisation.is_new and (organisation.candidates or len(exact) > 1) and decision != NEW:
        organisation.problem = _asked(organisation, _("This organisation may be one we know. Say which one, or that it is new."))
    return organisation


def _asked(organisation: Organisation, message: str) -> Problem:
    return Problem("organisation", shown(organisation.name), "unknown_organisation", message)


def _broken_rules(row: PersonRow) -> list[Problem]:
    if any(problem.column for problem in row.problems):
        return []
    unread = {problem.field for problem in row.problems}
    problems = []
    for name, model_field in _VALIDATED:
        value = getattr(row, name)
        if name in unread or (not value and name != "full_name"):
            continue
        try:
            model_field.clean(value, None)
        except ValidationError as error:
            problems.append(Problem(name, shown(value), error.error_list[0].code or "invalid", " ".join(error.messages)))
    return problems


def _compare(plans: Sequence[PlannedPerson], *, by: User) -> None:
    """Find out what each row would change in its person: two queries for all of them."""
    pks = {plan.person.pk for plan in plans if plan.person and plan.person.pk}
    current = {values["pk"]: values for values in Person.objects.filter(pk__in=pks).values("pk", *STATED)}
    editable = set(Person.objects.editable_by(by).filter(pk__in=pks).values_list("pk", flat=True))
    for plan in plans:
        values = current[plan.person.pk]  # type: ignore[union-attr]  # only rows of people we know come here
        stated = {name: getattr(plan.row, name) for name in STATED if getattr(plan.row, name)}
        plan.changes = {name: (values[name], value) for name, value in stated.items() if values[name] != value}
        if not (plan.changes or plan.adds_post or plan.outcome is Outcome.RESTORED):
            plan.outcome = Outcome.UNCHANGED
        elif values["pk"] not in editable:
            plan.outcome = Outcome.REFUSED
            message = _("Another unit keeps this person, and the row differs from the record. Tell that unit, or leave the row out.")
            plan.problems = (Problem("full_name", shown(plan.row.full_name), "kept_by_other_unit", message),)


def _organisation_json(organisation: Organisation) -> dict[str, Any]:
    candidates = [
        {"name": likeness.partner.name, "partner": str(likeness.partner.public_id or ""), "reasons": list(likeness.reasons)}
        for likeness in organisation.candidates
        if likeness.partner.public_id
    ]
    shown_ = {"key": organisation.key, "name": organisation.name, "people": organisation.people, "row": organisation.row}
    return {**shown_, "candidates": candidates}
