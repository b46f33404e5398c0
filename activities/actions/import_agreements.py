"""Writing the rows of a list as agreements: each through ``save_agreement``, noted in the change set of the import."""

from collections.abc import Sequence

from django.db import transaction

from activities.actions.agreements import save_agreement
from activities.actions.import_agreement_plans import AgreementRow, AgreementRun, PlannedAgreement, plan_agreements
from activities.models import Agreement
from crm.actions.change_sets import columns_of, note_changed, note_created
from crm.models import ChangeSet, User
from partners.actions.import_rows import Outcome

_FOLLOWING = ("state", "valid_from", "archived_at", "archived_by")


@transaction.atomic
def import_agreements(rows: Sequence[AgreementRow], *, by: User, run: AgreementRun) -> list[PlannedAgreement]:
    """Enter and change agreements from one chunk of a list, all or nothing; return what became of each row."""
    if run.change_set is None:
        raise LookupError("Every import is a change set.")
    planned = plan_agreements(rows, by=by, run=run)
    for plan in planned:
        if plan.agreement is None:
            continue
        if plan.outcome is Outcome.CREATED:
            save_agreement(plan.agreement, by=by, parties=plan.parties)
            note_created(run.change_set, [plan.agreement])
        elif plan.outcome in (Outcome.UPDATED, Outcome.RESTORED):
            _change(plan, plan.agreement, by=by, change_set=run.change_set)
    return planned


def _change(plan: PlannedAgreement, agreement: Agreement, *, by: User, change_set: ChangeSet) -> None:
    stored = Agreement.objects.get(pk=agreement.pk)
    before = columns_of(stored, [*plan.changes, *_FOLLOWING])
    for name, (_before, after) in plan.changes.items():
        setattr(stored, name, after)
    stored.archived_at = stored.archived_by = None
    stored.state = agreement.state
    save_agreement(stored, by=by)
    note_changed(change_set, [(stored, before)])
