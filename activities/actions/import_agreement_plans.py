"""What would become of the rows of a list of agreements: decided here, written by ``import_agreements``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from activities.actions.agreements import check_rules
from activities.choices import AgreementLevel, AgreementState, Side
from activities.lookup.named_partners import NamedPartners
from activities.lookup.unit_agreements import UnitAgreements
from activities.models import Agreement, AgreementKind, AgreementParty
from crm.lookup import ProvinceIndex
from crm.models import ChangeSet, Country, Province, Unit, User
from crm.permissions import Permission
from crm.tabular import shown
from crm.text import fold
from partners.actions.import_rows import Outcome, Problem
from partners.models import Partner

# Columns of the list that are columns of the agreement; an empty cell leaves what there is.
STATED = ("kind_id", "title", "number", "level", "signed_on", "signed_at", "valid_from", "valid_to", "summary")
LABELLED = {"kind_id": "kind", "signed_at": "place", "summary": "note"}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One row of a list, its words turned into values. Empty means that the list does not say."""

    number_of_row: int
    title: str = ""
    partner: str = ""
    country_id: int | None = None
    province: str = ""
    kind_id: int | None = None
    number: str = ""
    level: str = ""
    signed_on: date | None = None
    signed_at: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    summary: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a row stands in its list."""

    number: int


@dataclass(slots=True)
class PlannedAgreement:
    """What becomes of one row. ``agreement``: the stored one that it means, or the one to be made."""

    said: AgreementRow
    outcome: Outcome
    agreement: Agreement | None = None
    parties: list[AgreementParty] = field(default_factory=list)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    likely: tuple[Any, ...] = ()
    new_names: tuple[Any, ...] = ()
    repeats: int = 0

    @property
    def row(self) -> Placed:
        return Placed(self.said.number_of_row)

    @property
    def name(self) -> str:
        return self.said.title

    def shown(self) -> dict[str, tuple[Any, Any]]:
        """What people are shown of it: field of the list → (before, after), in words."""
        if self.outcome is not Outcome.CREATED or self.agreement is None:
            return {
                LABELLED.get(name, name): (_worded(name, before), _worded(name, after)) for name, (before, after) in self.changes.items()
            }
        values = {LABELLED.get(name, name): _worded(name, getattr(self.agreement, name)) for name in STATED if name != "title"}
        values |= {"partner": ", ".join(str(party) for party in self.parties if party.side == Side.THEIRS)}
        return {name: ("", value) for name, value in values.items() if value}


@dataclass
class AgreementRun:
    """One run over one list: for which unit, and what it has met so far. ``met``: key of an agreement → the row that said it first."""

    unit: Unit
    country: Country | None = None
    change_set: ChangeSet | None = None
    partners: NamedPartners = field(default_factory=NamedPartners)
    met: dict[tuple[Any, ...], AgreementRow] = field(default_factory=dict)
    _provinces: ProvinceIndex | None = None
    _kinds: dict[int, AgreementKind] | None = None

    @property
    def provinces(self) -> ProvinceIndex:
        self._provinces = self._provinces or ProvinceIndex()
        return self._provinces

    @property
    def kinds(self) -> dict[int, AgreementKind]:
        if self._kinds is None:
            self._kinds = AgreementKind.objects.in_bulk()
        return self._kinds

    def kind_by_title(self, title: str) -> int | None:
        """The kind whose label begins the title: “Bản ghi nhớ hợp tác …”. The longest counts."""
        folded = fold(title)
        labels = {fold(label.partition("(")[0]): pk for pk, kind in self.kinds.items() for label in (kind.label_vi, kind.label_en)}
        begun = [label for label in labels if label and folded.startswith(label)]
        return labels[max(begun, key=len)] if begun else None


def plan_agreements(rows: Sequence[AgreementRow], *, by: User, run: AgreementRun) -> list[PlannedAgreement]:
    """Return what would become of each row, in order; nothing is written.

    Raises PermissionDenied where the account may not import for the run's unit.
    """
    if not (by.may(Permission.PARTNER_IMPORT) and by.may(Permission.AGREEMENT_EDIT) and by.scope.may_write_for(run.unit.pk)):
        raise PermissionDenied
    run.partners.load(name for row in rows for name in _names(row))
    known = UnitAgreements(run.unit, by)
    known.load(partner for row in rows for name in _names(row) for partner in run.partners.called(name))
    return [_place(row, known, run=run) for row in rows]


def _names(row: AgreementRow) -> list[str]:
    """The partners that the cell names, one after the other with semicolons; the whole where it is a name itself."""
    return [row.partner, *(part.strip() for part in row.partner.split(";") if part.strip() and ";" in row.partner)]


def _place(row: AgreementRow, known: UnitAgreements, *, run: AgreementRun) -> PlannedAgreement:
    if row.problems:
        return PlannedAgreement(row, Outcome.REFUSED, problems=row.problems)
    try:
        theirs = _partners(row, run)
        stored = next((agreement for agreement in known.with_any(theirs) if _is_meant(agreement, row)), None)
        plan = _newcomer(row, theirs, run=run) if stored is None else _compared(row, stored, known)
        return _once(row, plan, run)
    except _RefusedError as refused:
        return PlannedAgreement(row, Outcome.REFUSED, problems=(refused.problem,))


class _RefusedError(Exception):
    def __init__(self, name: str, value: str, code: str, message: str) -> None:
        self.problem = Problem(name, shown(value), code, message)


def _partners(row: AgreementRow, run: AgreementRun) -> list[Partner]:
    country_id = row.country_id or (run.country.pk if run.country else None)
    whole = run.partners.called(row.partner, country_id=country_id)
    if len(whole) == 1:
        return whole
    return [_partner(name, country_id, run) for name in (_names(row)[1:] or [row.partner])]


def _partner(name: str, country_id: int | None, run: AgreementRun) -> Partner:
    found = run.partners.called(name, country_id=country_id)
    if not name.strip():
        raise _RefusedError("partner", "", "no_partner", _("The row does not say with which partner."))
    if not found:
        message = _("No partner is called so. Register it first, or write one of its names.")
        raise _RefusedError("partner", name, "not-found", message)
    if len(found) > 1:
        message = _("%(count)d partners are called so. Give the country, so that it is clear which one is meant.") % {"count": len(found)}
        raise _RefusedError("partner", name, "ambiguous", message)
    return found[0]


def _is_meant(stored: Agreement, row: AgreementRow) -> bool:
    """Whether the row means the stored agreement with its partners: of the same number, or without one of the same title and day."""
    if row.number and stored.number:
        return fold(stored.number) == fold(row.number)
    return fold(stored.title) == fold(row.title) and (row.signed_on is None or stored.signed_on in (None, row.signed_on))


def _compared(row: AgreementRow, stored: Agreement, known: UnitAgreements) -> PlannedAgreement:
    """A row that means an agreement we know: what it says otherwise; what it leaves empty stays."""
    stated = {name: getattr(row, name) for name in STATED if getattr(row, name) not in ("", None)}
    changes = {name: (getattr(stored, name), value) for name, value in stated.items() if getattr(stored, name) != value}
    plan = PlannedAgreement(row, Outcome.UNCHANGED, stored, changes=changes)
    if stored.is_archived:
        if not known.was_taken_back(stored):
            message = _("This agreement is in the archive. Restore it first, or leave the row out.")
            raise _RefusedError("title", row.title, "archived", message)
        plan.outcome = Outcome.RESTORED
    elif changes:
        plan.outcome = Outcome.UPDATED
    if plan.outcome is not Outcome.UNCHANGED:
        if not known.may_change(stored):
            raise _RefusedError("title", row.title, "kept_by_other_unit", _("You may not change this agreement. Leave the row out."))
        for name, value in stated.items():
            setattr(stored, name, value)
        if stored.state == AgreementState.NEGOTIATED and stored.signed_on:
            stored.state = AgreementState.SIGNED
        _check(row, stored, stored.stored_parties)  # type: ignore[attr-defined]  # read along by UnitAgreements
    return plan


def _newcomer(row: AgreementRow, theirs: list[Partner], *, run: AgreementRun) -> PlannedAgreement:
    kind_id = row.kind_id or run.kind_by_title(row.title)
    if kind_id is None:
        message = _("The row does not say the kind, and the title does not begin with one. Map a column to it.")
        raise _RefusedError("kind", "", "required", message)
    province = _province(row, run) if row.province else None
    agreement = Agreement(**{name: getattr(row, name) for name in STATED if getattr(row, name) not in ("", None)})
    agreement.kind, agreement.unit = run.kinds[kind_id], run.unit
    agreement.state = AgreementState.SIGNED if row.signed_on else AgreementState.NEGOTIATED
    agreement.level = row.level or (AgreementLevel.PROVINCIAL if province else AgreementLevel.ORGANISATION)
    ours = AgreementParty(side=Side.OURS, province=province) if province else AgreementParty(side=Side.OURS, unit=run.unit)
    parties = [ours, *(AgreementParty(side=Side.THEIRS, partner=partner) for partner in theirs)]
    _check(row, agreement, parties)
    return PlannedAgreement(row, Outcome.CREATED, agreement, parties)


def _province(row: AgreementRow, run: AgreementRun) -> Province:
    """The province as it was on the day of signing."""
    try:
        return run.provinces.find(row.province, on=row.signed_on)
    except ValidationError as error:
        raise _RefusedError("province", row.province, error.code or "not-found", " ".join(error.messages)) from error


def _check(row: AgreementRow, agreement: Agreement, parties: list[AgreementParty]) -> None:
    try:
        check_rules(agreement, parties)
    except ValidationError as error:
        name, errors = next(iter(error.error_dict.items())) if hasattr(error, "error_dict") else ("title", error.error_list)
        name = {"parties": "partner", "signed_at": "place", "summary": "note"}.get(name, name)
        value = getattr(row, name, "")
        raise _RefusedError(name, str(value or ""), errors[0].code or "invalid", " ".join(errors[0].messages)) from error


def _once(row: AgreementRow, plan: PlannedAgreement, run: AgreementRun) -> PlannedAgreement:
    """A row that says again what an earlier one said is none of its own; one that says otherwise is refused."""
    key = (fold(row.partner), row.country_id, fold(row.number) or (fold(row.title), row.signed_on))
    earlier = run.met.setdefault(key, row)
    if earlier is row:
        return plan
    same = all(getattr(row, name) == getattr(earlier, name) for name in (*STATED, "province"))
    if same:
        return PlannedAgreement(row, Outcome.REPEATED, plan.agreement, repeats=earlier.number_of_row)
    message = _("Row %(row)d of this list names the same agreement with other values. Keep one of the two rows.")
    raise _RefusedError("title", row.title, "contradicts", message % {"row": earlier.number_of_row})


def _worded(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if name == "kind_id":
        return str(AgreementKind.objects.get(pk=value))
    if name == "level":
        return str(AgreementLevel(value).label)
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
