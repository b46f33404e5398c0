"""What would become of the rows of a list: decided here, written by ``partners.actions.imports``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils.translation import gettext as _

from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSet, ChangeSetEntry, Country, Unit, User
from crm.permissions import Permission
from crm.tabular import shown
from partners.actions.import_rows import Outcome, PartnerRow, PlannedRow, Problem
from partners.actions.partners import OtherName
from partners.duplicates import KnownPartner, KnownPartners
from partners.models import ExternalId, Partner, PartnerKind, PartnerName, Person


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    found: models.Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]  # a column, no reverse relation
    return found


# The fields of a row that are columns of the partner itself.
PLAIN_FIELDS = ("name", "kind_id", "country_id", "city", "website", "founded_year")
# Field of the import → attribute of the row, which is also the partner's.
_ATTRIBUTES = {"name": "name", "city": "city", "website": "website", "founded": "founded_year"}
_VALIDATED: "dict[str, models.Field[Any, Any]]" = {name: _field(Partner, attribute) for name, attribute in _ATTRIBUTES.items()}
_NAME = _field(PartnerName, "name")
_IDENTIFIER = _field(ExternalId, "value")


@dataclass
class ImportRun:
    """One run over one list: for whom, what to assume where the list is silent, and what it has met so far.

    A run goes through its list once, in order; to start over, make a new one. ``met``: partner → the row that named it
    first, and a digest of what it said. ``change_set``: where a run that
    writes notes what it did.
    """

    unit: Unit
    kind: PartnerKind | None = None
    country: Country | None = None
    source: str = ""
    seek_likely: bool = True
    change_set: ChangeSet | None = None
    known: KnownPartners = field(init=False)
    met: dict[KnownPartner, tuple[int, int]] = field(default_factory=dict)
    partner_of_id: dict[str, KnownPartner] = field(default_factory=dict)
    has_id: set[KnownPartner] = field(default_factory=set)
    _ids_loaded: bool = False
    _archive: "Archive | None" = None

    def __post_init__(self) -> None:
        self.known = KnownPartners(seek_likely=self.seek_likely)

    def load(self, rows: Sequence[PartnerRow]) -> None:
        """Load whatever partners these rows could mean, in a handful of queries for all of them."""
        self.known.load_countries({self.country_of(row) for row in rows if not row.problems})
        if not self._ids_loaded and any(row.external_id for row in rows):
            self._ids_loaded = True
            stored = list(ExternalId.objects.filter(unit=self.unit).values_list("value", "partner_id"))
            self.known.load_partners(partner_id for _value, partner_id in stored)
            for value, partner_id in stored:
                self.remember_id(value, self.known.by_pk[partner_id])

    @property
    def archive(self) -> "Archive":
        """What became of archived partners, looked up once one is met."""
        if self._archive is None:
            self._archive = Archive.read(Partner)
        return self._archive

    def remember_id(self, value: str, partner: KnownPartner) -> None:
        self.partner_of_id[value] = partner
        self.has_id.add(partner)

    @property
    def kind_pk(self) -> int:
        """The kind assumed for rows that do not say. Raises LookupError when none is; such rows are refused before."""
        if self.kind is None:
            raise LookupError
        return self.kind.pk

    def country_of(self, row: PartnerRow) -> int | None:
        return row.country_id or (self.country.pk if self.country else None)


@dataclass
class Archive:
    """Of archived partners or people: into whom they were merged, and which were only made by an import that was taken back."""

    merged_into: dict[int, int]
    taken_back: set[int]

    @classmethod
    def read(cls, model: type[Partner] | type[Person]) -> "Archive":
        """Two queries. Taken back is what the undoing of an import archived, not what somebody archived before or since."""
        archived: Any = model._default_manager.all().archived()
        merged = dict(archived.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
        undone = ChangeSetEntry.objects.filter(
            model=model._meta.label_lower, object_pk=models.OuterRef("pk"), change_set__state=ChangeState.UNDONE,
            change_set__kind=ChangeKind.IMPORT, change_set__undone_by=models.OuterRef("archived_by"),
            change_set__started_at__lte=models.OuterRef("archived_at"), change_set__finished_at__gte=models.OuterRef("archived_at"),
        )  # fmt: skip
        return cls(merged, set(archived.filter(models.Exists(undone), merged_into=None).values_list("pk", flat=True)))

    def survivor_of(self, pk: int) -> int:
        """Return the partner that an archived one leads to, itself when it was never merged."""
        while pk in self.merged_into:
            pk = self.merged_into[pk]
        return pk


def plan_partners(rows: Sequence[PartnerRow], *, by: User, run: ImportRun) -> list[PlannedRow]:
    """Return what would become of each row, in order; nothing is written.

    Raises PermissionDenied where the account may not import for the run's unit.
    """
    if not (by.may(Permission.PARTNER_IMPORT) and by.scope.may_write_for(run.unit.pk)):
        raise PermissionDenied
    run.load(rows)
    same_as = _decided(rows, run)
    planned = [_place(row, run, same_as) for row in rows]
    matched = [plan for plan in planned if plan.outcome in (Outcome.UPDATED, Outcome.RESTORED)]
    _compare(matched, by=by)
    return planned


def _decided(rows: Sequence[PartnerRow], run: ImportRun) -> dict[UUID, KnownPartner]:
    """Return the partners that somebody said rows are the same as."""
    wanted = {row.same_as for row in rows if row.same_as}
    if not wanted:
        return {}
    pks = dict(Partner.objects.live().filter(public_id__in=wanted).values_list("public_id", "pk"))
    run.known.load_partners(pks.values())
    return {public_id: run.known.by_pk[pk] for public_id, pk in pks.items()}


def _place(row: PartnerRow, run: ImportRun, same_as: dict[UUID, KnownPartner]) -> PlannedRow:
    """Say which partner a row means: one we know, one that this list named before, or a new one."""
    if problems := (*row.problems, *broken_rules(row)):
        return PlannedRow(row, Outcome.REFUSED, problems=problems)
    if row.skip:
        return PlannedRow(row, Outcome.SKIPPED)
    found = [same_as[row.same_as]] if row.same_as in same_as else _same_partners(row, run)
    if len(found) > 1:
        message = _("%(count)d partners have this name. Give the city or the identifier, so that it is clear which one is meant.")
        return _refused(row, "name", row.name, "ambiguous", message % {"count": len(found)})
    if not found:
        return _newcomer(row, run)
    partner = _in_use(found[0], run)
    if partner.archived and not _was_taken_back(partner, run):
        return _refused(row, "name", row.name, "archived", _("This partner is in the archive. Restore it first, or leave the row out."))
    if earlier := run.met.get(partner):
        return _repeated(row, earlier, partner)
    run.met[partner] = (row.number, row.said)
    attach_id = bool(row.external_id) and row.external_id not in run.partner_of_id
    if attach_id:
        run.remember_id(row.external_id, partner)
    return PlannedRow(row, Outcome.RESTORED if partner.archived else Outcome.UPDATED, partner, attach_id=attach_id)


def _in_use(partner: KnownPartner, run: ImportRun) -> KnownPartner:
    """Return the partner itself, or the one that it was merged into."""
    if not partner.archived or partner.pk is None or (survivor := run.archive.survivor_of(partner.pk)) == partner.pk:
        return partner
    run.known.load_partners([survivor])
    return run.known.by_pk[survivor]


def _was_taken_back(partner: KnownPartner, run: ImportRun) -> bool:
    return partner.pk in run.archive.taken_back


def _same_partners(row: PartnerRow, run: ImportRun) -> list[KnownPartner]:
    if row.external_id and (partner := run.partner_of_id.get(row.external_id)):
        return [partner]
    named = run.known.exact(name=row.name, country_id=run.country_of(row), city=row.city)
    if row.external_id:
        # A namesake that the unit keeps under another identifier is somebody else, unless the city agrees too.
        named = [partner for partner in named if partner not in run.has_id or (row.city and partner.city)]
    return [partner for partner in named if not partner.archived] or named[:1]


def _newcomer(row: PartnerRow, run: ImportRun) -> PlannedRow:
    if row.kind_id is None and run.kind is None:
        message = _("The row does not say the kind of partner. Map a column to it, or choose a kind for rows that do not say.")
        return _refused(row, "kind", "", "required", message)
    other_names = [name.name for name in row.other_names]
    newcomer = KnownPartner.of(
        name=row.name, other_names=other_names, country_id=run.country_of(row), city=row.city, website=row.website, row=row.number
    )
    likely = tuple(run.known.likely(newcomer)) if run.seek_likely or row.is_new else ()
    run.known.add(newcomer)
    run.met[newcomer] = (row.number, row.said)
    if row.external_id:
        run.remember_id(row.external_id, newcomer)
    new_names = tuple({name.name: name for name in row.other_names if name.name != row.name}.values())
    return PlannedRow(row, Outcome.CREATED, newcomer, new_names=new_names, likely=likely, attach_id=bool(row.external_id))


def _repeated(row: PartnerRow, earlier: tuple[int, int], partner: KnownPartner) -> PlannedRow:
    number, said = earlier
    if row.said == said:
        return PlannedRow(row, Outcome.REPEATED, partner, repeats=number)
    message = _("Row %(row)d of this list names the same partner with other values. Keep one of the two rows.")
    return _refused(row, "name", row.name, "contradicts", message % {"row": number})


def _refused(row: PartnerRow, name: str, value: str, code: str, message: str) -> PlannedRow:
    return PlannedRow(row, Outcome.REFUSED, problems=(Problem(name, shown(value), code, message),))


# --- Rules of one row --------------------------------------------------------------------------------


def broken_rules(row: PartnerRow) -> list[Problem]:
    """Validate a row's values by the model's own fields, without a query."""
    if any(problem.column for problem in row.problems):
        return []  # The row could not be cut into values at all.
    if _is_plain(row):
        return []
    unread = {problem.field for problem in row.problems}
    values = [(name, model_field, getattr(row, model_field.name)) for name, model_field in _VALIDATED.items()]
    values += [("acronym" if name.usage == "acronym" else "other_names", _NAME, name.name) for name in row.other_names]
    problems: list[Problem] = []
    for name, model_field, value in [*values, ("external_id", _IDENTIFIER, row.external_id)]:
        if name in unread or (value in ("", None) and name != "name"):
            continue
        try:
            model_field.clean(value, None)
        except ValidationError as error:
            first = error.error_list[0]
            # A cell with nothing in it is a value that is missing, as a form and the API call it.
            code = "required" if value == "" else first.code or "invalid"
            problems.append(Problem(name, shown(str(value)), code, " ".join(error.messages)))
    return problems


# Far below what any field holds, so that plain text of such a length breaks no rule.
_PLAIN_LENGTH = 80


def _is_plain(row: PartnerRow) -> bool:
    """Whether nothing can be wrong with the row: nine of ten are so. Addresses and years were looked at when they were read."""
    texts = (row.name, row.city, row.website, row.external_id, *(name.name for name in row.other_names))
    plain = all(len(text) <= _PLAIN_LENGTH and text.isprintable() for text in texts)
    return plain and bool(row.name.strip()) and (row.founded_year is None or 800 <= row.founded_year <= 2100)


# --- Rows that mean a partner we know ----------------------------------------------------------------


def _compare(plans: Sequence[PlannedRow], *, by: User) -> None:
    """Find out what each row would change in its partner: three queries for all of them."""
    pks = {plan.partner_pk for plan in plans}
    if not pks:
        return
    current = {values["pk"]: values for values in Partner.objects.filter(pk__in=pks).values("pk", *PLAIN_FIELDS)}
    names: dict[int, set[str]] = {pk: {values["name"]} for pk, values in current.items()}
    for partner_id, name in PartnerName.objects.filter(partner__in=pks).values_list("partner_id", "name"):
        names[partner_id].add(name)
    editable = set(Partner.objects.editable_by(by).filter(pk__in=pks).values_list("pk", flat=True))
    for plan in plans:
        pk = plan.partner_pk
        plan.changes = _changes(plan, current[pk])
        plan.new_names = _new_names(plan, names[pk])
        is_back = plan.outcome is Outcome.RESTORED
        if not (plan.changes or plan.new_names or plan.attach_id or is_back):
            plan.outcome = Outcome.UNCHANGED
        elif (plan.changes or plan.new_names or is_back) and pk not in editable:
            plan.outcome = Outcome.REFUSED
            message = _("Another unit keeps this partner, and the row differs from its record. Tell that unit, or leave the row out.")
            plan.problems = (Problem("name", shown(plan.row.name), "kept_by_other_unit", message),)


def _changes(plan: PlannedRow, current: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which the row says something, and something else. What it leaves empty stays."""
    stated = {name: getattr(plan.row, name) for name in PLAIN_FIELDS if getattr(plan.row, name) not in ("", None)}
    found_by_id = plan.row.external_id and not plan.attach_id
    if not found_by_id:
        # Found by its name, or by somebody's eye: a spelling that differs does not rename it.
        stated.pop("name", None)
    return {name: (current[name], value) for name, value in stated.items() if current[name] != value}


def _new_names(plan: PlannedRow, present: set[str]) -> tuple[OtherName, ...]:
    offered = list(plan.row.other_names)
    if plan.row.same_as:
        offered.append(OtherName(plan.row.name))
    new_name = plan.changes.get("name", ("", ""))[1]
    return tuple({name.name: name for name in offered if name.name not in present and name.name != new_name}.values())
