from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import activities.reference
import crm.reference
import partners.reference
from crm.reference.synchronise import InvalidFilesError, Outcome, Read, read_files, synchronise

# Tables come after those they refer to.
TABLES = (*crm.reference.TABLES, *partners.reference.TABLES, *activities.reference.TABLES)


class Command(BaseCommand):
    help = "Bring the tables of countries, tiers, provinces, units, fields and kinds to what the reference files say."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing: validate the files and tell what would change.")

    def handle(self, *args: Any, check: bool = False, verbosity: int = 1, **options: Any) -> None:
        try:
            read = read_files(TABLES)
        except InvalidFilesError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            text = ngettext("%(count)s mistake in the reference files.", "%(count)s mistakes in the reference files.", len(error.problems))
            raise CommandError(text % {"count": len(error.problems)}) from error
        if check:
            self._check(read)
        else:
            for outcome in synchronise(read, write=True):
                if verbosity:
                    self._report(outcome, _("%(file)s: %(created)s created, %(changed)s changed, %(unchanged)s unchanged"))

    def _check(self, read: Read) -> None:
        rows = sum(len(found) for found in read.values())
        self.stdout.write(_("%(files)s reference files with %(rows)s rows are valid.") % {"files": len(read), "rows": rows})
        try:
            outcomes = synchronise(read, write=False)
        except DatabaseError as error:
            self.stdout.write(_("Not compared with a database: %(reason)s") % {"reason": str(error).strip().splitlines()[0]})
            return
        for outcome in outcomes:
            if outcome.created or outcome.changed or outcome.kept or outcome.missing:
                self._report(outcome, _("%(file)s: would create %(created)s, change %(changed)s, leave %(unchanged)s"))

    def _report(self, outcome: Outcome, text: str) -> None:
        counts = {"created": outcome.created, "changed": outcome.changed, "unchanged": outcome.unchanged}
        self.stdout.write(text % {"file": outcome.table.name, **counts})
        for row in outcome.kept:
            self.stdout.write("  " + _("left as the secretariat has it: %(row)s") % {"row": row})
        for row in outcome.missing:
            self.stdout.write("  " + _("not in the file, left as it is: %(row)s") % {"row": row})
        for row in outcome.refused:
            self.stderr.write("  " + _("not written: %(row)s") % {"row": row})
