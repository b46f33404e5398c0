"""All figures of a report: this period, the one before and the same a year ago, side by side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, Max, Q, QuerySet, Sum, When
from django.utils.translation import gettext_lazy as _

from crm.models.records import reads_english
from reports.metrics.completeness import completeness
from reports.metrics.periodic.breakdowns import BREAKDOWNS, BY_CODE, Breakdown, Key, days_of
from reports.metrics.periodic.catalogue import FIGURES, GROUPS, Figure, Group, Measure
from reports.metrics.periodic.labels import in_both_languages
from reports.metrics.periodic.lines import (
    BEFORE,
    NOW,
    YEAR_BEFORE,
    Column,
    Figures,
    Line,
    LineGroup,
    NamedAgreement,
    Reported,
)
from reports.metrics.periodic.nouns import MODELS
from reports.metrics.periodic.sources import HAPPENINGS, Source, agreements_signed
from reports.metrics.periodic.spans import Span, before, span_of, year_before
from reports.metrics.stored import coverage_on
from reports.models import PeriodicReport

if TYPE_CHECKING:
    from django.utils.functional import Promise

LONGEST_KEY = 10


def figures_of(report: PeriodicReport, *, today: date) -> Figures:
    """Compute the report's figures from the records as they stand. About forty queries for each column, whatever the number of rows.

    Raises ValidationError for a period that has not begun: a figure states what was.
    """
    span = span_of(report, today=today)
    if span.start > today:
        raise ValidationError(
            _("The period begins on %(day)s. Figures are given of what was, up to today only."),
            code="future",
            params={"day": span.start.strftime("%d/%m/%Y")},
        )
    columns = columns_of(report, span)
    spans = [span, *(span.at(column.start, column.end) for column in columns[1:])]
    values = [values_of(each) for each in spans]
    is_whole = span.unit_ids is None and span.directive_id is None
    groups = [_group(group, values, span) for group in GROUPS]
    groups += [found for breakdown in BREAKDOWNS if (found := _breakdown(breakdown, spans)).lines]
    return Figures(
        columns=columns,
        groups=(*groups, *(_coverage(spans) if is_whole else ())),
        agreements=tuple(_named(agreements_signed(span))),
        completeness=_completeness(span) if is_whole else None,
        has_data=any(values[0][code] for code, figure in FIGURES.items() if figure.source in HAPPENINGS),
    )


def columns_of(report: PeriodicReport, span: Span) -> tuple[Column, ...]:
    """This period, the one before, and the same a year ago where that is another one."""
    columns = [Column(*in_both_languages(_("This period")), NOW, span.start, span.end)]
    for code, words, days in ((BEFORE, _("Last period"), before(report)), (YEAR_BEFORE, _("A year ago"), year_before(report))):
        if days is not None and days not in [(column.start, column.end) for column in columns]:
            columns.append(Column(*in_both_languages(words), code, *days))
    return tuple(columns)


def values_of(span: Span) -> dict[str, int | None]:
    """Return figure → its value in the span; None where nothing of its kind was on record. A few queries for each source."""
    found: dict[str, int | None] = {}
    for source, figures in _by_source():
        if not source.known(span).exists():
            found |= {figure.code: None for figure in figures}
            continue
        rows = source.rows(span).order_by()
        of_countries = [figure for figure in figures if figure.measure == Measure.COUNTRIES]
        found |= rows.aggregate(**{figure.code: _aggregate(figure) for figure in figures if figure not in of_countries})
        found |= _countries(span, rows, of_countries)
    return found


def rows_of(code: str, span: Span) -> tuple[str, QuerySet[Any]]:
    """Return the noun and the rows that a figure counts, such as ``delegations_out`` or ``country:12``.

    Raises KeyError for a code that no figure has.
    """
    if code in FIGURES:
        figure = FIGURES[code]
        return figure.source.noun, figure.source.rows(span).filter(figure.condition)
    breakdown_code, _colon, key = code.partition(":")
    breakdown = BY_CODE[breakdown_code]
    rows: Any = MODELS[breakdown.noun]._default_manager
    chosen = Q(pk__in=[])
    for pairs in breakdown.pairs(span):
        chosen |= Q(pk__in=pairs.filter(key=_key(key)).values("row"))
    return breakdown.noun, rows.filter(chosen)


def label_of(code: str, span: Span) -> str:
    """The name of a figure in the language of the reader. Raises KeyError for a code that no figure has."""
    if code in FIGURES:
        return str(FIGURES[code].label)
    breakdown_code, _colon, key = code.partition(":")
    breakdown = BY_CODE[breakdown_code]
    named = breakdown.rows(span, {_key(key)})
    if not named:
        raise KeyError(code)
    return f"{breakdown.label}: {named[0].name_en if reads_english() else named[0].name_vi}"


def _key(text: str) -> Key:
    """An id, or the name of a region. Raises KeyError for what is neither: databases choke on it."""
    if text.isdecimal() and len(text) <= LONGEST_KEY:
        return int(text)
    if text and not text.replace(" ", "").isalpha():
        raise KeyError(text)
    return text


def _by_source() -> list[tuple[Source, list[Figure]]]:
    found: dict[int, tuple[Source, list[Figure]]] = {}
    for figure in FIGURES.values():
        found.setdefault(id(figure.source), (figure.source, []))[1].append(figure)
    return list(found.values())


def _aggregate(figure: Figure) -> Any:
    condition = figure.condition or None
    return Sum("people_count", filter=condition) if figure.measure == Measure.PEOPLE else Count("pk", filter=condition)


def _countries(span: Span, rows: QuerySet[Any], figures: Sequence[Figure]) -> dict[str, int]:
    """Figure → how many different countries of partners its exchanges have. One query for all of them."""
    if not figures:
        return {}
    wanted = reduce(or_, (figure.condition for figure in figures))
    marks = {figure.code: Max(Case(When(figure.condition, then=1), default=0)) for figure in figures}
    parts = rows.filter(wanted, participations__day_no__range=days_of(span), participations__partner__country__isnull=False)
    countries = list(parts.values("participations__partner__country").annotate(**marks).values(*marks))
    return {figure.code: sum(country[figure.code] for country in countries) for figure in figures}


def _group(group: Group, values: Sequence[Mapping[str, int | None]], span: Span) -> LineGroup:
    lines = tuple(
        Line(
            *in_both_languages(figure.label),
            code=figure.code,
            values=tuple(column[figure.code] for column in values),
            depth=int(figure.is_part),
            unknown=_unknown(figure, span) if values[0][figure.code] is not None else 0,
            opens=figure.measure != Measure.COUNTRIES or values[0][figure.code] is not None,
        )
        for figure in group.figures
    )
    return LineGroup(*in_both_languages(group.label), group.code, lines)


def _unknown(figure: Figure, span: Span) -> int:
    """How many rows of a sum of people give no number."""
    if figure.measure != Measure.PEOPLE:
        return 0
    return figure.source.rows(span).filter(figure.condition, people_count__isnull=True).count()


def _breakdown(breakdown: Breakdown, spans: Sequence[Span]) -> LineGroup:
    counts = [breakdown.counts(span) for span in spans]
    parts = [breakdown.parts.counts(span) for span in spans] if breakdown.parts else []
    lines = []
    for row in breakdown.rows(spans[0], {key for column in counts for key in column}):
        lines.append(_line(breakdown, row, counts))
        if breakdown.parts:
            below = {key for column in parts for key in column if breakdown.above(spans[0], key) == row.key}
            lines += [_line(breakdown.parts, part, parts, depth=1) for part in breakdown.parts.rows(spans[0], below)]
    return LineGroup(*in_both_languages(breakdown.label), breakdown.code, tuple(lines), is_breakdown=True)


def _line(breakdown: Breakdown, row: Any, counts: Sequence[Mapping[Key, int]], *, depth: int = 0) -> Line:
    # A column without any row at all has no data; one that has some really had none under this key.
    values = tuple(column.get(row.key, 0) if column else None for column in counts)
    return Line(row.name_vi, row.name_en, f"{breakdown.code}:{row.key}", values, depth)


def _coverage(spans: Sequence[Span]) -> tuple[LineGroup, ...]:
    """M8 of the tiers at the end of each column: countries with an active partner, and the mean attainment."""
    columns = [{tier.tier.pk: tier for tier in _tiers(span.day)} for span in spans]
    breadth, depth = [], []
    for pk, tier in columns[0].items():
        if tier.countries:
            found = [column.get(pk) for column in columns]
            named, code = (tier.tier.label_vi, tier.tier.label_en), tier.tier.code
            active = tuple(one.active_countries if one else None for one in found)
            whole = tuple(len(one.countries) if one else None for one in found)
            shares = tuple(None if one is None or one.depth is None else int(one.depth * 100 + Decimal("0.5")) for one in found)
            breadth.append(Line(*named, f"breadth:{code}", active, of=whole, opens=False))
            depth.append(Line(*named, f"depth:{code}", shares, is_share=True, opens=False))
    groups: tuple[tuple[str, str | Promise, list[Line]], ...] = (
        ("breadth", _("Coverage of the tiers: countries with an active partner"), breadth),
        ("depth", _("Coverage of the tiers: share attained of what was asked"), depth),
    )
    return tuple(LineGroup(*in_both_languages(label), code, tuple(lines), is_breakdown=True) for code, label, lines in groups if lines)


def _tiers(day: date) -> Iterable[Any]:
    try:
        return coverage_on(day)
    except ValidationError:  # Before the first policy version nothing was asked.
        return ()


def _completeness(span: Span) -> Reported:
    found = completeness(span.start, span.end, span.day)
    return Reported(found.due, found.reported, found.declared, tuple(unit.display for unit in found.silent))


def _named(rows: QuerySet[Any]) -> list[NamedAgreement]:
    shown = rows.select_related("kind").prefetch_related("parties__unit", "parties__province", "parties__partner")
    return [
        NamedAgreement(
            row.pk, row.title, row.kind.label_vi, row.kind.label_en, row.level, row.signed_on, "; ".join(map(str, row.parties.all()))
        )
        for row in shown.order_by("level", "signed_on", "id")
    ]
