from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import Direction, ExchangeFamily, ExchangeStatus, Level
from activities.models import Exchange, ExchangeKind, Participation
from activities.models.exchanges import ExchangeQuerySet
from crm.filters import ChoicesFilter, CodeFilter, ManyCodeFilter, RecordFilter, RecordIdFilter, SearchFilter, active_units
from crm.models import Country, Field, PolicyDocument, Province, Tier, TierMembership
from partners.models import Partner, PartnerKind
from partners.models.partners import EPOCH

# Filters that ask something of a partner that took part.
PARTS = ("country", "tier", "partner_kind")
UNNAMED = [("field", _("No field of cooperation")), ("province", _("No province"))]


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
    partner_kind = CodeFilter(queryset=PartnerKind.objects.all(), method="with_partner_kind", label=_("Kind of partner"))
    unnamed = ChoicesFilter(choices=UNNAMED, method="naming_none", label=_("Names none"))
    tier_on = django_filters.DateFilter(method="leave", label=_("Tier as of"))

    class Meta:
        model = Exchange
        fields: list[str] = []

    def with_partner(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(pk__in=Participation.objects.filter(partner__in=Partner.objects.now_known_as(value)).values("exchange"))

    def with_country(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return self._with_part(queryset, name)

    def with_tier(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return self._with_part(queryset, name)

    def with_partner_kind(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return self._with_part(queryset, name)

    def naming_none(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        for named in value:
            queryset = queryset.filter(**{f"{named}s__isnull": True})
        return queryset

    def of_units(self, queryset: ExchangeQuerySet, name: str, value: Any) -> QuerySet:
        return queryset.of_units(value) if value else queryset

    def in_figures(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        if not value:
            return queryset
        # As the figures do: the same participation is counted, and of the country, tier and kind asked for; a delegation once.
        parts = Participation.objects.filter(counted=True, two_way=True)
        given = self.form.cleaned_data
        # The days of the list again, so that the facts of those days are read and not of all years.
        for bound, lookup in (("since", "day_no__gte"), ("until", "day_no__lte")):
            if day := given.get(bound):
                parts = parts.filter(**{lookup: (day - EPOCH).days})
        asked = [name for name in PARTS if given.get(name)]
        for name in asked:
            parts = parts.filter(self._of_partner(name))
        return queryset.filter(pk__in=(parts.once_per_country() if asked else parts).values("exchange"))

    def _with_part(self, queryset: QuerySet, name: str) -> QuerySet:
        """Exchanges with such a partner. Among those that figures count, ``in_figures`` asks for all of it together."""
        if not self.form.cleaned_data.get(name) or self.form.cleaned_data.get("counted"):
            return queryset
        return queryset.filter(pk__in=Participation.objects.filter(self._of_partner(name)).values("exchange"))

    def _of_partner(self, name: str) -> Q:
        """What one of the filters of ``PARTS`` asks of a participation's partner."""
        given = self.form.cleaned_data
        if name == "tier":
            day = given.get("tier_on") or given.get("until") or timezone.localdate()
            return Q(partner__country__in=TierMembership.objects.on(day).filter(tier__in=given[name]).values("country"))
        return Q(**{"country": {"partner__country__in": given[name]}, "partner_kind": {"partner__kind__in": given[name]}}[name])
