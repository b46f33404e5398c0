"""The matrix as it is seen: heads, lines and cells in words and signs, for the page, the clipboard and files alike.

Cells are made here and not in a template, which takes five times as long for a thousand of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.models.places import CountryKind
from reports.choices import Axis, CellMark
from reports.forms.matrix import MOST_ACROSS, Look
from reports.metrics.days import YEAR_DAYS
from reports.metrics.matrix import Cell, Matrix, Row
from reports.metrics.matrix_columns import Column
from reports.metrics.rounding import rounded

# Sign and tone of each mark. Tones of red and green only where a number is asked; the signs alone say it in grey.
SIGNS: dict[CellMark, tuple[str, str]] = {
    CellMark.COVERED: ("●", "good"),
    CellMark.PARTLY: ("◐", "due"),
    CellMark.NONE: ("○", "bad"),
    CellMark.OVERDUE: ("▲", "bad"),
    CellMark.NO_DATA: ("⊘", "calm"),
    CellMark.NOT_ASKED: ("–", "blank"),
    CellMark.CONTACT: ("✓", "plan"),
}
# Of what is asked: a third at most, about half, two thirds and more.
PARTLY_SIGNS = ((Fraction(1, 3), "◔"), (Fraction(2, 3), "◐"), (Fraction(1), "◕"))
ROSE, FELL, STAYED = "↗", "↘", "="
TOTAL = "total"


@dataclass(frozen=True)
class Head:
    """The head of a line or column: its words, a small word under them, and where it leads."""

    text: str
    note: str = ""
    query: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Shown:
    """A cell as it is seen: ``text`` for clipboard and files, ``html`` for the page; figures for those who reckon on."""

    text: str
    html: SafeString
    cell: Cell | None = None


@dataclass(frozen=True)
class Line:
    head: Head
    cells: Sequence[Shown]


@dataclass(frozen=True)
class Grid:
    corner: str
    heads: Sequence[Head]
    lines: Sequence[Line]
    is_turned: bool


def grid_of(matrix: Matrix, look: Look, before: Matrix | None = None) -> Grid:
    """Lay the matrix out, each cell beside that of ``before`` where two days are compared."""
    rows = [*matrix.rows, matrix.foot]
    earlier = _Earlier(before, matrix)
    heads = [_column_head(column, look, before is not None and matrix.axis == Axis.QUARTER) for column in matrix.columns]
    heads.append(Head(_("Year"), _("%(n)s days") % {"n": YEAR_DAYS}, kind=TOTAL))
    sets = any(row.country is None for row in matrix.rows)
    if sets:
        heads += [Head(_("Breadth"), _("countries with an active partner"), kind="set"), Head(_("Depth"), _("mean attained"), kind="set")]
    lines = [_line(row, matrix, look, earlier, with_sets=sets, is_foot=row is matrix.foot) for row in rows]
    turned = look.turned if look.turned is not None else len(heads) > max(len(rows), MOST_ACROSS)
    corner = _("Country") if look.shows_countries else _("Tier")
    if not turned:
        return Grid(corner, heads, lines, is_turned=False)
    across = [Line(head, [line.cells[place] for line in lines]) for place, head in enumerate(heads)]
    return Grid(str(matrix.axis.label), [line.head for line in lines], across, is_turned=True)


class _Earlier:
    """Finds the cell of the earlier day: by country or tier, and by column; quarters by their place before the last one."""

    def __init__(self, before: Matrix | None, matrix: Matrix) -> None:
        self.exists = before is not None
        self.rows: dict[Any, Row] = {}
        self.places: dict[int, int] = {}
        if before is None:
            return
        self.rows = {_row_key(row): row for row in [*before.rows, before.foot]}
        if matrix.axis == Axis.QUARTER:
            shift = len(matrix.columns) - len(before.columns)
            self.places = {place: place - shift for place in range(len(matrix.columns)) if place >= shift}
        else:
            known = {column.key: place for place, column in enumerate(before.columns)}
            self.places = {place: known[column.key] for place, column in enumerate(matrix.columns) if column.key in known}

    def cell(self, row: Row, place: int) -> Cell | None:
        then = self.rows.get(_row_key(row))
        return then.cells[self.places[place]] if then and place in self.places else None

    def row(self, row: Row) -> Row | None:
        return self.rows.get(_row_key(row))


def _row_key(row: Row) -> Any:
    return row.country.pk if row.country else ("tier", row.tier.pk if row.tier else 0)


def _line(row: Row, matrix: Matrix, look: Look, earlier: _Earlier, *, with_sets: bool, is_foot: bool) -> Line:
    cells = []
    for place, (cell, column) in enumerate(zip(row.cells, matrix.columns, strict=True)):
        address, name = _address(row, column, matrix, look), f"{row_code(row)}.{column.code}"
        cells.append(_shown(cell, earlier.cell(row, place), earlier.exists, address=address, place=name))
    then = earlier.row(row)
    total = _address(row, None, matrix, look)
    cells.append(_shown(row.total, then.total if then else None, earlier.exists, address=total, place=f"{row_code(row)}.{TOTAL}"))
    if with_sets:
        cells += [
            _share(row.breadth, then.breadth if then else None, earlier.exists),
            _share(row.depth, then.depth if then else None, earlier.exists),
        ]
    return Line(_row_head(row, look, is_foot=is_foot), cells)


def row_code(row: Row) -> str:
    return row.country.alpha2 if row.country else row.tier.code if row.tier else "all"


def _row_head(row: Row, look: Look, *, is_foot: bool) -> Head:
    if is_foot:
        return Head(_("Together"), _("each country once"), kind="foot")
    if row.country:
        return Head(str(row.country), _("bloc") if row.country.kind == CountryKind.BLOC else "")
    return Head(str(row.tier), query=look.query(tier=row.tier))


def _column_head(column: Column, look: Look, is_compared: bool) -> Head:
    note = ""
    if column.is_partial and not is_compared:
        is_last = column.until == look.as_of
        day = column.until if is_last else column.since
        note = (_("to %(day)s") if is_last else _("from %(day)s")) % {"day": date_format(day, "d/m")}
    leads = look.axis == Axis.FIELD and look.group is None and column.key
    return Head(column.label, note, query=look.query(group_code=column.code) if leads else "")


def _address(row: Row, column: Column | None, matrix: Matrix, look: Look) -> str:
    """The list of exchanges that the cell counts; none as known on another day, which lists do not tell."""
    if look.known_on is not None:
        return ""
    return f"{reverse('activities:exchange-list')}?{urlencode(list_filters(row, column, matrix), doseq=True)}"


def list_filters(row: Row, column: Column | None, matrix: Matrix) -> dict[str, Any]:
    """What the list of exchanges is asked for by a cell, or by the total of a row."""
    if row.country:
        filters: dict[str, Any] = {"country": row.country.alpha2}
    else:
        filters = {"tier": [tier.code for tier in ([row.tier] if row.tier else matrix.tiers)], "tier_on": matrix.as_of}
    since, until = (column.since, column.until) if column else (matrix.as_of - timedelta(days=YEAR_DAYS - 1), matrix.as_of)
    return {**filters, **(column.filters if column else {}), "since": since, "until": until, "counted": "true"}


def _shown(cell: Cell, then: Cell | None, is_compared: bool, *, address: str, place: str) -> Shown:
    sign, tone = sign_of(cell), SIGNS[cell.mark][1]
    number = words_of(cell)
    text = f"{sign} {number}".strip()
    inner = format_html('<span class="sign" aria-hidden="true">{}</span>{}', sign, _number(cell))
    spoken = format_html('<span class="visually-hidden">, {}</span>', cell.mark.label)
    if is_compared:
        text = f"{_text_of(then)} → {text} {_direction(cell, then)}".strip()
        was = format_html('<span class="then">{} → </span>', _text_of(then))
        inner = format_html('{}{}<span class="move">{}</span>', was, inner, _direction(cell, then))
    if _opens(cell):
        body = format_html('<a href="{}" data-cell="{}">{}{}</a>', address or f"#{place}", place, inner, spoken)
    else:
        body = format_html("<span>{}{}</span>", inner, spoken)
    return Shown(text, format_html('<td class="cell {} heat{}">{}</td>', tone, _heat(cell), body), cell)


def sign_of(cell: Cell) -> str:
    """The sign of the cell's mark; of what was held in part, how far it got."""
    if cell.mark != CellMark.PARTLY or cell.attained is None:
        return SIGNS[cell.mark][0]
    return next(sign for most, sign in PARTLY_SIGNS if cell.attained < most)


def _opens(cell: Cell) -> bool:
    return bool(cell.done or cell.reached)


def words_of(cell: Cell) -> str:
    """The figure of a cell as text: ``3/4``; ``7/11`` countries with contact; empty where there is none to tell."""
    if cell.mark == CellMark.NO_DATA:
        return ""
    if cell.target is not None:
        return f"{decimal(cell.done)}/{decimal(cell.target)}"
    if cell.countries is not None:
        return f"{cell.reached}/{cell.countries}" if cell.reached else ""
    return decimal(cell.done) if cell.done else ""


def _number(cell: Cell) -> SafeString:
    done, slash, asked = words_of(cell).partition("/")
    if not done:
        return SafeString("")
    return format_html('<b>{}</b><span class="of">{}{}</span>', done, slash, asked) if slash else format_html("<b>{}</b>", done)


def decimal(value: Fraction) -> str:
    """At most one decimal, in the reader's form; a whole number without."""
    shown = rounded(value, 1)
    return number_format(shown.to_integral_value() if shown == shown.to_integral_value() else shown)


def _text_of(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    return words_of(cell) or sign_of(cell)


def _measure(cell: Cell) -> Fraction | None:
    """By what two days are compared: the share attained; without a number asked, how many there were."""
    if cell.mark == CellMark.NO_DATA:
        return None
    if cell.target:
        return cell.done / cell.target
    return Fraction(cell.reached) if cell.reached is not None else cell.done


def _direction(cell: Cell, then: Cell | None) -> str:
    now, before = _measure(cell), None if then is None else _measure(then)
    if now is None or before is None or then is None or (cell.target is None) != (then.target is None):
        return ""
    return ROSE if now > before else FELL if now < before else STAYED


def _heat(cell: Cell) -> int:
    """How strong the ground of a cell is, 0 to 4: by the share attained, else by how many there were."""
    if cell.attained is not None:
        return round(cell.attained * 4)
    if cell.countries:
        return -(-4 * (cell.reached or 0) // cell.countries)
    return sum(1 for least in (1, 2, 4, 10) if cell.done >= least)


def _share(share: Fraction | None, then: Fraction | None, is_compared: bool) -> Shown:
    text = percent(share)
    if is_compared:
        sign = "" if share is None or then is None else ROSE if share > then else FELL if share < then else STAYED
        text = f"{percent(then)} → {text} {sign}".strip()
    return Shown(text, format_html('<td class="share">{}</td>', text))


def percent(share: Fraction | None) -> str:
    return "—" if share is None else f"{number_format(rounded(share * 100, 0))}\N{NO-BREAK SPACE}%"
