"""M9: which units reported for a period, or declared that they had nothing to report, of those that were due."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from activities.choices import ExchangeStatus
from activities.models import Exchange, ExchangeUnit
from crm.choices import Confidentiality, UnitKind
from crm.models import Unit
from reports.choices import PeriodKind, Reporting
from reports.metrics.periods import Period, last_over
from reports.models import IssuedReport, NothingToReport

# Whose report is asked for. Departments work for the centre itself; chapters, and associations under a provincial
# union, report through the unit above them.
REPORTING_KINDS = (UnitKind.PROVINCIAL_UNION, UnitKind.ASSOCIATION)
# What units report by, where nobody says otherwise: figures of coverage name the last quarter that was over.
USUAL_PERIOD = PeriodKind.QUARTER

Interval = tuple[date, date]


@dataclass(frozen=True)
class UnitReporting:
    """How one unit stands. ``on``: its latest exchange in the period, else the day it issued its report or declared.

    ``exchanges``: how many of the period are on record, its own and those of units below it. ``declaration``: what it said
    of just this period, which it may take back. ``units``: the codes of the unit and of all it reports for.
    """

    unit: Unit
    state: Reporting
    units: tuple[str, ...]
    on: date | None = None
    exchanges: int = 0
    declaration: NothingToReport | None = None


@dataclass(frozen=True)
class Completeness:
    """Of the units due for ``[period_from, period_to)``: who reported, who had nothing to report, who is silent, as of a day."""

    period_from: date
    period_to: date
    as_of: date
    rows: tuple[UnitReporting, ...]

    @property
    def due(self) -> int:
        return len(self.rows)

    @property
    def reported(self) -> int:
        return self.count(Reporting.REPORTED)

    @property
    def declared(self) -> int:
        return self.count(Reporting.DECLARED)

    @property
    def answered(self) -> int:
        """Units that reported or declared: what M9 holds against those due."""
        return self.reported + self.declared

    @property
    def silent(self) -> list[Unit]:
        return [row.unit for row in self.rows if row.state == Reporting.SILENT]

    def count(self, state: Reporting) -> int:
        return sum(1 for row in self.rows if row.state == state)

    def of_kind(self, kind: UnitKind) -> "Completeness":
        """The same for the units of one kind."""
        return Completeness(self.period_from, self.period_to, self.as_of, tuple(row for row in self.rows if row.unit.kind == kind))


def completeness_of(period: Period, as_of: date) -> Completeness:
    return completeness(period.start, period.end, as_of)


def usual_completeness(as_of: date) -> tuple[Period, Completeness]:
    """What stands beside figures of the day: the last quarter that was over by then."""
    period = last_over(USUAL_PERIOD, as_of)
    return period, completeness_of(period, as_of)


def completeness(period_from: date, period_to: date, as_of: date) -> Completeness:
    """Return how every unit that was due for ``[period_from, period_to)`` stood on the day. Five queries.

    *Reported*: an exchange held in the period is on record, of the unit or of one below it, as host or together with
    others; or reports that it issued cover the period. *Declared*: it said that it had nothing to report, for all of the
    period that no report covers. *Silent*: neither. Restricted exchanges count in no figure, so in this one neither.
    """
    units, due = _units(period_from, period_to, as_of)
    by_code = {unit.code: unit.pk for unit in due}
    homes = {unit.pk: by_code[code] for unit in units for code in unit.path.split("/") if code in by_code}
    exchanges = _exchanges(period_from, period_to, as_of, homes)
    reports = _reports(period_from, period_to, as_of)
    declarations = _declarations(period_from, period_to, as_of)
    codes: dict[int, list[str]] = defaultdict(list)
    for unit in units:
        codes[homes.get(unit.pk, 0)].append(unit.code)
    wanted = (period_from, period_to)
    rows = (
        UnitReporting(unit, units=tuple(codes[unit.pk]), **_stands(wanted, exchanges.get(unit.pk), reports[unit.pk], declarations[unit.pk]))
        for unit in due
    )
    return Completeness(period_from, period_to, as_of, tuple(rows))


def is_due(unit: Unit) -> bool:
    """Whether the unit is of those that report by themselves. Asks for its parent."""
    return unit.kind in REPORTING_KINDS and (unit.parent is None or unit.parent.kind not in REPORTING_KINDS)


def with_those_below(unit: Unit) -> QuerySet[Unit]:
    """The unit and all for which it reports."""
    return Unit.objects.below([unit])


def exchanges_of(units: Iterable[Any], period_from: date, period_to: date) -> Any:
    """Exchanges held in the period by one of the units, as host or together with others."""
    return Exchange.objects.live().filter(status=ExchangeStatus.HELD, starts_on__gte=period_from, starts_on__lt=period_to).of_units(units)


def _units(period_from: date, period_to: date, as_of: date) -> tuple[list[Unit], list[Unit]]:
    """Return all units, and those due: such as existed on some day of the period up to T. One query."""
    units = list(Unit.objects.select_related("parent", "province").order_by("path"))
    until = min(period_to, as_of + timedelta(days=1))
    return units, [unit for unit in units if is_due(unit) and _existed(unit, period_from, until)]


def _existed(unit: Unit, since: date, until: date) -> bool:
    return (unit.valid_from is None or unit.valid_from < until) and (unit.valid_to is None or unit.valid_to > since)


def _exchanges(period_from: date, period_to: date, as_of: date, homes: Mapping[int, int]) -> dict[int, tuple[int, date]]:
    """Return unit due → how many exchanges of the period are on record, and the day of the last. Two queries.

    One that two units below the same unit held together is counted with each: the number says that there is something.
    """
    held = {"exchange__status": ExchangeStatus.HELD, "exchange__archived_at": None}
    days = {"exchange__starts_on__gte": period_from, "exchange__starts_on__lt": period_to, "exchange__starts_on__lte": as_of}
    open_rows = ~Q(exchange__confidentiality=Confidentiality.RESTRICTED)
    together = ExchangeUnit.objects.filter(open_rows, **held, **days).order_by()
    hosted = Exchange.objects.live().filter(status=ExchangeStatus.HELD, starts_on__gte=period_from, starts_on__lt=period_to)
    hosted = hosted.filter(starts_on__lte=as_of).exclude(confidentiality=Confidentiality.RESTRICTED).order_by()
    found: dict[int, tuple[int, date]] = {}
    for unit_id, count, last in (
        *hosted.values_list("host_unit").annotate(Count("pk"), Max("starts_on")),
        *together.values_list("unit").annotate(Count("pk"), Max("exchange__starts_on")),
    ):
        if (home := homes.get(unit_id)) is not None:
            counted, latest = found.get(home, (0, last))
            found[home] = (counted + count, max(latest, last))
    return found


def _reports(period_from: date, period_to: date, as_of: date) -> Mapping[int, list[tuple[Interval, date]]]:
    """Return unit → the periods of its issued reports that touch the period, each with the day of issue. One query.

    What a directive asked for tells of one subject only, so it reports for no period.
    """
    issued = IssuedReport.objects.filter(
        report__archived_at=None, report__directive=None, report__period_from__lt=period_to, report__period_to__gt=period_from,
        issued_at__lt=_end_of(as_of),
    ).order_by("issued_at", "pk")  # fmt: skip
    found: dict[int, list[tuple[Interval, date]]] = defaultdict(list)
    for unit_id, start, end, at in issued.values_list("report__unit", "report__period_from", "report__period_to", "issued_at"):
        found[unit_id].append(((start, end), timezone.localtime(at).date()))
    return found


def _declarations(period_from: date, period_to: date, as_of: date) -> Mapping[int, list[NothingToReport]]:
    """Return unit → what it declared by T for days of the period, and had not taken back by then. One query."""
    end_of_day = _end_of(as_of)
    said = NothingToReport.objects.filter(period_from__lt=period_to, period_to__gt=period_from, created_at__lt=end_of_day)
    found: dict[int, list[NothingToReport]] = defaultdict(list)
    for row in said.filter(Q(archived_at=None) | Q(archived_at__gte=end_of_day)).order_by("period_from", "pk"):
        found[row.unit_id].append(row)
    return found


def _stands(
    wanted: Interval, exchanges: tuple[int, date] | None, reports: list[tuple[Interval, date]], declarations: list[NothingToReport]
) -> dict[str, Any]:
    """How a unit stands that has these exchanges, issued reports and declarations, in the words of ``UnitReporting``."""
    exact = next((row for row in declarations if (row.period_from, row.period_to) == wanted), None)
    if exchanges:
        return {"state": Reporting.REPORTED, "on": exchanges[1], "exchanges": exchanges[0], "declaration": exact}
    written = [interval for interval, _day in reports]
    if _cover(wanted, written):
        return {"state": Reporting.REPORTED, "on": reports[-1][1], "declaration": exact}
    if declarations and _cover(wanted, [*written, *((row.period_from, row.period_to) for row in declarations)]):
        said_on = max(timezone.localtime(row.created_at).date() for row in declarations)
        return {"state": Reporting.DECLARED, "on": said_on, "declaration": exact}
    return {"state": Reporting.SILENT}


def _cover(wanted: Interval, given: Iterable[Interval]) -> bool:
    """Whether the half-open intervals together hold every day of the one wanted."""
    reached = wanted[0]
    for start, end in sorted(given):
        if start > reached:
            return False
        reached = max(reached, end)
    return reached >= wanted[1]


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
