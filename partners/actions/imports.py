"""Writing the rows of a list as partners, a chunk at a time and set by set.

The one door for many partners at once. It does what ``save_partner`` does for one (validation, keys, lead
steward, versions with who and why), in about a dozen statements per chunk instead of a dozen per row, and notes in
the run's change set what was made and changed, so that the import can be taken back as one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from crm.actions.change_sets import Columns, announce, columns_of, note_changed, note_created, note_new_records
from crm.actions.versions import record_changes, record_first_versions
from crm.bulk_rows import insert_rows
from crm.choices import ChangeKind, ChangeState, PairState
from crm.identifiers import new_public_id
from crm.models import ChangeSet, Unit, User
from crm.text import sort_key
from partners.actions.import_plans import ImportRun, plan_partners
from partners.actions.import_rows import Outcome, PartnerRow, PlannedRow
from partners.choices import StewardRole
from partners.duplicates import KnownPartner
from partners.models import ExternalId, Partner, PartnerName, PartnerPair, Stewardship
from partners.models.partners import SEARCH_KEY_LENGTH

CHUNK_SIZE = 1000


def open_change_set(*, by: User, unit: Unit, message: str, plan: Columns | None = None) -> ChangeSet:
    """Begin the change set of one import; its rows are noted as they are written."""
    change_set = ChangeSet(
        kind=ChangeKind.IMPORT, unit=unit, message=message, state=ChangeState.RUNNING, plan=plan or {}, started_at=timezone.now()
    )
    change_set.created_by = change_set.updated_by = by
    change_set.full_clean(exclude=["plan", "counts", "undo_report", "created_by", "updated_by", "archived_by"])
    change_set.save()
    return change_set


def close_change_set(change_set: ChangeSet, *, counts: dict[str, int]) -> None:
    """Everything is written; from now on it can be taken back."""
    now = timezone.now()
    done = {"state": ChangeState.APPLIED, "counts": counts, "rows_total": counts["rows"], "rows_done": counts["rows"], "finished_at": now}
    ChangeSet.objects.filter(pk=change_set.pk).update(**done, heartbeat_at=now, failure="")
    change_set.refresh_from_db()


@transaction.atomic
def import_partners(rows: Sequence[PartnerRow], *, by: User, run: ImportRun) -> list[PlannedRow]:
    """Create and change partners from one chunk of a list, all or nothing; return what became of each row.

    Refused rows come back with their problems and do not stop the others. Raises PermissionDenied where the
    account may not import for the run's unit. After any exception the run must not be used again.
    """
    if run.change_set is None:
        raise LookupError("Every import is a change set.")
    planned = plan_partners(rows, by=by, run=run)
    _create([plan for plan in planned if plan.outcome is Outcome.CREATED], by=by, run=run, change_set=run.change_set)
    known = [plan for plan in planned if plan.outcome in (Outcome.UPDATED, Outcome.RESTORED)]
    _change(known, by=by, run=run, change_set=run.change_set)
    return planned


_PARTNER_COLUMNS = (
    "public_id", "name", "kind_id", "country_id", "city", "website", "founded_year", "unit_id", "created_by_id", "updated_by_id",
    "search_key", "sort_key",
)  # fmt: skip
_STEWARD_COLUMNS = ("partner_id", "unit_id", "role", "valid_from", "created_by_id", "updated_by_id")


def _create(plans: list[PlannedRow], *, by: User, run: ImportRun, change_set: ChangeSet) -> None:
    new = [(plan, plan.partner) for plan in plans if plan.partner]
    pks = _insert(Partner, _PARTNER_COLUMNS, [_partner_values(plan.row, partner, by=by, run=run) for plan, partner in new], by=by, run=run)
    # Names, identifiers and stewardships hang on the partner: archived with it, and back with it.
    note_new_records(change_set, Partner, pks)
    today = timezone.localdate()
    _insert(Stewardship, _STEWARD_COLUMNS, [(pk, run.unit.pk, StewardRole.LEAD.value, today, by.pk, by.pk) for pk in pks], by=by, run=run)
    for pk, (_plan, partner) in zip(pks, new, strict=True):
        partner.pk = pk
        run.known.by_pk[pk] = partner
    _add_names_and_ids(plans, by=by, run=run)
    _remember_different(plans, by=by)


def _partner_values(row: PartnerRow, partner: KnownPartner, *, by: User, run: ImportRun) -> tuple[Any, ...]:
    """The columns of a new partner; the names were folded when it was compared."""
    partner.public_id = new_public_id()
    key = "\n".join(partner.names)[:SEARCH_KEY_LENGTH]
    return (
        partner.public_id, row.name, row.kind_id or run.kind_pk, partner.country_id, row.city, row.website, row.founded_year,
        run.unit.pk, by.pk, by.pk, key, sort_key(row.name),
    )  # fmt: skip


def _change(plans: list[PlannedRow], *, by: User, run: ImportRun, change_set: ChangeSet) -> None:
    touched = {plan.partner_pk: plan for plan in plans if plan.changes or plan.new_names or plan.outcome is Outcome.RESTORED}
    if touched:
        partners = list(Partner.objects.select_for_update(of=("self",)).filter(pk__in=touched).order_by("pk").prefetch_related("names"))
        before = [columns_of(partner, [*touched[partner.pk].changes, *_FOLLOWING]) for partner in partners]
        moved = [partner for partner in partners if _moves(touched[partner.pk])]
        # Figures by country follow from both ends of a move.
        announce(moved)
        for partner in partners:
            _take_over(partner, touched[partner.pk], by=by)
        changed = {name for plan in touched.values() for name in plan.changes}
        Partner.objects.bulk_update(partners, [*sorted(changed), *_FOLLOWING, "revision", "updated_at", "updated_by"], batch_size=200)
        record_changes(partners, by=by, reason=run.source)
        note_changed(change_set, zip(partners, before, strict=True))
        announce(moved)
    names, identifiers = _add_names_and_ids(plans, by=by, run=run)
    note_created(change_set, list(PartnerName.objects.filter(pk__in=names)))
    note_created(change_set, list(ExternalId.objects.filter(pk__in=identifiers)))


# Columns that follow from what a row changes.
_FOLLOWING = ("search_key", "sort_key", "archived_at", "archived_by")


def _moves(plan: PlannedRow) -> bool:
    return plan.outcome is Outcome.RESTORED or "country_id" in plan.changes


def _take_over(partner: Partner, plan: PlannedRow, *, by: User) -> None:
    for name, (_before, after) in plan.changes.items():
        setattr(partner, name, after)
    partner.set_keys([*(name.name for name in partner.names.all()), *(name.name for name in plan.new_names)])
    partner.archived_at = partner.archived_by = None
    partner.revision += 1
    partner.updated_at, partner.updated_by = timezone.now(), by


def _add_names_and_ids(plans: Iterable[PlannedRow], *, by: User, run: ImportRun) -> tuple[list[int], list[int]]:
    """Insert the new names and identifiers; return their keys."""
    plans = list(plans)
    names = [(plan.partner_pk, name.name, str(name.language), str(name.usage)) for plan in plans for name in plan.new_names]
    identifiers = [(plan.partner_pk, run.unit.pk, plan.row.external_id) for plan in plans if plan.attach_id]
    return (
        _insert(PartnerName, ("partner_id", "name", "language", "usage"), names, by=by, run=run),
        insert_rows(ExternalId, ("partner_id", "unit_id", "value"), identifiers),
    )


def _remember_different(plans: Iterable[PlannedRow], *, by: User) -> None:
    """Somebody looked at these rows and said that they are new: the likeness is not to be offered again."""
    decided = {"state": PairState.DIFFERENT, "decided_by": by, "decided_at": timezone.now()}
    pairs = [
        PartnerPair(first_id=min(pks), second_id=max(pks), score=round(likeness.score * 100), **decided)
        for plan in plans
        if plan.row.is_new
        for likeness in plan.likely
        if likeness.partner.pk and (pks := (likeness.partner.pk, plan.partner_pk))
    ]
    PartnerPair.objects.bulk_create(pairs, ignore_conflicts=True)


def _insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Any], *, by: User, run: ImportRun) -> list[int]:
    """Insert rows of one model together with their first versions; return their keys."""
    pks = insert_rows(model, names, rows)
    record_first_versions(model, pks, by=by, reason=run.source)
    return pks


def insert(rows: Sequence[models.Model], *, by: User, reason: str) -> None:
    """Insert rows of one model together with their first versions."""
    if rows:
        type(rows[0])._default_manager.bulk_create(rows)
        record_first_versions(type(rows[0]), [row.pk for row in rows], by=by, reason=reason)
