"""Writing the rows of a list as partners, a chunk at a time and set by set.

The one door for many partners at once. It does what ``save_partner`` does for one (validation, keys, lead
steward, versions with who and why), in about a dozen statements per chunk instead of a dozen per row.
"""

from collections.abc import Iterable, Sequence

from django.db import models, transaction
from django.utils import timezone

from crm.actions.versions import record_changes, record_first_versions
from crm.models import User
from partners.actions.import_plans import ImportRun, plan_partners
from partners.actions.import_rows import Outcome, PartnerRow, PlannedRow
from partners.choices import StewardRole
from partners.models import ExternalId, Partner, PartnerName, Stewardship

CHUNK_SIZE = 1000


@transaction.atomic
def import_partners(rows: Sequence[PartnerRow], *, by: User, run: ImportRun) -> list[PlannedRow]:
    """Create and change partners from one chunk of a list, all or nothing; return what became of each row.

    Refused rows come back with their problems and do not stop the others. Raises PermissionDenied where the
    account may not import for the run's unit. After any exception the run must not be used again.
    """
    planned = plan_partners(rows, by=by, run=run)
    _create([plan for plan in planned if plan.outcome is Outcome.CREATED], by=by, run=run)
    _change([plan for plan in planned if plan.outcome is Outcome.UPDATED], by=by, run=run)
    return planned


def _create(plans: list[PlannedRow], *, by: User, run: ImportRun) -> None:
    partners = [_new_partner(plan, by=by, run=run) for plan in plans]
    _insert(partners, by=by, run=run)
    today = timezone.localdate()
    stewards = [
        Stewardship(
            partner_id=partner.pk, unit_id=run.unit.pk, role=StewardRole.LEAD, valid_from=today, created_by_id=by.pk, updated_by_id=by.pk
        )
        for partner in partners
    ]
    _insert(stewards, by=by, run=run)
    for plan, partner in zip(plans, partners, strict=True):
        if plan.partner:
            plan.partner.pk, plan.partner.public_id = partner.pk, partner.public_id
            run.known.by_pk[partner.pk] = plan.partner
    _add_names_and_ids(plans, by=by, run=run)


def _new_partner(plan: PlannedRow, *, by: User, run: ImportRun) -> Partner:
    row = plan.row
    partner = Partner(
        name=row.name,
        kind_id=row.kind_id or run.kind_pk,
        country_id=run.country_of(row),
        city=row.city,
        website=row.website,
        founded_year=row.founded_year,
        unit_id=run.unit.pk,
        created_by_id=by.pk,
        updated_by_id=by.pk,
    )
    partner.set_keys([name.name for name in plan.new_names])
    return partner


def _change(plans: list[PlannedRow], *, by: User, run: ImportRun) -> None:
    touched = {plan.partner_pk: plan for plan in plans if plan.changes or plan.new_names}
    if touched:
        partners = list(Partner.objects.select_for_update(of=("self",)).filter(pk__in=touched).prefetch_related("names"))
        now = timezone.now()
        for partner in partners:
            plan = touched[partner.pk]
            for name, (_before, after) in plan.changes.items():
                setattr(partner, name, after)
            partner.set_keys([*(name.name for name in partner.names.all()), *(name.name for name in plan.new_names)])
            partner.revision += 1
            partner.updated_at, partner.updated_by = now, by
        changed = {name for plan in touched.values() for name in plan.changes}
        Partner.objects.bulk_update(
            partners, [*sorted(changed), "search_key", "sort_key", "revision", "updated_at", "updated_by"], batch_size=200
        )
        record_changes(partners, by=by, reason=run.source)
    _add_names_and_ids(plans, by=by, run=run)


def _add_names_and_ids(plans: Iterable[PlannedRow], *, by: User, run: ImportRun) -> None:
    plans = list(plans)
    names = [
        PartnerName(partner_id=plan.partner_pk, name=name.name, language=name.language, usage=name.usage)
        for plan in plans
        for name in plan.new_names
    ]
    _insert(names, by=by, run=run)
    identified = [plan for plan in plans if plan.attach_id]
    ExternalId.objects.bulk_create(
        ExternalId(partner_id=plan.partner_pk, unit_id=run.unit.pk, value=plan.row.external_id) for plan in identified
    )


def _insert(rows: Sequence[models.Model], *, by: User, run: ImportRun) -> None:
    """Insert rows of one model together with their first versions."""
    if rows:
        type(rows[0])._default_manager.bulk_create(rows)
        record_first_versions(type(rows[0]), [row.pk for row in rows], by=by, reason=run.source)
