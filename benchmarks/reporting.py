"""The yearly report of the whole network: its figures, its ledger and its files, and the memory that they take."""

import resource
from datetime import date
from typing import TYPE_CHECKING

from benchmarks.measure import heading, interleaved, line, ms, queries_of
from benchmarks.population import LAST_DAY
from crm.models import Unit
from reports.actions.periodic_papers import paper_of
from reports.choices import PeriodKind
from reports.documents.render import draw
from reports.metrics.periodic.figures import figures_of
from reports.metrics.periodic.ledger import ledger_of
from reports.metrics.periodic.spans import span_of
from reports.models import PeriodicReport

if TYPE_CHECKING:
    from collections.abc import Callable


def run(*, rounds: int) -> None:
    report = _report()
    paper = paper_of(report, today=LAST_DAY)
    ways: dict[str, Callable[[], object]] = {
        "figures of a year beside the year before (goal <= 5 s)": lambda: figures_of(report, today=LAST_DAY),
        "ledger: every row of every figure": lambda: ledger_of(span_of(report, today=LAST_DAY)),
        "both files": lambda: draw(report, paper),
    }
    before = _peak()
    timings = interleaved(ways, rounds=rounds)
    heading("Yearly report of the whole network")
    line("", "median", "statements")
    for name, timing in timings.items():
        line(name, ms(timing.median), str(queries_of(ways[name])))
    line("memory above what was there before", f"{(_peak() - before) / 1024:.0f} MB")


def _report() -> PeriodicReport:
    """The last whole year of the centre with all below it; never stored."""
    year = LAST_DAY.year - 1
    report = PeriodicReport(unit=Unit.objects.get(code="VUFO"), with_below=True, period_kind=PeriodKind.YEAR)
    report.period_from, report.period_to, report.title = date(year, 1, 1), date(year + 1, 1, 1), str(year)
    return report


def _peak() -> int:
    """The most memory that the process has held, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
