"""What the list of items of action plans is filtered by."""

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.filters import MAX_SEARCH_LENGTH, ChoicesFilter, CodeFilter, RecordFilter, RecordIdFilter, active_units
from crm.models import PolicyDocument
from partners.models import Partner
from reports.choices import ActionState
from reports.models import ActionItem, PlanLine


class ActionItemFilter(RecordFilter):
    """The list of items of action plans, and its export."""

    q = django_filters.CharFilter(field_name="text", lookup_expr="icontains", max_length=MAX_SEARCH_LENGTH, label=_("What is to be done"))
    year = django_filters.NumberFilter(field_name="year", min_value=1945, max_value=2200, label=_("Year"))
    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    state = ChoicesFilter(choices=ActionState.choices, label=_("State"))
    overdue = django_filters.BooleanFilter(method="late", label=_("Overdue"))
    mine = django_filters.BooleanFilter(method="by_me", label=_("Mine"))
    line = RecordIdFilter(of=PlanLine, field_name="plan_line__public_id", label=_("Plan line"))
    partner = RecordIdFilter(of=Partner, field_name="partner__public_id", label=_("Partner"))
    policy = CodeFilter(queryset=PolicyDocument.objects.all(), field_name="directive", label=_("Directive"))

    class Meta:
        model = ActionItem
        fields: list[str] = []

    def late(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        late = ActionItem.objects.overdue(timezone.localdate()).values("pk")
        return queryset.filter(pk__in=late) if value else queryset.exclude(pk__in=late)

    def by_me(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(assignee=self.request.user) if value else queryset
