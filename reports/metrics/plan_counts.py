"""Counting exchanges for the lines of a plan: lines that ask for the same are counted once, all of them in one statement."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from activities.models import Exchange
from crm.models import Country, Field
from reports.metrics.contacts import planned_after
from reports.metrics.country_contacts import Source, fetch, source
from reports.metrics.days import day_number
from reports.metrics.provinces import ProvinceMap
from reports.models import PlanLine

# SQLite takes 500 parts of a compound statement.
SCOPES_AT_ONCE = 200


@dataclass(frozen=True)
class Scope:
    """The days, and what an exchange must meet; ``in_all``: counted over all countries together, not by country."""

    first: date
    last: date
    partner_kind: int | None
    field: int | None
    province: int | None
    in_all: bool


@dataclass
class Counted:
    """By country: different exchanges and the highest level; ``total``: different exchanges of all. A level of -1 is none."""

    done: dict[int, int] = field(default_factory=dict)
    level: dict[int, int] = field(default_factory=dict)
    total: int = 0
    total_level: int = -1


def count_scopes(scopes: Collection[Scope]) -> dict[Scope, Counted]:
    """Count each scope. One statement for two hundred of them, and at most four that read fields, provinces and what is stored."""
    found = {scope: Counted() for scope in scopes}
    ordered = sorted((scope for scope in scopes if scope.first <= scope.last), key=repr)
    if not ordered:
        return found
    facts = source(day_number(min(scope.first for scope in ordered)), day_number(max(scope.last for scope in ordered)))
    masks = field_masks() if any(scope.field for scope in ordered) else {}
    places = _places(ordered)
    for start in range(0, len(ordered), SCOPES_AT_ONCE):
        chunk = ordered[start : start + SCOPES_AT_ONCE]
        statement = " UNION ALL ".join(_select(number, scope, facts, masks, places) for number, scope in enumerate(chunk))
        with connection.cursor() as cursor:
            for number, country_id, done, level in fetch(cursor, statement):
                counted = found[chunk[number]]
                if country_id is None:
                    counted.total, counted.total_level = done, -1 if level is None else level
                else:
                    counted.done[country_id], counted.level[country_id] = done, level
    return found


def field_masks() -> dict[int, int]:
    """The bits that meet each field: its own and those of the fields below it. One query."""
    masks: dict[int, int] = {}
    for pk, parent_id, bit in Field.objects.values_list("pk", "parent", "bit"):
        for place in filter(None, (pk, parent_id)):
            masks[place] = masks.get(place, 0) | 1 << bit
    return masks


def planned_next(lines: Iterable[PlanLine], *, after: date, members: Mapping[int, list[Country]]) -> dict[int, date]:
    """The first planned two-way exchange after the day that meets each line, by line. Three queries at most."""
    lines = list(lines)
    rows = list(
        planned_after(after)
        .order_by("exchange__starts_on", "exchange_id")
        .values_list("exchange", "exchange__starts_on", "partner__country", "partner__kind")[:5000]
    )
    if not rows or not lines:
        return {}
    exchanges = {row[0] for row in rows}
    fields = _links(Exchange.fields.through, "field_id", exchanges) if any(line.field_id for line in lines) else {}
    provinces = _links(Exchange.provinces.through, "province_id", exchanges) if any(line.province_id for line in lines) else {}
    parents = dict(Field.objects.values_list("pk", "parent")) if fields else {}
    found: dict[int, date] = {}
    for line in lines:
        countries = {country.pk for country in members.get(line.tier_id or 0, [])} if line.tier_id else {line.country_id}
        for exchange, day, country, kind in rows:
            named = fields.get(exchange, set())
            if (
                (countries == {None} or country in countries)
                and line.partner_kind_id in (None, kind)
                and (line.field_id is None or line.field_id in named | {parents.get(one) for one in named})
                and (line.province_id is None or line.province_id in provinces.get(exchange, set()))
            ):
                found[line.pk] = day
                break
    return found


def _links(through: type, column: str, exchanges: Collection[int]) -> dict[int, set[int]]:
    linked: dict[int, set[int]] = {}
    for exchange, other in through._default_manager.filter(exchange_id__in=exchanges).values_list("exchange_id", column):  # type: ignore[attr-defined]  # every model has it
        linked.setdefault(exchange, set()).add(other)
    return linked


def _places(scopes: Iterable[Scope]) -> Mapping[int, list[int]]:
    """For each province asked for, all that lie in it on the map of the scope's last day."""
    wanted = {scope.province: scope.last for scope in scopes if scope.province is not None}
    if not wanted:
        return {}
    provinces = ProvinceMap.on(max(wanted.values()))
    return {pk: provinces.parts_of(pk) or [pk] for pk in wanted}


def _select(number: int, scope: Scope, facts: Source, masks: Mapping[int, int], places: Mapping[int, list[int]]) -> str:
    """The SELECT of one scope; whole numbers alone are written into it."""
    conditions = [f"c.day_no BETWEEN {int(day_number(scope.first))} AND {int(day_number(scope.last))}"]
    counts = "counts"
    if scope.partner_kind is not None:
        conditions.append(f"c.partner_kind_id = {int(scope.partner_kind)}")
        counts = "counts_for_kind"
    if scope.field is not None:
        conditions.append(f"(c.field_mask & {int(masks.get(scope.field, 0))}) <> 0")
    if scope.province is not None:
        listed = ", ".join(str(int(pk)) for pk in places[scope.province])
        lies = f"p.exchange_id = c.exchange_id AND p.country_id = c.country_id AND p.province_id IN ({listed})"
        conditions.append(f"EXISTS (SELECT 1 FROM {facts.provinces} AS p WHERE {lies})")  # noqa: S608  (names of our own tables)
    country, group = ("CAST(NULL AS integer)", "") if scope.in_all else ("c.country_id", " GROUP BY c.country_id")
    counted = f"COUNT(DISTINCT CASE WHEN c.{counts} THEN c.exchange_id END)"
    where = " AND ".join(conditions)
    return f"SELECT {number}, {country}, {counted}, MAX(c.level) FROM {facts.countries} AS c WHERE {where}{group}"  # noqa: S608  (names of our own tables)
