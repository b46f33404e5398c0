"""Import a list of partners from the command line; without --apply only tell what would happen."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.audit import record_event
from crm.choices import AuditVerb, Role
from crm.lookup import CountryIndex
from crm.models import Country, Membership, Unit, User
from crm.tabular import Examined, Table, TabularError, examine, find_layout, open_source
from partners.actions.import_plans import ImportRun, plan_partners
from partners.actions.import_reports import ImportReport
from partners.actions.imports import close_change_set, import_partners, open_change_set
from partners.lookup import PartnerKindIndex
from partners.models import PartnerKind
from partners.resources import PartnerResource, guess_mapping
from partners.tasks import chunks

CENTRE_CODE = "VUFO"
PROGRAM_ACCOUNT = "import"


class Command(BaseCommand):
    help = (
        "Import partners from a CSV or XLSX file. Without --apply nothing is written. "
        f"Fields: {', '.join(PartnerResource.labels)}. Without --map the columns are guessed by their headers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help="Which column fills which field; repeat it.")
        parser.add_argument("--kind", metavar="CODE", help="Kind of partner for rows that do not say.")
        parser.add_argument("--country", metavar="CODE", help="Two-letter code of the country for rows that do not say.")
        parser.add_argument("--unit", default=CENTRE_CODE, metavar="CODE", help="Unit that keeps the partners (the centre).")
        parser.add_argument("--by", metavar="USERNAME", help="In whose name (a program account of the centre).")
        parser.add_argument("--sheet", metavar="NAME", help="Sheet of the workbook (the first that is not hidden).")
        parser.add_argument(
            "--convert", action="store_true", help="Convert columns in former fonts (TCVN3, VNI) as the refusal shows them."
        )
        parser.add_argument("--message", default="", help="What this import is, for the change set.")
        parser.add_argument("--apply", action="store_true", help="Write the partners.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with file.open("rb") as content:
                table = _table(content, sheet=options["sheet"], convert=options["convert"])
                mapping = _mapping(options["map"], table)
                with transaction.atomic():
                    report = self._run(table, mapping, name=file.name, **options)
                    transaction.set_rollback(not options["apply"])
        except OSError as error:
            raise CommandError(_("The file %(file)s cannot be opened: %(reason)s") % {"file": file, "reason": error.strerror}) from error
        except TabularError as error:
            raise CommandError(f"{file}: {error}") from error
        except PermissionDenied as error:
            raise CommandError(_("The account may not import partners for this unit.")) from error
        self._print(report, as_json=options["json"])

    def _run(self, table: Table, mapping: dict[str, str], *, name: str, **options: Any) -> ImportReport:
        unit = _one(Unit, "code", options["unit"])
        by = _one(User, "username", options["by"]) if options["by"] else _program_account()
        run = ImportRun(
            unit=unit,
            kind=_one(PartnerKind, "code", options["kind"]) if options["kind"] else None,
            country=_one(Country, "alpha2", options["country"]) if options["country"] else None,
            source=name,
        )
        if options["apply"]:
            run.change_set = open_change_set(by=by, unit=unit, message=options["message"] or name)
        resource = PartnerResource(mapping, countries=CountryIndex(), kinds=PartnerKindIndex())
        report = ImportReport(resource.column_of)
        act = import_partners if options["apply"] else plan_partners
        for chunk in chunks(resource.rows(table)):
            report.add(act(chunk, by=by, run=run))
        if run.change_set is not None:
            close_change_set(run.change_set, counts=report.totals())
            record_event(AuditVerb.IMPORTED, by=by, file=name, unit=unit.code, counts=report.totals())
        return report

    def _print(self, report: ImportReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
            return
        totals = report.totals()
        message = _(
            "%(rows)d rows: %(created)d created, %(updated)d updated, %(unchanged)d unchanged, "
            "%(refused)d refused, %(duplicates)d likely duplicates"
        )
        self.stdout.write(message % totals)
        for error in report.errors:
            self.stdout.write(_("row %(row)d, %(column)s, “%(value)s”: %(message)s") % error)


def _table(content: IO[bytes], *, sheet: str | None, convert: bool) -> Table:
    """Open the list as it is best read. Raises TabularError for columns in a former font, unless they are to be converted."""
    source = open_source(content)
    if sheet is not None and sheet not in {each.name for each in source.sheets}:
        names = ", ".join(each.name for each in source.sheets)
        raise CommandError(_("There is no sheet “%(sheet)s”; there are %(names)s.") % {"sheet": sheet, "names": names})
    examined = examine(source, find_layout(source, sheet=sheet))
    if examined.former and not convert:
        raise TabularError("former_font", _former(examined))
    return Table(source, replace(examined.layout, codings={column.column: column.coding for column in examined.former}))


def _former(examined: Examined) -> str:
    lines = [f"{column.column}: {before} → {after}" for column in examined.former for before, after in column.samples[:2]]
    return "\n".join([_("Columns are written in a former font. Give --convert when this is how they read:"), *lines])


def _mapping(pairs: list[str], table: Table) -> dict[str, str]:
    """Return column → field from ``COLUMN=FIELD`` pairs. Raises CommandError naming what is unknown or missing."""
    if not pairs:
        mapping = guess_mapping(PartnerResource, table.columns)
    else:
        mapping = {}
        for pair in pairs:
            column, separator, name = (part.strip() for part in pair.rpartition("="))
            if not separator or name not in PartnerResource.labels:
                raise CommandError(
                    _("“%(pair)s” is no COLUMN=FIELD; the fields are %(fields)s.")
                    % {"pair": pair, "fields": ", ".join(PartnerResource.labels)}
                )
            if column not in table.columns:
                raise CommandError(
                    _("The file has no column “%(column)s”; it has %(columns)s.") % {"column": column, "columns": ", ".join(table.columns)}
                )
            if name in mapping.values():
                raise CommandError(_("Two columns are given the field “%(field)s”.") % {"field": name})
            mapping[column] = name
    if "name" not in mapping.values():
        raise CommandError(
            _("No column holds the name. Say which: --map COLUMN=name. The columns are %(columns)s.")
            % {"columns": ", ".join(table.columns)}
        )
    return mapping


def _one(model: Any, field: str, value: str) -> Any:
    found = model.objects.filter(**{f"{field}__iexact": value}).first()
    if found is None:
        raise CommandError(_("There is no %(what)s “%(value)s”.") % {"what": model._meta.verbose_name, "value": value})
    return found


def _program_account() -> User:
    """Return the account in whose name the command imports: a program of the centre that nobody can sign in to."""
    account, is_new = User.objects.get_or_create(username=PROGRAM_ACCOUNT, defaults={"full_name": "import_partners", "is_program": True})
    if is_new:
        account.set_unusable_password()
        account.save(update_fields=["password"])
        Membership.objects.create(user=account, unit=_one(Unit, "code", CENTRE_CODE), role=Role.OFFICER, valid_from=timezone.localdate())
    return account
