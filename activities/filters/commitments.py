from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import CommitmentState, Side, Standing
from activities.models import Agreement, Commitment, Exchange
from activities.models.commitments import CommitmentQuerySet
from crm.filters import ChoicesFilter, CodeFilter, RecordFilter, RecordIdFilter, SearchFilter, active_units
from crm.models import Country, Tier, TierMembership, User
from partners.models import Partner, Person


class CommitmentFilter(RecordFilter):
    """The list of commitments, its API and its export."""

    q = SearchFilter(method="about")
    owed_by = ChoicesFilter(choices=Side.choices, label=_("Owed by"))
    state = ChoicesFilter(choices=Standing.choices, method="that_stand", label=_("State"))
    unsettled = django_filters.BooleanFilter(method="that_are_open", label=_("Still to be kept"))
    overdue = django_filters.BooleanFilter(method="that_are_overdue", label=_("Overdue"))
    unproven = django_filters.BooleanFilter(method="without_proof", label=_("Done, and nothing shows it"))
    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    mine = django_filters.BooleanFilter(method="for_me", label=_("Mine"))
    who = django_filters.ModelChoiceFilter(
        field_name="assignee", queryset=User.objects.filter(is_program=False), to_field_name="username", label=_("Who")
    )
    partner = RecordIdFilter(of=Partner, method="with_partner", label=_("Partner"))
    person = RecordIdFilter(of=Person, method="by_person", label=_("Promised by"))
    country = CodeFilter(queryset=Country.objects.all(), code="alpha2", field_name="partner__country", label=_("Partner's country"))
    tier = CodeFilter(queryset=Tier.objects.all(), method="in_tier", label=_("Tier"))
    exchange = RecordIdFilter(of=Exchange, method="at_exchange", label=_("Exchange"))
    agreement = RecordIdFilter(of=Agreement, method="under_agreement", label=_("Agreement"))
    due_since = django_filters.DateFilter(field_name="due_on", lookup_expr="gte", label=_("Due from day"))
    due_until = django_filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("Due by"))

    class Meta:
        model = Commitment
        fields: list[str] = []

    def about(self, queryset: CommitmentQuerySet, name: str, value: str) -> QuerySet:
        """Words of what was promised or of its proof, or of any name of the partner."""
        if not value.strip():
            return queryset
        return queryset.filter(Q(pk__in=queryset.search(value).values("pk")) | Q(partner__in=Partner.objects.search(value).values("pk")))

    def that_stand(self, queryset: CommitmentQuerySet, name: str, value: list[str]) -> QuerySet:
        return queryset.standing(value, timezone.localdate()) if value else queryset

    def that_are_open(self, queryset: CommitmentQuerySet, name: str, value: bool) -> QuerySet:
        return queryset.unsettled() if value else queryset

    def that_are_overdue(self, queryset: CommitmentQuerySet, name: str, value: bool) -> QuerySet:
        return queryset.overdue(timezone.localdate()) if value else queryset

    def without_proof(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(state=CommitmentState.DONE, proof="", proof_exchange=None) if value else queryset

    def for_me(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(assignee=self.request.user) if value else queryset

    def with_partner(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(partner__in=Partner.objects.now_known_as(value))

    def by_person(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        """A person whom the reader may not see has promised nothing, as far as this list tells."""
        return queryset.filter(person__in=Person.objects.visible_to(self.request.user).now_known_as(value))

    def in_tier(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        if not value:
            return queryset
        countries = TierMembership.objects.on(timezone.localdate()).filter(tier__in=value).values("country")
        return queryset.filter(partner__country__in=countries)

    def at_exchange(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(exchange__in=Exchange.objects.visible_to(self.request.user).filter(public_id=value))

    def under_agreement(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(agreement__in=Agreement.objects.visible_to(self.request.user).filter(public_id=value))
