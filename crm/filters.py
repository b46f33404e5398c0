"""Filters shared by all lists. One FilterSet serves page, API and export."""

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSet, Country, CountryName, Tier, TierMembership, Unit, User
from crm.models.records import Record
from crm.text import fold

if TYPE_CHECKING:
    from crm.models.records import RecordQuerySet

MAX_SEARCH_LENGTH = 200


class SearchFilter(django_filters.CharFilter):
    """Words to look for, in any order, without marks and case; calls ``queryset.search``."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Search"))
        super().__init__(max_length=MAX_SEARCH_LENGTH, **kwargs)

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        return queryset.search(value) if value and value.strip() else queryset  # type: ignore[attr-defined]  # every searched noun has it


class CodesField(django_filters.fields.ModelMultipleChoiceField):
    """Codes of reference rows. A NUL byte is refused here, since PostgreSQL would fail over it."""

    def clean(self, value: Any) -> Any:
        for code in value if isinstance(value, list | tuple) else ():
            if "\x00" in str(code):
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": str(code).replace("\x00", "")}
                )
        return super().clean(value)


class CodeFilter(django_filters.ModelMultipleChoiceFilter):
    """One or several reference rows by their code: ``?kind=A&kind=B`` is A or B. EXISTS, never DISTINCT."""

    field_class = CodesField

    def __init__(self, *, code: str = "code", **kwargs: Any) -> None:
        kwargs.setdefault("distinct", False)
        super().__init__(to_field_name=code, **kwargs)

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        if not value:
            return queryset
        return queryset.filter(**{f"{self.field_name}__in": list(value)})


class ManyCodeFilter(CodeFilter):
    """Like CodeFilter, over a many-to-many, through a subquery so that rows never double."""

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        if not value:
            return queryset
        matching = queryset.model._default_manager.filter(**{f"{self.field_name}__in": list(value)}).values("pk")
        return queryset.filter(pk__in=matching)


class ChoicesFilter(django_filters.MultipleChoiceFilter):
    """One or several of a closed list: ``?status=held&status=planned`` is either. Without the library's DISTINCT."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(distinct=False, **kwargs)


class RecordIdFilter(django_filters.UUIDFilter):
    """One record by its public id, which only links give. Its chip tells the name, to those who may see the record."""

    def __init__(self, *, of: type[Record], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of: Any = of

    def words(self, public_id: UUID, user: User) -> str:
        """The record's name; for one that is out of the reader's scope the identifier alone."""
        record = self.of._default_manager.visible_to(user).filter(public_id=public_id).first()
        return str(record or public_id)


class RecordFilter(django_filters.FilterSet):
    """The base for lists of records: those in use, unless ``archived`` asks for the others."""

    archived = django_filters.BooleanFilter(method="leave", label=_("Archived"))

    @property
    def qs(self) -> QuerySet:
        wants_archived = self.is_valid() and self.form.cleaned_data.get("archived")
        found: RecordQuerySet = super().qs
        return found.archived() if wants_archived else found.live()

    def leave(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        """For parameters that another filter reads."""
        return queryset


def active_units(request: Any) -> QuerySet[Unit]:
    """Units that exist today, for choosing one."""
    return Unit.objects.on(timezone.localdate())


class CountryFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="by_name", max_length=MAX_SEARCH_LENGTH)
    tier = CodeFilter(queryset=Tier.objects.all(), method="in_tier", label=_("Tier"))
    on = django_filters.DateFilter(label=_("Tier as of"), method="leave")

    class Meta:
        model = Country
        fields: list[str] = []

    def by_name(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(pk__in=CountryName.objects.filter(folded__contains=fold(value)).values("country"))

    def in_tier(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        if not value:
            return queryset
        day = self.form.cleaned_data.get("on") or timezone.localdate()
        return queryset.filter(pk__in=TierMembership.objects.on(day).filter(tier__in=value).values("country"))

    def leave(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset


class TierFilter(django_filters.FilterSet):
    class Meta:
        model = Tier
        fields = ["group"]


class ChangeSetFilter(RecordFilter):
    """The list of change sets. Previews that nobody started are their author's own business."""

    q = django_filters.CharFilter(field_name="message", lookup_expr="icontains", max_length=MAX_SEARCH_LENGTH, label=_("Message"))
    kind = ChoicesFilter(choices=ChangeKind.choices, label=_("Kind"))
    state = ChoicesFilter(choices=ChangeState.choices, label=_("State"))
    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    mine = django_filters.BooleanFilter(method="by_me", label=_("Mine"))
    since = django_filters.DateFilter(field_name="created_at", lookup_expr="date__gte", label=_("From day"))
    until = django_filters.DateFilter(field_name="created_at", lookup_expr="date__lte", label=_("To day"))

    class Meta:
        model = ChangeSet
        fields: list[str] = []

    @property
    def qs(self) -> QuerySet:
        return super().qs.exclude(~Q(created_by=self.request.user), state=ChangeState.PREVIEW)

    def by_me(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(created_by=self.request.user) if value else queryset
