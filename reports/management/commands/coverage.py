from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from reports.management.arguments import add_as_of, as_json, mistakes_as_messages
from reports.metrics.coverage import CountryCoverage, TierCoverage, coverage
from reports.metrics.days import policy_on
from reports.metrics.documents import coverage_document


class Command(BaseCommand):
    help = "Show every tier as of a day: its countries, what was done with them and how that stands against what is asked."

    def add_arguments(self, parser: CommandParser) -> None:
        add_as_of(parser)
        parser.add_argument("--json", action="store_true", help=_("as JSON"))

    def handle(self, *, as_of: date, json: bool, **options: Any) -> None:
        with mistakes_as_messages():
            tiers = coverage(policy_on(as_of), as_of)
        if json:
            self.stdout.write(as_json(coverage_document(as_of, tiers)))
            return
        for tier in tiers:
            self._show(tier)

    def _show(self, tier: TierCoverage) -> None:
        totals = {"count": len(tier.countries), "active": tier.active_countries, "depth": "–" if tier.depth is None else tier.depth}
        self.stdout.write(f"{tier.tier.code}  {tier.tier.label}")
        self.stdout.write(_("  %(count)d countries, %(active)d active, mean attainment %(depth)s") % totals)
        for row in [*tier.countries, *tier.bloc_members]:
            self.stdout.write(f"    {_line(row)}")


def _line(row: CountryCoverage) -> str:
    attained = "–" if row.required is None else f"{row.done}/{row.required}"
    status = row.status.label if row.status else "–"
    last = row.last_exchange_on.isoformat() if row.last_exchange_on else "–"
    return f"{row.country.alpha2}  {row.country.name:<24} {row.active_partners:>4}  {last:<10}  {attained:>6}  {status}"
