import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.filters import ChoicesFilter, CodeFilter, RecordFilter, active_units
from reports.choices import PeriodKind
from reports.models import PeriodicReport


class PeriodicReportFilter(RecordFilter):
    """The list of periodic reports, and its export."""

    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    period_kind = ChoicesFilter(choices=PeriodKind.choices, label=_("Period"))
    since = django_filters.DateFilter(field_name="period_to", lookup_expr="gt", label=_("From day"))
    until = django_filters.DateFilter(field_name="period_from", lookup_expr="lte", label=_("To day"))
    issued = django_filters.BooleanFilter(method="that_are_issued", label=_("Issued"))

    class Meta:
        model = PeriodicReport
        fields: list[str] = []

    def that_are_issued(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(pk__in=PeriodicReport.objects.filter(issues__isnull=False).values("pk")) if value else queryset
