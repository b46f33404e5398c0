from datetime import date, timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import AgreementFamily, AgreementLevel, AgreementState
from activities.lookup.provinces import kin_of
from activities.models import Agreement, AgreementKind, AgreementParty
from activities.models.agreements import AgreementQuerySet
from crm.filters import ChoicesFilter, CodeFilter, ManyCodeFilter, RecordFilter, RecordIdFilter, SearchFilter, active_units
from crm.models import Country, Field, PolicyDocument, Province
from partners.models import Partner

# Terms that lists and reminders ask about, in months, each with its days.
ENDING_DAYS = {"3": 92, "6": 183, "12": 366}


class AgreementFilter(RecordFilter):
    """The list of agreements, its API and its export."""

    q = SearchFilter(method="about")
    kind = CodeFilter(queryset=AgreementKind.objects.all(), label=_("Kind"))
    family = ChoicesFilter(field_name="kind__family", choices=AgreementFamily.choices, label=_("Family of kinds"))
    level = ChoicesFilter(choices=AgreementLevel.choices, label=_("Level"))
    state = ChoicesFilter(choices=AgreementState.choices, label=_("State"))
    in_force_on = django_filters.DateFilter(method="that_hold", label=_("In force on"))
    ending = ChoicesFilter(
        choices=[("3", _("3 months")), ("6", _("6 months")), ("12", _("12 months"))], method="that_end", label=_("Ends within")
    )
    overdue = django_filters.BooleanFilter(method="that_ran_out", label=_("Run out, no step to a renewal"))
    renewal = ChoicesFilter(
        choices=[("none", _("no step yet")), ("negotiated", _("being negotiated")), ("signed", _("signed"))],
        method="with_renewal", label=_("Renewal"),
    )  # fmt: skip
    unit = CodeFilter(queryset=active_units, label=_("Kept by unit"))
    partner = RecordIdFilter(of=Partner, method="with_partner", label=_("Partner"))
    country = CodeFilter(queryset=Country.objects.all(), code="alpha2", method="with_country", label=_("Partner's country"))
    province = CodeFilter(
        queryset=Province.objects.all(), code="slug", method="with_province", label=_("Province, before and after mergers")
    )
    field = ManyCodeFilter(queryset=Field.objects.all(), field_name="fields", label=_("Field"))
    policy = CodeFilter(queryset=PolicyDocument.objects.all(), field_name="policy_document", label=_("Directive"))
    signed_since = django_filters.DateFilter(field_name="signed_on", lookup_expr="gte", label=_("Signed from day"))
    signed_until = django_filters.DateFilter(field_name="signed_on", lookup_expr="lte", label=_("Signed to day"))

    class Meta:
        model = Agreement
        fields: list[str] = []

    def about(self, queryset: AgreementQuerySet, name: str, value: str) -> QuerySet:
        """Words of the title or the number, or of any name of a partner that signed."""
        if not value.strip():
            return queryset
        named = Q(pk__in=queryset.search(value).values("pk"))
        return queryset.filter(
            named | Q(pk__in=AgreementParty.objects.filter(partner__in=Partner.objects.search(value)).values("agreement"))
        )

    def that_hold(self, queryset: AgreementQuerySet, name: str, value: date) -> QuerySet:
        return queryset.in_force(value)

    def that_end(self, queryset: AgreementQuerySet, name: str, value: list[str]) -> QuerySet:
        """Within the longest of the terms asked for."""
        if not value:
            return queryset
        today = timezone.localdate()
        return queryset.ending(today, today + timedelta(days=max(ENDING_DAYS[months] for months in value)))

    def that_ran_out(self, queryset: AgreementQuerySet, name: str, value: bool) -> QuerySet:
        return queryset.ended_unrenewed(timezone.localdate()) if value else queryset

    def with_renewal(self, queryset: AgreementQuerySet, name: str, value: list[str]) -> QuerySet:
        renewals = Agreement.objects.live().filter(renews__isnull=False)
        negotiated = Q(state=AgreementState.NEGOTIATED)
        ways = {
            "none": ~Q(pk__in=renewals.values("renews")),
            "negotiated": Q(pk__in=renewals.filter(negotiated).values("renews")),
            "signed": Q(pk__in=renewals.exclude(negotiated).values("renews")),
        }
        asked = Q(pk__in=[])
        for way in value:
            asked |= ways[way]
        return queryset.filter(asked) if value else queryset

    def with_partner(self, queryset: AgreementQuerySet, name: str, value: Any) -> QuerySet:
        return queryset.with_partners(Partner.objects.now_known_as(value))

    def with_country(self, queryset: AgreementQuerySet, name: str, value: Any) -> QuerySet:
        return queryset.with_partners(Partner.objects.filter(country__in=value)) if value else queryset

    def with_province(self, queryset: AgreementQuerySet, name: str, value: Any) -> QuerySet:
        """Signed for the province, for one that went into it, or for the one that it went into."""
        return queryset.with_provinces(kin_of(value)) if value else queryset


class TwinningFilter(AgreementFilter):
    """The list of twinned pairs: agreements of that family, whatever their kind."""

    family = None  # type: ignore[assignment]  # how the library drops a filter

    @property
    def qs(self) -> QuerySet:
        return super().qs.filter(kind__family=AgreementFamily.TWINNING)
