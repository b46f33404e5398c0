from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import FollowUpState
from activities.models import Exchange, FollowUp
from activities.models.follow_ups import FollowUpQuerySet
from crm.filters import ChoicesFilter, CodeFilter, RecordFilter, RecordIdFilter, active_units
from partners.models import Partner


class FollowUpFilter(RecordFilter):
    """The follow-up list, its API and its export."""

    state = ChoicesFilter(choices=FollowUpState.choices, label=_("State"))
    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    mine = django_filters.BooleanFilter(method="for_me", label=_("Mine"))
    overdue = django_filters.BooleanFilter(method="late", label=_("Overdue"))
    due_until = django_filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("Due by"))
    partner = RecordIdFilter(of=Partner, method="about_partner", label=_("Partner"))
    exchange = RecordIdFilter(of=Exchange, field_name="exchange__public_id", label=_("Exchange"))

    class Meta:
        model = FollowUp
        fields: list[str] = []

    def about_partner(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(partner__in=Partner.objects.now_known_as(value))

    def for_me(self, queryset: FollowUpQuerySet, name: str, value: bool) -> QuerySet:
        return queryset.assigned_to(self.request.user) if value else queryset

    def late(self, queryset: FollowUpQuerySet, name: str, value: bool) -> QuerySet:
        return queryset.overdue(on=timezone.localdate()) if value else queryset
