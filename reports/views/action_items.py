"""The action plans of units: the list, an item with what was held for it, writing, closing in one step, copying."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from activities.models import Exchange
from activities.views.exchanges import day_in
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, ActionView, ArchiveView, CreateView, DetailView, Question, SignedInRequest, UpdateView
from crm.lists import EmptyState, RecordList
from crm.models import Unit
from crm.permissions import Permission, requires
from crm.views.filters import FilterPanel
from partners.models import Partner
from partners.views.people import by_public_id
from reports.actions.action_items import (
    archive_action_item,
    copy_action_plan,
    item_copies_for,
    restore_action_item,
    suggested_exchanges,
)
from reports.columns.action_items import ACTION_ITEM_COLUMNS, OPEN, is_overdue
from reports.filters.action_items import ActionItemFilter
from reports.forms.action_items import ActionItemForm, ClosingForm, exchanges_of_unit, writable_units
from reports.forms.plans import chosen_year
from reports.models import ActionItem, PlanLine

FOUND_AT_MOST = 20
DESK_DAYS = 30
DESK_LINES = 6


class ActionItemList(RecordList):
    """Items of action plans, the nearest day first; of this year, and of the reader's own unit, unless the address says otherwise."""

    permission = Permission.COVERAGE_VIEW
    model = ActionItem
    template_name = "reports/action_item_list.html"
    filterset_class = ActionItemFilter
    url_name = "reports:action-item-list"
    filters_url_name = "reports:action-item-filters"
    columns = ACTION_ITEM_COLUMNS
    default_order = "due"
    placeholder = gettext_lazy("A word of what is to be done")
    empty = EmptyState(
        gettext_lazy("No item of an action plan here"),
        gettext_lazy("An item says what the unit will do in the year, by when, for which line of the plan. Last year's can be copied."),
        "reports:action-item-create", gettext_lazy("New item"), Permission.ACTION_ITEM_EDIT,
    )  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET:
            scope, year = self.request.user.scope, timezone.localdate().year
            home = "" if scope.central or not scope.home_unit_ids else f"&unit={Unit.objects.get(pk=scope.home_unit_ids[0]).code}"
            return redirect(f"{request.path}?year={year}{home}")
        return super().get(request, *args, **kwargs)

    def get_context(self, **context: Any) -> dict[str, Any]:
        year = chosen_year(self.look.filters.get("year", ""), timezone.localdate().year)
        return super().get_context(**context) | {"year": year, "unit_code": self.look.filters.get("unit", "")}


class ActionItemFilters(FilterPanel):
    list_class = ActionItemList


class ActionItemDetail(DetailView):
    """An item as a chain: plan line, item, exchanges held for it, done; exchanges to link are suggested or looked for."""

    permission = Permission.COVERAGE_VIEW
    model = ActionItem
    template_name = "reports/action_item_detail.html"

    def get_queryset(self) -> QuerySet[ActionItem]:
        rows: QuerySet[ActionItem] = super().get_queryset()
        return rows.select_related("unit", "partner", "assignee", "directive", "plan_line", "copied_from", "created_by", "updated_by")

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | detail_context(self.object, self.request)


def detail_context(item: ActionItem, request: SignedInRequest) -> dict[str, Any]:
    user, words = request.user, request.GET.get("q", "").replace("\x00", "")[:200].strip()
    linked = Exchange.objects.visible_to(user).filter(action_items=item).select_related("kind").order_by("-starts_on", "-id")
    may_edit = user.may(Permission.ACTION_ITEM_EDIT) and user.scope.may_write_for(item.unit_id)
    offered: Any = []
    if may_edit and not item.is_archived:
        found = exchanges_of_unit(item, user).exclude(pk__in=linked.values("pk")).select_related("kind").order_by("-starts_on", "-id")
        offered = found.search(words)[:FOUND_AT_MOST] if words else suggested_exchanges(item, user)
    return {
        "object": item,
        "linked": linked,
        "offered": offered,
        "words": words,
        "overdue": is_overdue(item),
        "may_edit": may_edit,
        "is_open": item.state in ("planned", "under_way"),
    }


class ActionItemCreate(CreateView):
    """A new item; ``?year=``, ``?line=``, ``?partner=`` and ``?unit=`` say what it is for, ``?text=`` and ``?due_on=`` what and when."""

    permission = Permission.ACTION_ITEM_EDIT
    model = ActionItem
    template_name = "reports/action_item_form.html"
    form_class = ActionItemForm
    success_message = gettext_lazy("The item is entered.")

    def get_form_arguments(self) -> dict[str, Any]:
        given, user = self.request.GET, self.request.user
        item = ActionItem(year=chosen_year(given.get("year", ""), timezone.localdate().year), text=given.get("text", "")[:500])
        item.due_on = day_in(given.get("due_on", ""))
        if public_id := given.get("line"):
            item.plan_line = by_public_id(PlanLine.objects.visible_to(user).live(), public_id)
            item.directive = item.plan_line.directive
        if public_id := given.get("partner"):
            item.partner = by_public_id(Partner.objects.visible_to(user), public_id)
        if unit_id := self._unit_id(given.get("unit", "")):
            item.unit_id = unit_id
        return {"instance": item}

    def _unit_id(self, code: str) -> int | None:
        named = writable_units(self.request.user).filter(code=code).values_list("pk", flat=True).first() if code else None
        home = self.request.user.scope.home_unit_ids
        return named or (home[0] if home else None)


class ActionItemEdit(UpdateView):
    permission = Permission.ACTION_ITEM_EDIT
    model = ActionItem
    template_name = "reports/action_item_form.html"
    form_class = ActionItemForm


class ActionItemArchive(ArchiveView):
    permission = Permission.ACTION_ITEM_EDIT
    model = ActionItem
    action = staticmethod(archive_action_item)  # type: ignore[assignment]  # it takes items alone
    question = Question(
        gettext_lazy("Archive this item?"),
        gettext_lazy("Only for one entered by mistake. One that is no longer wanted is dropped instead."),
        gettext_lazy("Archive"),
    )


class ActionItemRestore(ActionView):
    permission = Permission.ACTION_ITEM_EDIT
    model = ActionItem
    action = staticmethod(restore_action_item)
    success_message = gettext_lazy("Restored.")
    question = Question(gettext_lazy("Restore this item?"), gettext_lazy("It comes back into the action plan."), gettext_lazy("Restore"))

    def get_queryset(self) -> QuerySet[ActionItem]:
        user = self.request.user
        rows: QuerySet[ActionItem] = ActionItem.objects.visible_to(user)
        return rows if user.scope.central else rows.filter(unit__in=user.scope.unit_ids)


@require_POST
@requires(Permission.ACTION_ITEM_EDIT)
def close_item(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Move an item on in one step, with the exchanges ticked and a remark."""
    item = get_object_or_404(ActionItem.objects.editable_by(request.user).select_related("unit", "plan_line"), public_id=public_id)
    form = ClosingForm(request.POST, item=item, by=request.user)
    if form.is_valid():
        try:
            form.save()
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(item)
    item = ActionItem.objects.select_related("unit", "partner", "assignee", "directive", "plan_line").get(pk=item.pk)
    return render(request, "reports/action_item_detail.html", detail_context(item, request) | {"closing": form}, status=UNPROCESSABLE)


@requires(Permission.ACTION_ITEM_EDIT)
def action_item_copy(request: SignedInRequest) -> HttpResponse:
    """What copying a unit's action plan of the year before would make; sent, it is made, as one change set."""
    parameters = request.POST if request.method == "POST" else request.GET
    year = chosen_year(parameters.get("year", ""), timezone.localdate().year)
    units = writable_units(request.user)
    code = parameters.get("unit", "").replace("\x00", "")
    unit = units.filter(code=code).first() if code else units.filter(pk__in=request.user.scope.home_unit_ids).order_by("pk").first()
    if unit is None:
        raise Http404
    refused: list[str] = []
    if request.method == "POST":
        try:
            change_set = copy_action_plan(unit, year, by=request.user)
        except PermissionDenied:
            raise Http404 from None
        except ValidationError as error:
            refused = error.messages
        else:
            messages.success(request, _("%(count)s items were copied. It can be taken back here.") % {"count": change_set.rows_done})
            return redirect(change_set)
    rows = item_copies_for(unit, year)
    context = {
        "year": year, "before": year - 1, "unit": unit, "units": units.order_by("path"), "rows": rows,
        "count": sum(not row.skipped for row in rows), "refused": refused, "last_day": date(year, 12, 31),
    }  # fmt: skip
    return render(request, "reports/action_item_copy.html", context, status=UNPROCESSABLE if refused else 200)


@require_safe
@requires(Permission.ACTION_ITEM_EDIT)
def action_items_on_desk(request: SignedInRequest) -> HttpResponse:
    """The box of the desk: what the reader's units have planned and is late or due soon; nothing where there is none."""
    today = timezone.localdate()
    own = ActionItem.objects.live().filter(
        unit__in=request.user.scope.home_unit_ids, state__in=OPEN, due_on__lte=today + timedelta(days=DESK_DAYS)
    )
    items = list(own.select_related("unit", "assignee").order_by("due_on", "id")[: DESK_LINES + 1])
    if not items:
        return HttpResponse("")
    context = {"items": items[:DESK_LINES], "more": len(items) > DESK_LINES, "today": today, "late": own.filter(due_on__lt=today).count()}
    return render(request, "reports/action_items_on_desk.html", context)
