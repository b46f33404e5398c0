"""What did we know on a day, and what has changed since: totals and figures then and now, and the rows that differ."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from activities.models import Exchange
from crm.columns import Column, day_column, joined, lines, link, rows_as_html, text_column
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.models import User
from crm.permissions import Permission, requires
from partners.models import Partner
from reports.forms.moments import Moment, chosen_moment
from reports.metrics.coverage import CountryCoverage, TierCoverage, coverage
from reports.metrics.engagement import engagement
from reports.metrics.since import ChangedRow, WrittenSince, changes_since
from reports.views.exports import figures_file

SHOWN_FIGURES = 20
SHOWN_ROWS = 50


def _opens(row: ChangedRow) -> SafeString | str:
    """The record, and its versions one click on."""
    if isinstance(row.record, Exchange | Partner):
        noun = "activities:exchange" if isinstance(row.record, Exchange) else "partners:partner"
        versions = link(reverse(f"{noun}-history", args=[row.record.public_id]), _("Versions"))
        return lines([link(row.record.get_absolute_url(), row.record), versions])
    return str(row.record)


def _from_to(row: ChangedRow) -> list[str]:
    return [f"{one.label}: {one.before or '—'} → {one.after or '—'}" for one in row.differences]


COLUMNS: Sequence[Column] = (
    Column("record", gettext_lazy("Record"), _opens, lambda row: str(row.record), heads_row=True),
    text_column("noun", gettext_lazy("Kind of record"), lambda row: row.noun.capitalize()),
    text_column("since", gettext_lazy("What happened"), lambda row: row.since.label),
    Column(
        "differences",
        gettext_lazy("From what to what"),
        lambda row: lines(_from_to(row)),
        lambda row: joined(_from_to(row), separator="; "),
    ),
    text_column("by", gettext_lazy("Who"), lambda row: row.changed_by),
    day_column("on", gettext_lazy("When"), lambda row: row.changed_at and timezone.localdate(row.changed_at)),
)


@dataclass(frozen=True)
class ThenNow:
    """A figure of the same thing, as it was known and as it is known now."""

    then: Any
    now: Any

    @property
    def either(self) -> Any:
        return self.now or self.then

    @property
    def differs(self) -> bool:
        return bool(self.then != self.now)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def known(request: SignedInRequest) -> HttpResponseBase:
    """The page for ``as_of`` and ``known_on``, the end of the last half-year without them; ``export`` gives the rows."""
    half_year = end_of_last_half_year(timezone.localdate())
    try:
        moment = chosen_moment(request.GET, as_of=half_year, known_on=half_year)
    except ValidationError as error:
        written = {name: request.GET.get(name, "") for name in ("as_of", "known_on")}
        return render(request, _template(request), {"mistakes": error.messages, **written}, status=UNPROCESSABLE)
    day = moment.known_on
    if "export" in request.GET:
        rows = changes_since(day, moment.as_of, request.user).rows if day else []
        return figures_file(request, rows, COLUMNS, name=_("Changed since"))
    context: dict[str, Any] = {"moment": moment, "columns": COLUMNS, "most": SHOWN_FIGURES}
    return render(request, _template(request), context | (_compared(moment, day, request.user) if day else {}))


def end_of_last_half_year(today: date) -> date:
    """30 June or 31 December, whichever was last."""
    first = date(today.year, 7, 1) if today.month > 6 else date(today.year, 1, 1)
    return first - timedelta(days=1)


def _template(request: SignedInRequest) -> str:
    return "reports/known.html#result" if is_partial(request) else "reports/known.html"


def _compared(moment: Moment, day: date, reader: User) -> dict[str, Any]:
    """Tiers, countries and partners then and now, one set of figures for all readers; and the rows of this reader."""
    written = WrittenSince(day, reader)
    states_now, tiers_now, touched = written.states(), coverage(moment.policy, moment.as_of), written.partners()
    with moment.reading():
        states_then, tiers_then = written.states(), coverage(moment.policy, moment.as_of)
        touched |= written.partners()
        indices_then = _indices(moment, touched)
    partners = _partners(indices_then, _indices(moment, touched))
    countries = _countries(tiers_then, tiers_now)
    changes = written.compare(states_then, states_now, moment.as_of)
    shown = changes.rows[:SHOWN_ROWS]
    return {
        "changes": changes,
        "shown": shown,
        "body": rows_as_html(shown, COLUMNS),
        "tiers": [ThenNow(then, now) for then, now in zip(tiers_then, tiers_now, strict=True) if then.rows or now.rows],
        "countries": countries[:SHOWN_FIGURES],
        "countries_count": len(countries),
        "different_countries": len({pair.either.country.pk for pair in countries}),
        "held_nothing_then": not any(row.done for tier in tiers_then for row in tier.rows),
        "partners": partners[:SHOWN_FIGURES],
        "partners_count": len(partners),
    }


def _indices(moment: Moment, partner_ids: Collection[int]) -> dict[int, Decimal]:
    return {row.partner_id: row.index(moment.policy) for row in engagement(moment.policy, moment.as_of, partner_ids)}


def _partners(then: dict[int, Decimal], now: dict[int, Decimal]) -> list[tuple[Partner, ThenNow]]:
    """The partners whose index differs, the largest difference first. One query."""
    pairs = {key: ThenNow(then.get(key), now.get(key)) for key in then.keys() | now.keys()}
    moved = {key: pair for key, pair in pairs.items() if pair.differs}
    order = sorted(moved, key=lambda key: (-abs((moved[key].now or 0) - (moved[key].then or 0)), key))
    partners = Partner.objects.select_related("country").in_bulk(order[: SHOWN_FIGURES + 1])
    return [(partners[key], moved[key]) if key in partners else (Partner(pk=key), moved[key]) for key in order]


def _countries(then: Sequence[TierCoverage], now: Sequence[TierCoverage]) -> list[ThenNow]:
    """The countries of which a figure of coverage differs, tier by tier."""
    before, after = _by_member(then), _by_member(now)
    pairs = [ThenNow(before.get(key), after.get(key)) for key in {**after, **before}]
    return [pair for pair in pairs if _shown(pair.then) != _shown(pair.now)]


def _shown(row: CountryCoverage | None) -> tuple[Any, ...] | None:
    """What the page shows of a country."""
    return None if row is None else (row.status, row.done, row.active_partners, row.last_exchange_on, row.level_reached)


def _by_member(tiers: Sequence[TierCoverage]) -> dict[tuple[int, int], CountryCoverage]:
    return {(tier.tier.pk, row.country.pk): row for tier in tiers for row in tier.rows}
