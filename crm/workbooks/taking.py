"""What a workbook is about: whose it is, when it was taken, and what its cells may name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import Unit, User
from crm.permissions import Permission
from crm.workbooks.cells import RecordCell, RecordsCell
from crm.workbooks.sheets import SHEETS, Nouns, Sheet, Values, Vocabularies
from crm.workbooks.words import Words

# So long a workbook is worth working on; later, too much has changed here meanwhile. It is still read.
MAKES_SENSE_FOR = timedelta(days=30)
# Empty rows that have their key already, so that what is typed into them is found again when the file comes twice.
SPARE_ROWS = 200
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Taken:
    """The label on a workbook. ``workbook``: its own identifier."""

    unit: str
    by: str
    at: datetime
    language: str
    workbook: UUID = field(default_factory=uuid4)

    @property
    def until(self) -> datetime:
        return self.at + MAKES_SENSE_FOR

    def parts(self) -> tuple[str, ...]:
        """What the mark of the workbook is made of."""
        return (str(self.workbook), self.unit, self.by, self.at.isoformat(), self.language)


@dataclass
class SheetContent:
    """A sheet about to be written: records, and their values in the same order."""

    sheet: Sheet
    records: list[Any]
    values: list[Values]


@dataclass
class Content:
    taken: Taken
    sheets: list[SheetContent]
    words: Words


def take(unit: Unit, *, by: User) -> Content:
    """Read everything that the unit's workbook holds, in a few statements for each sheet.

    Raises PermissionDenied outside the account's units, ValidationError where a sheet would be too long.
    """
    check_rights(unit, by=by)
    units = list(Unit.objects.below([unit]))
    words = Words(Vocabularies.read(), Nouns.none())
    contents = []
    for sheet in SHEETS.values():
        records = list(sheet.rows(units, by)[: MOST_ROWS + 1])
        if len(records) > MOST_ROWS:
            message = _(
                "“%(sheet)s” has more than %(limit)s rows: too many for a workbook. Take the workbooks of the units below one by one."
            )
            raise ValidationError(message % {"sheet": sheet.title, "limit": MOST_ROWS}, code="too-many")
        contents.append(SheetContent(sheet, records, sheet.values(records, words)))
    label_records(words, ((content.sheet, content.values) for content in contents))
    language = (translation.get_language() or "vi")[:2]
    return Content(Taken(unit.code, str(by), timezone.now().replace(microsecond=0), language), contents, words)


def check_rights(unit: Unit, *, by: User) -> None:
    """Raise PermissionDenied unless the account may work with the unit's workbooks."""
    if not (by.may(Permission.CONNECTION_VIEW) and by.may(Permission.EXPORT) and by.scope.may_write_for(unit.pk)):
        raise PermissionDenied


def label_records(words: Words, contents: Iterable[tuple[Sheet, Sequence[Mapping[str, Any]]]]) -> None:
    """Give every record that these values name a label, those that have none yet."""
    named: dict[str, dict[str, None]] = {noun: {} for noun in words.records}
    for sheet, rows in contents:
        for column in sheet.columns:
            if not isinstance(column.cell, RecordCell):
                continue
            found = named[column.cell.noun]
            for values in rows:
                value = values.get(column.name)
                found.update(dict.fromkeys(value or ()) if isinstance(column.cell, RecordsCell) else {value: None} if value else {})
    for noun, ids in named.items():
        unknown = [UUID(one) for one in ids if one not in words.records[noun].labels]
        for public_id, label in Nouns.labels[noun](unknown).items():
            words.records[noun].add(public_id, label)
