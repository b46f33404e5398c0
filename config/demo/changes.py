"""Changes of many rows at once, as colleagues make them: a bulk edit, and an import that was taken back."""

from datetime import timedelta

from django.core.files.base import ContentFile

from config.demo.surroundings import Surroundings
from config.demo.tables import DATA
from crm.actions.bulk_edits import apply_next, plan_bulk_edit, start_bulk_edit
from crm.actions.undoing import undo_change_set
from crm.models import ChangeSet, ChangeSetEntry, ImportJob
from partners.actions.import_jobs import bring_list, start_apply, start_check
from partners.models import Partner, PartnerKind, Stewardship
from partners.tasks import apply_import, check_import

UNIT, OFFICER = "PU-40", "nghe-an"
OLD_LIST = "old_list.csv"
COLUMNS = {"Tên tổ chức": "name", "Nước": "country", "Thành phố": "city", "Năm thành lập": "founded", "Trang web": "website"}


def make_changes(around: Surroundings) -> None:
    """Confirm the partners of a unit in one go; import an old list into it and take it back."""
    _confirm_partners(around)
    _import_and_take_back(around)


def _confirm_partners(around: Surroundings) -> None:
    by = around.colleagues.by_username[OFFICER]
    kept = Stewardship.objects.current().filter(unit=around.units[UNIT]).values("partner")
    day = around.today - timedelta(days=3)
    edit = plan_bulk_edit("partners:partner-list", Partner.objects.live().filter(pk__in=kept), {"verified_on": day}, by=by)
    start_bulk_edit(edit, by=by, message="Rà soát danh bạ quý IV")
    while apply_next(edit):
        pass


def _import_and_take_back(around: Surroundings) -> None:
    by, unit = around.colleagues.by_username[OFFICER], around.units[UNIT]
    kind = PartnerKind.objects.get(code="SOCIAL_ORGANISATION")
    file = ContentFile((DATA / OLD_LIST).read_bytes())
    job = bring_list(file, name="danh-sach-cu-2019.csv", by=by, unit=unit, kind=kind, message="Danh sách cũ năm 2019")
    start_check(job, by=by, mapping=COLUMNS)
    check_import(job.pk)
    start_apply(ImportJob.objects.get(pk=job.pk), by=by)
    apply_import(job.pk)
    change_set = ChangeSet.objects.get(import_job=job)
    made = ChangeSetEntry.objects.filter(change_set=change_set, model=Partner._meta.label_lower).values("object_pk")
    Partner.objects.filter(pk__in=made).update(is_demo=True)
    undo_change_set(change_set, by=by)
