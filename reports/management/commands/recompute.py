from datetime import date
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from reports.actions.snapshots import take_snapshots
from reports.management.arguments import add_as_of, mistakes_as_messages


class Command(BaseCommand):
    help = "Compute and store the figures of all partners and countries as of a day."

    def add_arguments(self, parser: CommandParser) -> None:
        add_as_of(parser)

    def handle(self, *, as_of: date, **options: Any) -> None:
        started = perf_counter()
        with mistakes_as_messages():
            taken = take_snapshots(as_of)
        self.stdout.write(
            _("%(day)s, policy %(policy)s: %(partners)d partners and %(countries)d countries in tiers stored in %(seconds).1f s.")
            % {
                "day": as_of.isoformat(),
                "policy": taken.policy.code,
                "partners": taken.partners,
                "countries": taken.countries,
                "seconds": perf_counter() - started,
            }
        )
