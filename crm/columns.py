"""The columns of a list: how each shows on the page, what it writes into an export, and whether it may be sorted by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import User
from crm.templatetags.nhipcau import day, status

Exported = str | int | float | date | None
NOTHING = SafeString("—")


@dataclass(frozen=True)
class SortKey:
    """A keyset order: columns that are never NULL and together unique, ascending.

    ``annotations``: what stands in for a column that may be NULL, so that rows without a value have their place too.
    """

    keys: tuple[str, ...]
    annotations: Mapping[str, Any] = field(default_factory=dict)


def _as_it_is(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    return rows


@dataclass(frozen=True)
class Column:
    """One column. ``fetch`` adds what it needs of other tables, so that a list pays only for the columns that it shows.

    ``show`` returns the cell as HTML or as text, which is escaped; ``value`` returns what an export writes, and with
    ``fetches_to_show`` it does without what ``fetch`` adds.
    """

    name: str
    label: str | Promise
    show: Callable[[Any], SafeString | str]
    value: Callable[[Any], Exported]
    fetch: Callable[[QuerySet[Any], User], QuerySet[Any]] = _as_it_is
    sort: SortKey | None = None
    standard: bool = True
    heads_row: bool = False
    is_number: bool = False
    fetches_to_show: bool = False


@dataclass(frozen=True)
class Order:
    """By which column a list is sorted, and which way. As addresses write it: ``name``, or ``-name`` for descending."""

    column: Column
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column.name}" if self.descending else self.column.name

    @property
    def keys(self) -> tuple[str, ...]:
        """The keyset, with its direction."""
        keys = self.column.sort.keys if self.column.sort else ()
        return tuple(f"-{key}" for key in keys) if self.descending else keys

    def prepare(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Add what stands in for missing values."""
        return rows.annotate(**self.column.sort.annotations) if self.column.sort else rows

    @property
    def other_way(self) -> "Order":
        return Order(self.column, not self.descending)


def read_order(text: str, columns: Sequence[Column], default: str) -> Order:
    """Return the order that an address names; the default where there is no such order to sort by."""
    named = {column.name: column for column in columns if column.sort}
    wanted = text if text.removeprefix("-") in named else default
    return Order(named[wanted.removeprefix("-")], wanted.startswith("-"))


def read_columns(text: str, columns: Sequence[Column]) -> list[Column]:
    """Return the columns that an address names, in its order, after the one that heads each row; without any, the standard ones."""
    named = {column.name: column for column in columns}
    heading = [column for column in columns if column.heads_row]
    chosen = [named[name] for name in dict.fromkeys(text.split(",")) if name in named]
    if not chosen:
        return [column for column in columns if column.standard]
    return chosen if any(column.heads_row for column in chosen) else [*heading, *chosen]


def fetched(rows: QuerySet[Any], columns: Iterable[Column], user: User) -> QuerySet[Any]:
    """Add what the columns need of other tables, once where several need the same."""
    for fetch in dict.fromkeys(column.fetch for column in columns):
        rows = fetch(rows, user)
    return rows


def related(*names: str) -> Callable[[QuerySet[Any], User], QuerySet[Any]]:
    """A ``fetch`` by join."""
    return lambda rows, user: rows.select_related(*names)


def prefetched(*lookups: Any) -> Callable[[QuerySet[Any], User], QuerySet[Any]]:
    """A ``fetch`` by one more query."""
    return lambda rows, user: rows.prefetch_related(*lookups)


# --- The usual columns -------------------------------------------------------------------------------


def text_column(name: str, label: str | Promise, value: Callable[[Any], Any], **options: Any) -> Column:
    """Words, or a dash where there are none."""
    return Column(name, label, lambda row: str(value(row) or "") or NOTHING, lambda row: str(value(row) or ""), **options)


def day_column(name: str, label: str | Promise, value: Callable[[Any], date | None], **options: Any) -> Column:
    """A day in the reader's form; in a workbook a real date."""
    return Column(name, label, lambda row: day(value(row)), value, **options)


def number_column(name: str, label: str | Promise, value: Callable[[Any], int | None], **options: Any) -> Column:
    return Column(name, label, lambda row: NOTHING if (n := value(row)) is None else str(n), value, is_number=True, **options)


def status_column(name: str, label: str | Promise, field_name: str, **options: Any) -> Column:
    """A closed list as sign, colour and word."""

    def in_words(row: Any) -> str:
        return str(getattr(row, f"get_{field_name}_display")())

    return Column(name, label, lambda row: status(getattr(row, field_name), in_words(row)), in_words, **options)


def _entered_on(row: Any) -> date:
    return timezone.localtime(row.created_at).date()


# What every record has: who may see it, where it has a level, and when it was entered under which identifier.
WHO_MAY_SEE = status_column("confidentiality", gettext_lazy("Who may see"), "confidentiality", standard=False)
RECORD_COLUMNS = (
    day_column("entered", gettext_lazy("Entered on"), _entered_on, sort=SortKey(("id",)), standard=False),
    text_column("identifier", gettext_lazy("Identifier"), lambda row: row.public_id, standard=False),
)


def joined(values: Iterable[Any], *, separator: str = ", ") -> str:
    return separator.join(str(value) for value in values)


# --- Pieces of cells ---------------------------------------------------------------------------------


def link(address: str, text: Any, *, language: str = "") -> SafeString:
    """A link; ``language`` marks a name in another language for those who have it read out."""
    if language and language != "und":
        return format_html('<a href="{}" lang="{}">{}</a>', address, language, text)
    return format_html('<a href="{}">{}</a>', address, text)


def under(text: Any) -> SafeString:
    """A small line below; nothing without a text."""
    return format_html('<span class="under">{}</span>', text) if text else SafeString("")


def soft(text: Any) -> SafeString:
    return format_html('<span class="soft">{}</span>', text)


def lines(parts: Iterable[Any]) -> SafeString:
    """One below the other; a dash where there is nothing."""
    return format_html_join("", "<div>{}</div>", ((part,) for part in parts)) or NOTHING


def demo_tag(row: Any) -> SafeString:
    """Says that a row was made up for demonstration."""
    if not row.is_demo:
        return SafeString("")
    title = _("Invented for demonstration: no real organisation, person or exchange.")
    return format_html(' <span class="tag" title="{}">{}</span>', title, _("demo"))


# --- The table ---------------------------------------------------------------------------------------


def rows_as_html(rows: Iterable[Any], columns: Sequence[Column], *, pick: Callable[[Any], SafeString] | None = None) -> SafeString:
    """Return the rows of the table's body. Written here and not in a template, which takes five times as long for it.

    ``pick`` makes a first cell by which the row is chosen.
    """
    openings = [_opening(column) for column in columns]
    closings = ["</th>" if column.heads_row else "</td>" for column in columns]
    pieces: list[str] = []
    for row in rows:
        pieces.append("<tr>")
        if pick is not None:
            pieces.append(pick(row))
        for column, opening, closing in zip(columns, openings, closings, strict=True):
            cell = column.show(row)
            pieces += (opening, cell if isinstance(cell, SafeString) else escape(cell), closing)
        pieces.append("</tr>\n")
    return mark_safe("".join(pieces))  # noqa: S308  (every piece is escaped above)


def _opening(column: Column) -> str:
    if column.heads_row:
        return '<th scope="row">'
    number = ' class="num"' if column.is_number else ""
    return f'<td data-label="{escape(column.label)}"{number}>'
