from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import Direction, ExchangeFamily, ExchangeStatus, Level
from activities.models import Exchange, ExchangeKind, Participation
from activities.models.exchanges import ExchangeQuerySet
from crm.filters import ChoicesFilter, CodeFilter, ManyCodeFilter, RecordFilter, RecordIdFilter, SearchFilter, active_units
from crm.models import Country, Field, PolicyDocument, Province, Tier, TierMembership
from partners.models import Partner


def level_value(name: str) -> int:
    """The stored number of a level by its name, as addresses and the API write it."""
    return Level[name.upper()].value


class ExchangeFilter(RecordFilter):
    """The exchange list, its API and its export."""

    q = SearchFilter()
    kind = CodeFilter(queryset=ExchangeKind.objects.all(), label=_("Kind"))
    family = ChoicesFilter(field_name="kind__family", choices=ExchangeFamily.choices, label=_("Family of kinds"))
    partner = RecordIdFilter(of=Partner, method="with_partner", label=_("Partner"))
    country = CodeFilter(queryset=Country.objects.all(), code="alpha2", method="with_country", label=_("Partner's country"))
    tier = CodeFilter(queryset=Tier.objects.all(), method="with_tier", label=_("Tier"))
    unit = CodeFilter(queryset=active_units, method="of_units", label=_("Unit"))
    province = ManyCodeFilter(queryset=Province.objects.all(), code="slug", field_name="provinces", label=_("Province"))
    field = ManyCodeFilter(queryset=Field.objects.all(), field_name="fields", label=_("Field"))
    status = ChoicesFilter(choices=ExchangeStatus.choices, label=_("Status"))
    direction = ChoicesFilter(choices=Direction.choices, label=_("Direction"))
    level = django_filters.TypedMultipleChoiceFilter(
        choices=[(level.name.lower(), level.label) for level in Level], coerce=level_value, distinct=False, label=_("Level")
    )
    policy = CodeFilter(queryset=PolicyDocument.objects.all(), field_name="policy_document", label=_("Directive"))
    since = django_filters.DateFilter(field_name="starts_on", lookup_expr="gte", label=_("From day"))
    until = django_filters.DateFilter(field_name="starts_on", lookup_expr="lte", label=_("To day"))
    counted = django_filters.BooleanFilter(method="in_figures", label=_("Two-way and counted in figures"))

    class Meta:
        model = Exchange
        fields: list[str] = []

    def with_partner(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(pk__in=Participation.objects.filter(partner__in=Partner.objects.now_known_as(value)).values("exchange"))

    def with_country(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        if not value:
            return queryset
        parts = Participation.objects.filter(partner__country__in=value)
        if self.form.cleaned_data.get("counted"):
            # As the figures do: the same participation is of the country and counted, a delegation once.
            parts = parts.filter(counted=True, two_way=True).once_per_country()
        return queryset.filter(pk__in=parts.values("exchange"))

    def with_tier(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        if not value:
            return queryset
        day = self.form.cleaned_data.get("until") or timezone.localdate()
        countries = TierMembership.objects.on(day).filter(tier__in=value).values("country")
        return queryset.filter(pk__in=Participation.objects.filter(partner__country__in=countries).values("exchange"))

    def of_units(self, queryset: ExchangeQuerySet, name: str, value: Any) -> QuerySet:
        return queryset.of_units(value) if value else queryset

    def in_figures(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        if not value:
            return queryset
        return queryset.filter(pk__in=Participation.objects.filter(counted=True, two_way=True).values("exchange"))
