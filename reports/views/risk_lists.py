"""Partners at risk as of the last stored day, by reason code; and terms of office that end with nobody known to follow."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.columns import Column, SortKey, day_column, link, text_column, under
from crm.filters import CodeFilter, RecordFilter, active_units
from crm.lists import EmptyState, RecordList
from crm.models import Country, User
from crm.permissions import Permission
from crm.templatetags.nhipcau import ago, day
from crm.views.filters import FilterPanel
from partners.models import Partner, Post, Stewardship
from reports.metrics.days import YEAR_DAYS
from reports.views.risk_rows import RISK_COLUMNS, RiskFilter


class RiskList(RecordList):
    """Red first. ``as_of`` chooses the day: the last one stored by then."""

    permission = Permission.COVERAGE_VIEW
    model = Partner
    template_name = "reports/risk_list.html"
    filterset_class = RiskFilter
    url_name = "reports:risk-list"
    filters_url_name = "reports:risk-filters"
    columns = RISK_COLUMNS
    default_order = "alarm"
    placeholder = _("Any part of a name, in any language, with or without marks")
    empty = EmptyState(_("No partner at risk found"), _("Remove a filter, or choose another day. Risks are stored every night."))

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"stored_day": context["filter"].day}


class RiskFilters(FilterPanel):
    list_class = RiskList


class SuccessionFilter(RecordFilter):
    """Posts held today whose term ends within twelve months, or by ``ends_by``, and that nobody is known to follow."""

    ends_by = django_filters.DateFilter(method="leave", label=_("Term ends by"))
    silent_since = django_filters.DateFilter(method="silent", label=_("Partner not met since"))
    country = CodeFilter(queryset=Country.objects.all(), code="alpha2", field_name="partner__country", label=_("Country"))
    steward = CodeFilter(queryset=active_units, method="kept_by", label=_("Kept by"))

    class Meta:
        model = Post
        fields: list[str] = []

    @property
    def qs(self) -> QuerySet[Any]:
        today = timezone.localdate()
        asked = self.form.cleaned_data.get("ends_by") if self.is_valid() else None
        followed = Post.objects.live().filter(predecessor=OuterRef("pk"))
        posts: Any = super().qs
        rows: QuerySet[Any] = posts.on(today).filter(partner__archived_at=None, person__archived_at=None)
        return rows.filter(valid_to__lte=asked or today + timedelta(days=YEAR_DAYS)).exclude(Exists(followed))

    def silent(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(Q(partner__last_contact_on__isnull=True) | Q(partner__last_contact_on__lt=value))

    def kept_by(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        kept = Stewardship.objects.current().filter(unit__in=value).values("partner")
        return queryset.filter(partner__in=kept) if value else queryset


def _with_names(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    return rows.select_related("person", "partner__country")


def _person(post: Post) -> SafeString:
    return SafeString(link(post.person.get_absolute_url(), post.person) + under(post.title))


def _partner(post: Post) -> SafeString:
    return SafeString(link(post.partner.get_absolute_url(), post.partner) + under(post.partner.country))


def _ends(post: Post) -> SafeString:
    return SafeString(day(post.valid_to) + under(ago(post.valid_to)))


class SuccessionList(RecordList):
    """Ageing ties: who leaves office within a year with no successor on record, the nearest end first."""

    permission = Permission.PERSON_VIEW
    model = Post
    template_name = "reports/succession_list.html"
    filterset_class = SuccessionFilter
    url_name = "reports:succession-list"
    filters_url_name = "reports:succession-filters"
    columns = (
        Column("person", _("Person"), _person, lambda post: str(post.person), fetch=_with_names, heads_row=True),
        Column("partner", _("Partner"), _partner, lambda post: str(post.partner), fetch=_with_names),
        Column("ends", _("Term ends"), _ends, lambda post: post.valid_to, sort=SortKey(("valid_to", "id"))),
        day_column("last_contact", _("Partner met last"), lambda post: post.partner.last_contact_on, fetch=_with_names),
        text_column("title", _("Title"), lambda post: post.title, standard=False),
        text_column("country", _("Country"), lambda post: post.partner.country, fetch=_with_names, standard=False),
    )
    default_order = "ends"
    empty = EmptyState(_("Nobody leaves office without a successor in this time"), _("Choose a later day, or remove a filter."))

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"silent_since": timezone.localdate() - timedelta(days=YEAR_DAYS)}


class SuccessionFilters(FilterPanel):
    list_class = SuccessionList
