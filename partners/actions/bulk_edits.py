"""What may be done to many partners, or people, at once."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.bulk_operations import AddLinks, BulkRun, Operation, RemoveLinks, SetColumn
from crm.models import Unit, User
from partners.choices import StewardRole
from partners.models import Partner, Person, Stewardship


class GiveLead(Operation):
    """Make a unit, perhaps with an officer by name, lead steward from today. The value is the pair of both."""

    shows = ("stewardships__unit", "stewardships__officer")

    def differs(self, value: tuple[Unit, User | None]) -> Q:
        unit, officer = value
        kept_so = Stewardship.objects.current().filter(role=StewardRole.LEAD, unit=unit)
        return ~Q(pk__in=(kept_so.filter(officer=officer) if officer else kept_so).values("partner"))

    def refuses(self, value: tuple[Unit, User | None], *, by: User) -> list[tuple[Q, str]]:
        ahead = Stewardship.objects.live().filter(Q(role=StewardRole.LEAD) | Q(unit=value[0]), valid_from__gt=timezone.localdate())
        return [(Q(pk__in=ahead.values("partner")), _("another keeper is entered for a later day"))]

    def follow(self, run: BulkRun, rows: Sequence[Partner], value: tuple[Unit, User | None]) -> None:
        unit, officer = value
        today = timezone.localdate()
        kept = Stewardship.objects.current().filter(partner__in=rows)
        ending = list(kept.filter(Q(role=StewardRole.LEAD) | Q(unit=unit)))
        # What began today never held for a day, so it goes out of use instead of ending before it began.
        begun_today = [row for row in ending if row.valid_from == today]
        run.change([row for row in ending if row.valid_from != today], lambda row: setattr(row, "valid_to", today))
        run.archive(begun_today)
        run.create([Stewardship(partner=row, unit=unit, officer=officer, role=StewardRole.LEAD, valid_from=today) for row in rows])

    def write(self, value: tuple[Unit, User | None]) -> list[int | None]:
        return [value[0].pk, value[1].pk if value[1] else None]

    def read(self, written: Any) -> tuple[Unit, User | None]:
        unit, officer = written
        return Unit.objects.get(pk=unit), User.objects.get(pk=officer) if officer else None

    def show(self, row: Any) -> str:
        today = timezone.localdate()
        held = [keeper for keeper in row.stewardships.all() if keeper.role == StewardRole.LEAD and _holds(keeper, today)]
        return ", ".join(_keeper(keeper.unit, keeper.officer) for keeper in held) or "—"

    def show_after(self, row: Any, value: tuple[Unit, User | None]) -> str:
        return _keeper(*value)


def _holds(keeper: Stewardship, day: date) -> bool:
    begun = keeper.valid_from is None or keeper.valid_from <= day
    return begun and not keeper.is_archived and (keeper.valid_to is None or keeper.valid_to > day)


def _keeper(unit: Unit, officer: User | None) -> str:
    return f"{unit.display}, {officer}" if officer else unit.display


PARTNER_OPERATIONS: tuple[Operation, ...] = (
    SetColumn("status", gettext_lazy("Status"), Partner.status),
    SetColumn("kind", gettext_lazy("Kind"), Partner.kind),
    SetColumn("country", gettext_lazy("Country"), Partner.country),
    SetColumn("verified_on", gettext_lazy("Verified on"), Partner.verified_on),
    AddLinks.of("fields_add", gettext_lazy("Add fields of cooperation"), Partner.fields),
    RemoveLinks.of("fields_remove", gettext_lazy("Take fields of cooperation away"), Partner.fields),
    GiveLead("lead", gettext_lazy("Kept by")),
)

PERSON_OPERATIONS: tuple[Operation, ...] = (
    SetColumn("purpose", gettext_lazy("Kept for"), Person.purpose),
    SetColumn("review_on", gettext_lazy("Review whether still needed on"), Person.review_on),
    SetColumn("confidentiality", gettext_lazy("Who may see"), Person.confidentiality),
    SetColumn("country", gettext_lazy("Country"), Person.country),
)
