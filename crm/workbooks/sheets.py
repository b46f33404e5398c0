"""The sheets of a workbook, one for each noun. Each app registers its own; who reads or writes a workbook asks for all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from crm.models import Unit, User
from crm.models.records import Record
from crm.workbooks.cells import Cell
from crm.workbooks.words import References, Vocabulary, Words

Values = dict[str, Any]
SHEETS: dict[str, "Sheet"] = {}


@dataclass(frozen=True)
class SheetColumn:
    """A column: the name that the body of the API has for it, what people call it, and what its cells are.

    ``tells_apart``: by it people know which row is which. ``is_needed``: no record without it.
    """

    name: str
    label: str | Promise
    cell: Cell
    tells_apart: bool = False
    is_needed: bool = False
    hint: str | Promise = ""


@dataclass(frozen=True)
class Link:
    """Rows that hang on a record and change with it, noted so that a change can be taken back. ``to``: their key to it."""

    model: type[Model]
    to: str


class Sheet:
    """What one noun puts into a workbook and takes out of it. Values are those of the API: codes, identifiers, ISO days.

    ``noun``: under which cells of other sheets name its records, where they do.
    """

    code: ClassVar[str]
    place: ClassVar[int]
    title: ClassVar[str | Promise]
    model: ClassVar[type[Record]]
    body: ClassVar[Callable[..., Any]]
    columns: ClassVar[tuple[SheetColumn, ...]]
    links: ClassVar[tuple[Link, ...]] = ()
    noun: ClassVar[str] = ""

    # --- Out ---

    def rows(self, units: Sequence[Unit], by: User) -> QuerySet[Any]:
        """The records that the units' workbook holds, as far as the account may see them; never restricted ones."""
        raise NotImplementedError

    def values(self, rows: Sequence[Any], words: Words) -> list[Values]:
        """The values of stored records."""
        raise NotImplementedError

    def versions(self, revisions: Mapping[int, int], words: Words) -> dict[int, Values]:
        """The values that records had, by their key in the database, each at the revision named. A lost version is left out."""
        raise NotImplementedError

    # --- In ---

    def write(self, record: Any, given: Values, *, unit: Unit, by: User) -> None:
        """Put what the body of the API has accepted onto a record, new or stored, by the noun's own action."""
        raise NotImplementedError

    def archive(self, record: Any, *, by: User) -> None:
        raise NotImplementedError

    def store(self, record: Any, values: Values, *, current: Values, unit: Unit, by: User) -> None:
        """Check values by the body of the API, and write them. Raises what the body and the action raise."""
        body = type(self).body(
            None if record.is_new else record,
            data=self.to_send(values, current=current),
            partial=not record.is_new,
            context={"request": SimpleNamespace(user=by, method="PATCH")},
        )
        body.is_valid(raise_exception=True)
        self.write(record, dict(body.validated_data), unit=unit, by=by)

    def to_send(self, values: Values, *, current: Values) -> Values:
        """The body that says these values. ``current``: what stands here, empty for a new record."""
        return values

    def resembling(self, values: Values, *, by: User) -> Any | None:
        """A record in use that a new row may repeat, so that somebody has to say whether it does."""
        return None

    # --- Names ---

    def column(self, name: str) -> SheetColumn:
        return next(column for column in self.columns if column.name == name)

    def tells_apart(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """By what people know which record a row is."""
        return tuple(str(values.get(column.name) or "") for column in self.columns if column.tells_apart)

    @property
    def sets(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.cell.is_set)


class Vocabularies:
    """Closed lists by name, each app's own, read anew for every workbook."""

    makers: ClassVar[dict[str, Callable[[], Vocabulary]]] = {}

    @classmethod
    def read(cls) -> dict[str, Vocabulary]:
        return {name: make() for name, make in cls.makers.items()}


class Nouns:
    """Records that cells name, by noun: how they are labelled, and how one is found that the workbook does not label."""

    labels: ClassVar[dict[str, Callable[[Iterable[UUID]], dict[str, str]]]] = {}
    found: ClassVar[dict[str, Callable[[Iterable[str], User], dict[str, list[str]]]]] = {}

    @classmethod
    def none(cls) -> dict[str, References]:
        return {noun: References() for noun in cls.labels}


def register_sheet(sheet: Sheet) -> None:
    """Add a noun to every workbook. Sheets stand there, and are read, by their place: what others name comes first."""
    registered = sorted([*SHEETS.values(), sheet], key=lambda one: one.place)
    SHEETS.clear()
    SHEETS.update({one.code: one for one in registered})
