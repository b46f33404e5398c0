"""What was done to many records at once: the list, each with its entries, and taking it back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from crm import tasks
from crm.actions.bulk_edits import MESSAGE_FROM, discard_bulk_edit, preview_of, start_bulk_edit
from crm.actions.undoing import may_undo, start_undo, undo_change_set
from crm.choices import ChangeKind, ChangeState
from crm.entries import CHANGE_SET_COLUMNS, entries_as_lines, only_readable
from crm.filters import ChangeSetFilter
from crm.generic import UNPROCESSABLE, DetailView, SignedInRequest
from crm.lists import EmptyState, RecordList
from crm.models import ChangeSet
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires
from crm.views.filters import FilterPanel

ENTRIES_SHOWN = 50
IN_WORK = (ChangeState.RUNNING, ChangeState.UNDOING)
# So many entries are taken back while the reader waits; more go to the background.
AT_ONCE = 200


class ChangeSetList(RecordList):
    permission = Permission.SIGNED_IN
    model = ChangeSet
    template_name = "crm/change_set_list.html"
    filterset_class = ChangeSetFilter
    url_name = "crm:change-set-list"
    filters_url_name = "crm:change-set-filters"
    columns = CHANGE_SET_COLUMNS
    default_order = "-when"
    placeholder = _("A word of the message")
    empty = EmptyState(
        _("No change set yet"),
        _("Imports, bulk edits, merges and hand-overs leave one each. To edit many records, tick them in their list."),
    )

    def get_queryset(self) -> QuerySet[ChangeSet]:
        rows: QuerySet[ChangeSet] = super().get_queryset()
        return rows.defer("plan", "undo_report")


class ChangeSetFilters(FilterPanel):
    list_class = ChangeSetList


class ChangeSetDetail(DetailView):
    """A change set with its entries, by name; in preview, what it would do; when it is taken back, what was left."""

    permission = Permission.SIGNED_IN
    model = ChangeSet
    template_name = "crm/change_set_detail.html"

    def get_queryset(self) -> QuerySet[ChangeSet]:
        rows: QuerySet[ChangeSet] = super().get_queryset()
        return rows.select_related("unit", "created_by", "undone_by")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show_change_set(self.get_object())

    def show_change_set(self, change_set: ChangeSet, *, status: int = 200, **context: Any) -> HttpResponse:
        self.object = change_set
        cursor = self.request.GET.get("cursor", "")
        entries = change_set.entries.all()
        try:
            page = keyset_page(entries, order=("id",), cursor=cursor, size=ENTRIES_SHOWN)
        except InvalidCursorError:
            return redirect(change_set)
        is_own = change_set.created_by_id == self.request.user.pk
        is_preview = change_set.state == ChangeState.PREVIEW and change_set.kind == ChangeKind.BULK_EDIT
        return self.show(
            status=status,
            object=change_set,
            page=page,
            lines=entries_as_lines(page.rows, user=self.request.user),
            entry_count=SimpleLazyObject(entries.count),
            in_work=change_set.state in IN_WORK,
            is_preview=is_preview,
            is_own=is_own,
            previews=preview_of(change_set) if is_preview and is_own else [],
            left=only_readable(change_set.plan.get("left", []), user=self.request.user),
            undo_left=only_readable(change_set.undo_report, user=self.request.user),
            message_from=MESSAGE_FROM,
            may_undo=may_undo(change_set, self.request.user),
            **context,
        )


class ChangeSetStart(ChangeSetDetail):
    """Start a previewed bulk edit; refused, the preview is shown again with why."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = self.get_object()
        message = self.request.POST.get("message", "").replace("\x00", "")
        try:
            start_bulk_edit(change_set, by=self.request.user, message=message)
        except ValidationError as error:
            return self.show_change_set(change_set, status=UNPROCESSABLE, refused=error.messages, message=message)
        tasks.run_bulk_edit.delay_on_commit(change_set.pk)
        return redirect(change_set)


@require_POST
@requires(Permission.SIGNED_IN)
def discard(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Give up a preview."""
    change_set = _change_set(request, public_id)
    discard_bulk_edit(change_set, by=request.user)
    messages.info(request, _("Given up; nothing was changed."))
    return redirect(change_set.plan["list"])


@require_POST
@requires(Permission.SIGNED_IN)
def undo(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Take a change set back: a small one at once, a large one in the background."""
    change_set = _change_set(request, public_id)
    is_small = change_set.entries.count() <= AT_ONCE
    try:
        (undo_change_set if is_small else start_undo)(change_set, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(change_set)
    if is_small:
        messages.success(request, _("Taken back."))
    else:
        tasks.undo_change_set_later.delay_on_commit(change_set.pk)
    return redirect(change_set)


@require_GET
@requires(Permission.SIGNED_IN)
def progress(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The bar of a change set in work; once that has ended, the whole page anew."""
    change_set = _change_set(request, public_id)
    if change_set.state not in IN_WORK:
        return HttpResponseClientRefresh()
    return render(request, "crm/change_set_detail.html#progress", {"object": change_set})


def _change_set(request: SignedInRequest, public_id: UUID) -> ChangeSet:
    return get_object_or_404(ChangeSet.objects.visible_to(request.user), public_id=public_id)
