"""Reference rows of low confidence that the secretariat has not confirmed yet."""

from dataclasses import dataclass

from django.apps import apps
from django.db.models import CharField, Count, Model, Value
from django.urls import NoReverseMatch, reverse

from crm.choices import Confidence
from crm.models.records import Sourced


@dataclass(frozen=True)
class Unconfirmed:
    model: type[Model]
    count: int

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    @property
    def url(self) -> str:
        """The list of these rows in the administration; empty for a table that has none there."""
        try:
            address = reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist")
        except NoReverseMatch:
            return ""
        return f"{address}?standing=open"


def unconfirmed_rows() -> list[Unconfirmed]:
    """How many rows of each table wait to be confirmed; tables without any left out. One query."""
    sourced = {model._meta.label: model for model in apps.get_models() if issubclass(model, Sourced)}
    waiting = [
        model._default_manager.filter(confidence=Confidence.LOW, confirmed_at__isnull=True)
        .order_by()
        .annotate(table=Value(label, output_field=CharField()))
        .values("table")
        .annotate(count=Count("pk"))
        .values_list("table", "count")
        for label, model in sourced.items()
    ]
    counted = dict(waiting[0].union(*waiting[1:], all=True))
    return [Unconfirmed(model, counted[label]) for label, model in sourced.items() if counted.get(label)]
