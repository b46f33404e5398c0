"""Who else is meeting the same partner; and how far exchanges lie on few partners, countries and units (M8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm.columns import Column, day_column, number_column, text_column
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Tier
from crm.permissions import Permission, requires
from reports.forms.days import chosen_day
from reports.metrics.collision_pairs import RADAR_DAYS
from reports.metrics.collisions import Radar, Tally
from reports.metrics.concentration import Concentrations, shares
from reports.metrics.coverage import members_on
from reports.metrics.days import refuse_to_come
from reports.views.exports import figures_file

SHOWN = 200
# A file holds so many rows at most; the page says so where there are more.
EXPORTED = 10_000

COLUMNS: Sequence[Column] = (
    text_column("partner", gettext_lazy("Partner"), lambda row: row.partner, heads_row=True),
    text_column("country", gettext_lazy("Country"), lambda row: row.partner.country),
    text_column("first_unit", gettext_lazy("Unit"), lambda row: row.first.unit.name),
    day_column("first_day", gettext_lazy("Day"), lambda row: row.first.on),
    text_column("first_kind", gettext_lazy("Kind"), lambda row: row.first.kind.label),
    text_column("second_unit", gettext_lazy("Other unit"), lambda row: row.second.unit.name),
    day_column("second_day", gettext_lazy("Day of the other"), lambda row: row.second.on),
    text_column("second_kind", gettext_lazy("Kind of the other"), lambda row: row.second.kind.label),
    number_column("days_apart", gettext_lazy("Days apart"), lambda row: row.days_apart),
)


@dataclass(frozen=True)
class TierLine:
    """One tier with its overlap and concentrations; all countries together have no tier."""

    tier: Tier | None
    overlap: int
    concentrations: Concentrations


@require_safe
@requires(Permission.COVERAGE_VIEW)
def collision_list(request: SignedInRequest) -> HttpResponseBase:
    """Collisions that concern the reader's units, all for the centre; below them overlap and concentration of each tier."""
    try:
        as_of = chosen_day(request.GET)
        refuse_to_come(as_of)
    except ValidationError as error:
        mistakes = {"mistakes": error.messages, "as_of": timezone.localdate()}
        return render(request, "reports/collision_list.html", mistakes, status=UNPROCESSABLE)
    radar, wanted = Radar(as_of, request.user), request.GET.get("when", "")
    ahead = {"ahead": True, "held": False}.get(wanted)
    if "export" in request.GET:
        return figures_file(request, radar.rows(EXPORTED, ahead=ahead), COLUMNS, name=_("Collision radar"))
    found = radar.tally()
    total = {None: found.ahead + found.held, True: found.ahead, False: found.held}[ahead]
    context = {
        "as_of": as_of,
        "radar_days": RADAR_DAYS,
        "rows": radar.rows(SHOWN, ahead=ahead, among=total),
        "more": max(min(total, EXPORTED) - SHOWN, 0),
        "left_out": max(total - EXPORTED, 0),
        "exported": EXPORTED,
        "when": wanted,
        "counts": [("ahead", _("One still to come"), found.ahead), ("held", _("Both held"), found.held)],
        "tiers": tier_lines(found, as_of),
    }
    return render(request, "reports/collision_list.html", context)


def tier_lines(found: Tally, as_of: date) -> list[TierLine]:
    """Overlap and concentration of all countries, then of each tier with members on the day. Three queries."""
    read = shares(as_of)
    members: dict[Tier, set[int]] = {}
    for tier, country in members_on(as_of):
        members.setdefault(tier, set()).add(country.pk)
    everywhere = TierLine(None, found.overlap(), read.of(set(read.partners) | set(read.units)))
    of_tiers = [TierLine(tier, found.overlap(countries), read.of(countries)) for tier, countries in members.items()]
    return [everywhere, *of_tiers]
