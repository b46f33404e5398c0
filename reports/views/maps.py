"""The tile maps: countries by how they are covered, provinces by exchanges, partners met and reporting; a table beside each."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm.columns import Column, day_column, number_column, text_column
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Country
from crm.permissions import Permission, requires
from crm.templatetags.nhipcau import SIGNS
from reports.choices import CoverageStatus
from reports.forms.days import chosen_day
from reports.metrics.completeness import USUAL_PERIOD
from reports.metrics.coverage import CountryCoverage
from reports.metrics.days import policy_on
from reports.metrics.periods import last_over
from reports.metrics.province_figures import PlaceFigures, figures_by_place
from reports.metrics.stored import coverage_on
from reports.metrics.tiles import country_places, extent, province_places
from reports.views.coverage import first_active_day, worst_of_each_country
from reports.views.exports import figures_file

HOME = "VN"
STEP = 32  # of the grid of countries, in units of the picture
WIDE, HIGH = 100, 62  # of a province
LEVELS = ("○", "◔", "◑", "◕", "●")
MEASURES = {
    "exchanges": gettext_lazy("Exchanges in 365 days"),
    "partners": gettext_lazy("Partners met in 365 days"),
    "reporting": gettext_lazy("Reporting"),
}


@dataclass(frozen=True)
class Tile:
    """A square of a map. ``label`` says all of it in words; without ``url`` there is nothing to open."""

    code: str
    label: str
    x: int
    y: int
    tone: str = ""
    sign: str = ""
    url: str = ""
    number: str = ""
    name: str = ""
    lines: tuple[str, ...] = ()


COUNTRY_COLUMNS: Sequence[Column] = (
    text_column("country", gettext_lazy("Country"), lambda row: row.country, heads_row=True),
    text_column("code", gettext_lazy("Code"), lambda row: row.country.alpha2),
    text_column("tier", gettext_lazy("Tier"), lambda row: row.tier),
    text_column("status", gettext_lazy("Status"), lambda row: row.status.label if row.status else ""),
    number_column("done", gettext_lazy("Exchanges in 365 days"), lambda row: row.done),
    number_column("required", gettext_lazy("Asked"), lambda row: row.required),
    day_column("last", gettext_lazy("Last exchange"), lambda row: row.last_exchange_on),
)
PROVINCE_COLUMNS: Sequence[Column] = (
    text_column("province", gettext_lazy("Province"), lambda row: row.own.province, heads_row=True),
    number_column("exchanges", gettext_lazy("Exchanges in 365 days"), lambda row: None if row.is_unknown else row.own.exchanges),
    number_column("partners", gettext_lazy("Partners met in 365 days"), lambda row: None if row.is_unknown else row.own.partners),
    text_column("reporting", gettext_lazy("Reporting"), lambda row: row.reporting.state.label if row.reporting else ""),
    text_column(
        "former", gettext_lazy("Provinces of that day"), lambda row: "; ".join(f"{part.province}: {part.exchanges}" for part in row.former)
    ),
)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def coverage_map(request: SignedInRequest) -> HttpResponseBase:
    """``map`` is countries or provinces; ``tier`` narrows the former, ``show`` says what the latter are coloured by."""
    try:
        as_of = chosen_day(request.GET)
        policy_on(as_of)
    except ValidationError as error:
        return render(
            request, "reports/coverage_map.html", {"mistakes": error.messages, "as_of": timezone.localdate()}, status=UNPROCESSABLE
        )
    return _provinces(request, as_of) if request.GET.get("map") == "provinces" else _countries(request, as_of)


# --- Countries ---------------------------------------------------------------------------------------


def _countries(request: SignedInRequest, as_of: date) -> HttpResponseBase:
    tiers = [tier for tier in coverage_on(as_of) if tier.rows]
    chosen = next((tier for tier in tiers if tier.tier.code == request.GET.get("tier")), None)
    rows = {row.country.pk: row for row in worst_of_each_country([chosen] if chosen else tiers)}
    if "export" in request.GET:
        return figures_file(request, list(rows.values()), COUNTRY_COLUMNS, name=_("Map of countries"))
    columns, lines = extent(country_places())
    counted = Counter(row.status for row in rows.values())
    context = {
        "as_of": as_of,
        "map": "countries",
        "tiers": tiers,
        "chosen": chosen,
        "tiles": country_tiles(rows, as_of),
        "width": columns * STEP,
        "height": lines * STEP,
        "counts": [(status, counted[status]) for status in CoverageStatus if counted[status]],
        "rows": sorted(rows.values(), key=_standing),
        "list_since": first_active_day(as_of),
    }
    return render(request, "reports/coverage_map.html", context)


def _standing(row: CountryCoverage) -> tuple[int, str]:
    return (list(CoverageStatus).index(row.status) if row.status else len(CoverageStatus)), row.country.sort_key


def country_tiles(rows: Mapping[int, CountryCoverage], as_of: date) -> list[Tile]:
    """A tile for every country and bloc that the reference data know. One query."""
    places = country_places()
    countries = [country for country in Country.objects.all() if country.alpha2 in places]
    return [_country_tile(country, rows.get(country.pk), places[country.alpha2], as_of) for country in countries]


def _country_tile(country: Country, row: CountryCoverage | None, place: tuple[int, int], as_of: date) -> Tile:
    x, y = place[0] * STEP, place[1] * STEP
    if country.alpha2 == HOME:
        return Tile(country.alpha2, str(country), x, y, "home", "★")
    if row is None:
        return Tile(country.alpha2, _("%(country)s: in no tier") % {"country": country}, x, y)
    sign, tone = SIGNS[row.status] if row.status else ("·", "")
    words = {
        "country": country,
        "status": row.status.label if row.status else _("nothing asked"),
        "done": row.done,
        "required": row.required,
    }
    asked = row.required is not None
    label = _("%(country)s: %(status)s, %(done)s of %(required)s exchanges") if asked else _("%(country)s: %(status)s, %(done)s exchanges")
    query = {"country": country.alpha2, "since": first_active_day(as_of), "until": as_of, "counted": "true"}
    address = reverse("activities:exchange-list") if row.done else reverse("partners:partner-list")
    url = f"{address}?{urlencode(query if row.done else {'country': country.alpha2})}"
    return Tile(country.alpha2, label % words, x, y, f"in-tier {tone}", sign, url)


# --- Provinces ---------------------------------------------------------------------------------------


def _provinces(request: SignedInRequest, as_of: date) -> HttpResponseBase:
    period = last_over(USUAL_PERIOD, as_of)
    places, totals = figures_by_place(as_of, period)
    if "export" in request.GET:
        return figures_file(request, places, PROVINCE_COLUMNS, name=_("Map of provinces"))
    measure = request.GET.get("show", "exchanges")
    measure = measure if measure in MEASURES else "exchanges"
    columns, lines = extent(province_places())
    context = {
        "as_of": as_of,
        "map": "provinces",
        "measure": measure,
        "measures": list(MEASURES.items()),
        "tiles": province_tiles(places, measure, as_of),
        "width": columns * WIDE,
        "height": lines * HIGH,
        "places": places,
        "totals": totals,
        "period": period,
        "had_others": any(place.former for place in places),
    }
    return render(request, "reports/coverage_map.html", context)


def province_tiles(places: Sequence[PlaceFigures], measure: str, as_of: date) -> list[Tile]:
    """A tile for each province of today, coloured by the measure: by the quarter in which it stands of those with any."""
    where = province_places()
    values = sorted(value for place in places if (value := getattr(place.own, measure, 0)))
    return [
        _province_tile(place, where[place.own.province.slug], measure, values, as_of)
        for place in places
        if place.own.province.slug in where
    ]


def level_of(value: int, values: Sequence[int]) -> int:
    """0 for none; else 1 to 4, by the quarter of the ``values`` above 0, in ascending order, in which it stands."""
    return 1 + (len(LEVELS) - 1) * bisect_left(values, value) // len(values) if value else 0


def _province_tile(place: PlaceFigures, at: tuple[int, int], measure: str, values: Sequence[int], as_of: date) -> Tile:
    province, number, tone = place.own.province, "", "unknown"
    lines: tuple[str, ...] = ()
    if measure == "reporting":
        state = place.reporting.state if place.reporting else None
        sign, tone = SIGNS[state] if state else ("", "")
        shown = str(state.label) if state else _("no union was due")
        lines = (shown,)
    elif place.is_unknown:
        sign, shown = "?", _("no data: nothing on record, no report")
        lines = (_("no data"),)
    else:
        value = getattr(place.own, measure)
        level = level_of(value, values)
        sign, tone, number = LEVELS[level], f"level-{level}", str(value)
        shown = f"{MEASURES[measure]}: {value}"
        lines = tuple(f"{part.province} {getattr(part, measure)}" for part in place.former)
        shown += f" ({', '.join(lines)})" if lines else ""
    query = {"province": place.slugs, "since": first_active_day(as_of), "until": as_of, "counted": "true"}
    url = f"{reverse('activities:exchange-list')}?{urlencode(query, doseq=True)}"
    x, y = at[0] * WIDE, at[1] * HIGH
    return Tile(province.slug, f"{province}: {shown}", x, y, tone, sign, url, number, province.name, lines)
