"""Choosing the kind of an exchange: the frequent ones as buttons, all of them in a list by family."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.utils import timezone

from activities.choices import Direction, ExchangeFamily, Sides
from activities.models import Exchange, ExchangeKind
from crm.models import User

BUTTONS = 6
# Offered to a unit that has logged nothing yet.
USUAL_CODES = ("WORKING_MEETING", "COURTESY_CALL", "DELEGATION_IN", "FRIENDSHIP_EXCHANGE", "ONLINE_MEETING", "CONGRATULATION")
_FAMILIES = {family: place for place, family in enumerate(ExchangeFamily.values)}


class KindWidget(forms.Widget):
    """Radio buttons for the frequent kinds and a list of all; what is chosen in the list wins."""

    template_name = "activities/kind_widget.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.frequent: Sequence[ExchangeKind] = ()
        self.families: Sequence[tuple[str, list[ExchangeKind]]] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        is_frequent = value in {kind.code for kind in self.frequent}
        context["widget"] |= {"frequent": self.frequent, "families": self.families, "is_frequent": is_frequent}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(f"{name}_other") or data.get(name)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_other" if id_ else id_

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class KindField(forms.ModelChoiceField):
    """A kind of exchange by its code; ``offer`` says which stand as buttons for this account."""

    widget = KindWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ExchangeKind.objects.all(), to_field_name="code", **kwargs)

    def offer(self, *, by: User, kept: int | None = None) -> None:
        today = timezone.localdate()
        self.queryset = ExchangeKind.objects.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today) | Q(pk=kept))
        kinds = list(self.queryset)
        self.widget.frequent = frequent_kinds(kinds, by=by)
        ordered = sorted(kinds, key=lambda kind: (_FAMILIES[kind.family], kind.order, kind.pk))
        self.widget.families = [
            (str(ExchangeFamily(family).label), list(members)) for family, members in groupby(ordered, key=lambda kind: kind.family)
        ]


def frequent_kinds(kinds: Iterable[ExchangeKind], *, by: User) -> list[ExchangeKind]:
    """The kinds that the account's own units logged most in the last 365 days, filled up with the usual ones."""
    since = timezone.localdate() - timedelta(days=365)
    logged = Exchange.objects.live().filter(host_unit__in=by.scope.home_unit_ids, starts_on__gte=since)
    counted = logged.order_by().values_list("kind").annotate(times=Count("pk")).order_by("-times", "kind")[:BUTTONS]
    by_pk, by_code = {kind.pk: kind for kind in kinds}, {kind.code: kind for kind in kinds}
    wanted = [by_pk.get(pk) for pk, _times in counted] + [by_code.get(code) for code in USUAL_CODES]
    return list(dict.fromkeys(kind for kind in wanted if kind is not None))[:BUTTONS]


def usual_direction(direction_of_kind: str) -> str:
    """They came, we went, or both, as the kind says."""
    return {"in": Direction.IN, "out": Direction.OUT}.get(direction_of_kind, Direction.MUTUAL)


def usual_sides(family: str, direction: str) -> str:
    """A message that we send is one-sided until it is answered; for all else both sides took part."""
    return Sides.OURS if family == ExchangeFamily.MESSAGE and direction == Direction.OUT else Sides.BOTH
