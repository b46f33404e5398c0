from datetime import date
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.filters import (
    MAX_SEARCH_LENGTH,
    ChoicesFilter,
    CodeFilter,
    ManyCodeFilter,
    RecordFilter,
    RecordIdFilter,
    SearchFilter,
    active_units,
)
from crm.models import Country, Field, Tier
from partners.choices import Consent, PartnerFamily, PartnerStatus, ProposalState
from partners.models import ChangeProposal, Partner, PartnerKind, Person, Post, Stewardship


class PartnerFilter(RecordFilter):
    """The partner list, its API and its export."""

    q = SearchFilter()
    kind = CodeFilter(queryset=PartnerKind.objects.all(), label=_("Kind"))
    family = ChoicesFilter(field_name="kind__family", choices=PartnerFamily.choices, label=_("Family of kinds"))
    country = CodeFilter(queryset=Country.objects.all(), code="alpha2", label=_("Country"))
    tier = CodeFilter(queryset=Tier.objects.all(), method="in_tiers", label=_("Tier"))
    tier_on = django_filters.DateFilter(method="leave", label=_("Tier as of"))
    field = ManyCodeFilter(queryset=Field.objects.all(), field_name="fields", label=_("Field"))
    steward = CodeFilter(queryset=active_units, method="kept_by", label=_("Kept by"))
    status = ChoicesFilter(choices=PartnerStatus.choices, label=_("Status"))
    active_on = django_filters.DateFilter(method="active", label=_("Active in the year up to"))
    silent_since = django_filters.DateFilter(method="silent", label=_("No contact since"))

    class Meta:
        model = Partner
        fields: list[str] = []

    def in_tiers(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        if not value:
            return queryset
        day = self.form.cleaned_data.get("tier_on") or timezone.localdate()
        wanted = Q()
        for tier in value:
            wanted |= Q(pk__in=Partner.objects.in_tier(tier.code, day).values("pk"))
        return queryset.filter(wanted)

    def kept_by(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(pk__in=Stewardship.objects.current().filter(unit__in=value).values("partner")) if value else queryset

    def active(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset.filter(pk__in=Partner.objects.active_on(value).values("pk"))

    def silent(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset.filter(Q(last_contact_on__isnull=True) | Q(last_contact_on__lt=value))


class PersonFilter(RecordFilter):
    """The list of people, its API and its export."""

    q = SearchFilter()
    partner = RecordIdFilter(of=Partner, method="at_partner", label=_("Partner"))
    country = CodeFilter(queryset=Country.objects.all(), code="alpha2", label=_("Country"))
    consent = ChoicesFilter(choices=Consent.choices, label=_("Ground for keeping"))
    review_by = django_filters.DateFilter(method="to_review", label=_("To be reviewed by"))

    class Meta:
        model = Person
        fields: list[str] = []

    def at_partner(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(pk__in=Post.objects.live().filter(partner__in=Partner.objects.now_known_as(value)).values("person"))

    def to_review(self, queryset: Any, name: str, value: date) -> QuerySet:
        return queryset.to_review(value)  # type: ignore[no-any-return]  # the people's own queryset


class ProposalFilter(RecordFilter):
    """The list of change proposals, and its API."""

    q = django_filters.CharFilter(method="of_partner_named", max_length=MAX_SEARCH_LENGTH, label=_("Search"))
    state = ChoicesFilter(choices=ProposalState.choices, label=_("State"))
    unit = CodeFilter(queryset=active_units, label=_("Proposed by"))
    lead_unit = CodeFilter(queryset=active_units, label=_("To be decided by"))
    partner = RecordIdFilter(of=Partner, method="of_partner", label=_("Partner"))

    class Meta:
        model = ChangeProposal
        fields: list[str] = []

    def of_partner_named(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(partner__in=Partner.objects.search(value).values("pk"))

    def of_partner(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(partner__in=Partner.objects.now_known_as(value).values("pk"))
