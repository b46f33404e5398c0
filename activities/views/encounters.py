"""Where a person was met, and by whom of us: a part of the person's page."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse

from activities.choices import ExchangeStatus, Side
from activities.models import Attendance, Exchange
from crm.generic import DetailView
from crm.models import User
from crm.permissions import Permission
from partners.models import Person

SHOWN = 30
SHOWN_COLLEAGUES = 12


@dataclass(frozen=True)
class Acquaintance:
    """A colleague who was present with the person: how often, and when last."""

    colleague: User
    times: int
    last_on: date


class PersonEncounters(DetailView):
    """Exchanges that the person attended, with the title of that day, and the colleagues who were there."""

    permission = Permission.EXCHANGE_VIEW
    model = Person
    template_name = "activities/encounters.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = self.get_object()
        seen = Exchange.objects.visible_to(self.request.user).live()
        attended = Attendance.objects.filter(person=person, exchange__in=seen.values("pk"))
        rows = list(attended.select_related("exchange__kind", "partner").order_by("-exchange__starts_on", "-exchange")[: SHOWN + 1])
        known_by, more = _acquaintances(attended), len(rows) > SHOWN
        return self.show(part="encounters", object=person, rows=rows[:SHOWN], more=more, known_by=known_by)


def _acquaintances(attended: Any) -> list[Acquaintance]:
    """The colleagues named in the exchanges that were held, those who met the person last first. Two queries."""
    held = attended.filter(exchange__status=ExchangeStatus.HELD).values("exchange")
    present = Attendance.objects.filter(exchange__in=held, side=Side.OURS, user__is_active=True)
    met = (
        present.values("user").annotate(times=Count("exchange"), last_on=Max("exchange__starts_on")).order_by("-last_on", "-times", "user")
    )
    counted = list(met[:SHOWN_COLLEAGUES])
    colleagues = User.objects.in_bulk([row["user"] for row in counted])
    return [Acquaintance(colleagues[row["user"]], row["times"], row["last_on"]) for row in counted]
