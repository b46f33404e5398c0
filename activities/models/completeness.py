"""How complete the record of an exchange is: of the parts that are asked of its kind, how many it has.

Partner, kind and day are always there and count as one part each. Beside them are asked: what came of it (outcome or
summary), how many or who was there, where it was, and its fields. A letter is whole by itself, an online meeting has
no place. docs/logging-grammar.md tells it to staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activities.choices import ExchangeFamily

ALWAYS_THERE = 3
_ONLINE = "ONLINE_MEETING"


@dataclass(frozen=True)
class Part:
    """A part of the record. ``given`` and ``asked`` are conditions on an exchange; ``fields`` of the form supply it."""

    code: str
    label: str | Promise
    given: Combinable | Q
    asked: Q
    fields: tuple[str, ...]


def parts() -> tuple[Part, ...]:
    """The parts beside partner, kind and day, in the order in which a form asks for them."""
    from activities.models.exchanges import Attendance, Exchange

    no_message = ~Q(kind__family=ExchangeFamily.MESSAGE)
    present = Exists(Attendance.objects.filter(exchange=OuterRef("pk")))
    in_province = Exists(Exchange.provinces.through.objects.filter(exchange=OuterRef("pk")))
    with_field = Exists(Exchange.fields.through.objects.filter(exchange=OuterRef("pk")))
    return (
        Part("outcome", _("what came of it"), ~Q(outcome="") | ~Q(summary=""), no_message, ("outcome",)),
        Part("people", _("who or how many were there"), Q(people_count__isnull=False) | present, no_message, ("people_count",)),
        Part(
            "place",
            _("where it was"),
            ~Q(place="") | Q(country__isnull=False) | in_province,
            no_message & ~Q(kind__code=_ONLINE),
            ("place", "provinces"),
        ),
        Part("fields", _("fields of cooperation"), Q(with_field), no_message, ("fields",)),
    )


def incomplete() -> Q:
    """Exchanges to which a part is missing that is asked of their kind."""
    condition = Q()
    for part in parts():
        condition |= part.asked & ~Q(part.given)
    return condition


@dataclass(frozen=True)
class Completeness:
    """``missing``: the parts that are asked and not there."""

    asked: int
    missing: tuple[Part, ...]

    @property
    def percent(self) -> int:
        whole = ALWAYS_THERE + self.asked
        return 100 * (whole - len(self.missing)) // whole


def completeness_of(row: Mapping[str, Any]) -> Completeness:
    """Read the columns that ``ExchangeQuerySet.with_completeness`` adds: ``asks_…`` and ``has_…`` by the code of the part."""
    asked = [part for part in parts() if row[f"asks_{part.code}"]]
    return Completeness(len(asked), tuple(part for part in asked if not row[f"has_{part.code}"]))
