"""The list of agreements with its quick views, and the list of twinned pairs."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activities.actions.bulk_edits import AGREEMENT_OPERATIONS
from activities.columns.agreements import AGREEMENT_COLUMNS, TWINNING_COLUMNS
from activities.filters.agreements import ENDING_DAYS, AgreementFilter, TwinningFilter
from activities.forms.bulk_edits import AgreementBulkForm
from activities.models import Agreement
from crm.generic import is_partial
from crm.lists import Bulk, EmptyState, RecordList
from crm.permissions import Permission
from crm.views.filters import FilterPanel


class QuickView(NamedTuple):
    """A question that is asked every week: what the list shows, how many rows, and whether it shows that now."""

    label: str | Promise
    rows: int
    address: str
    is_shown: bool


class AgreementList(RecordList):
    permission = Permission.AGREEMENT_VIEW
    model = Agreement
    template_name = "activities/agreement_list.html"
    filterset_class = AgreementFilter
    url_name = "activities:agreement-list"
    filters_url_name = "activities:agreement-filters"
    columns = AGREEMENT_COLUMNS
    default_order = "-signed"
    placeholder = _("A word of the title, the number or a partner")
    bulk = Bulk(Permission.AGREEMENT_EDIT, AGREEMENT_OPERATIONS, AgreementBulkForm)
    empty = EmptyState(
        _("No agreement found"), _("Try other words, or remove a filter. A list in Excel can be brought as it is."),
        "activities:agreement-create", _("Enter an agreement"), Permission.AGREEMENT_EDIT,
    )  # fmt: skip

    def get_context(self, **context: Any) -> dict[str, Any]:
        # The counts of the quick views stand outside what changes with the filters.
        quick = [] if is_partial(self.request) else self._quick_views()
        return super().get_context(**context) | {"quick_views": quick}

    def _quick_views(self) -> list[QuickView]:
        today = timezone.localdate()
        seen = Agreement.objects.visible_to(self.request.user).live()
        asked: list[tuple[Any, str, QuerySet[Agreement]]] = [
            (_("In force"), f"in_force_on={today}", seen.in_force(today)),
            *(
                (label, f"ending={months}&order=until", seen.ending(today, today + timedelta(days=ENDING_DAYS[months])))
                for months, label in (
                    ("3", _("Ending in 3 months")), ("6", _("in 6 months")), ("12", _("in 12 months"))
                )
            ),
            (_("Run out, no step to a renewal"), "overdue=true&order=until", seen.ended_unrenewed(today)),
        ]  # fmt: skip
        counts = _counted([rows for _label, _query, rows in asked])
        return [
            QuickView(label, count, f"{reverse(self.url_name)}?{query}", self.request.GET.urlencode() == query)
            for (label, query, _rows), count in zip(asked, counts, strict=True)
        ]


class TwinningList(RecordList):
    """Our localities and those they are twinned with: since when, when they last met, what is planned."""

    permission = Permission.AGREEMENT_VIEW
    model = Agreement
    template_name = "activities/twinning_list.html"
    filterset_class = TwinningFilter
    url_name = "activities:twinning-list"
    filters_url_name = "activities:twinning-filters"
    columns = TWINNING_COLUMNS
    default_order = "-signed"
    placeholder = _("A word of the title, the number or a partner")
    empty = EmptyState(
        _("No twinning found"), _("A twinning is an agreement of that kind between a province of ours and a locality abroad."),
        "activities:agreement-create", _("Enter an agreement"), Permission.AGREEMENT_EDIT,
    )  # fmt: skip


class AgreementFilters(FilterPanel):
    list_class = AgreementList


class TwinningFilters(FilterPanel):
    list_class = TwinningList


def _counted(asked: list[QuerySet[Agreement]]) -> list[int]:
    """How many rows each question finds, in one query."""
    counts = {f"of_{place}": Count("pk", filter=Q(pk__in=rows.order_by().values("pk"))) for place, rows in enumerate(asked)}
    return list(Agreement.objects.order_by().aggregate(**counts).values())
