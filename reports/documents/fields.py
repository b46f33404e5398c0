"""The fields that templates may use, with what they mean; and their values for one paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from activities.choices import AgreementLevel
from reports.actions.periodic_papers import Paper
from reports.documents.decree30 import day_in_words
from reports.metrics.periodic.catalogue import FIGURES
from reports.metrics.periodic.lines import Line, LineGroup

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


@dataclass(frozen=True)
class Field:
    """A field by its name. ``fields`` are those of each row, where it is a list that rows are made for."""

    name: str
    meaning: str | Promise
    fields: tuple["Field", ...] = ()


_LINE = (
    Field("label", _("name of the figure")),
    Field("now", _("this period, as it reads; – where nothing was on record")),
    Field("before", _("last period")),
    Field("year_before", _("the same period a year ago")),
    Field("change", _("change against last period, in words")),
    Field("change_year", _("change against a year ago, in words")),
    Field("now_number", _("this period as a number, for sheets")),
    Field("before_number", _("last period as a number")),
    Field("year_before_number", _("a year ago as a number")),
    Field("is_part", _("whether the figure stands under the one before it")),
    Field("group", _("group or table that the figure belongs to")),
)
FIELDS = (
    Field("agency", _("unit that reports")),
    Field("superior", _("unit above it")),
    Field("number", _("number and sign")),
    Field("place_and_day", _("place and day in words")),
    Field("title", _("title of the report")),
    Field("addressee", _("addressed to")),
    Field("signatory", _("name of who signs")),
    Field("signatory_title", _("title of who signs")),
    Field("period", _("period in words, such as Quý III/2026")),
    Field("period_from", _("first day")),
    Field("period_to", _("last day")),
    Field("as_of", _("day up to which figures are given")),
    Field("with_below", _("whether units below are included")),
    Field("directive", _("directive that it reports on")),
    Field("policy", _("policy version of the figures")),
    Field("draft", _("DỰ THẢO in a draft, empty in an issued report")),
    Field("issue", _("number of the issue")),
    Field("note", _("what a later issue corrects")),
    Field("corrections", _("rows corrected since the issue before")),
    Field("has_year_before", _("whether there is a column for a year ago")),
    Field("figures_number", _("Roman number of the part with figures")),
    Field("sections", _("parts that somebody wrote"), (
        Field("number", _("Roman number")), Field("heading", _("heading")), Field("text", _("whole text")),
        Field("lines", _("its paragraphs, a list")),
    )),
    Field("first_section", _("the first part, which stands before the figures: a list of one or none")),
    Field("other_sections", _("the parts after the figures, a list")),
    Field("figures", _("all figures, one after the other"), _LINE),
    Field("groups", _("figures by group; only those that say something"), (
        Field("label", _("name of the group")), Field("lines", _("its figures, a list as above")),
    )),
    Field("breakdowns", _("tables by tier, country, field, province, unit"), (
        Field("label", _("name of the table")), Field("number", _("number of the table")), Field("lines", _("its rows, a list as above")),
    )),
    Field("breakdown_rows", _("rows of all tables, one after the other"), _LINE),
    Field("agreements", _("agreements signed, one by one"), (
        Field("number", _("number in the list")), Field("title", _("title")), Field("kind", _("kind")), Field("level", _("level")),
        Field("signed_on", _("day of signing")), Field("parties", _("parties")),
    )),
    Field("completeness", _("sentence on which units have reported; empty for a single unit")),
    Field("value", _("one figure by its code, such as value.delegations_out.now")),
)  # fmt: skip
# What one row of a list is called, in rows of workbooks and in the loops of the ready template.
ROW_NAMES = {"figure": "figures", "breakdown": "breakdown_rows", "agreement": "agreements", "section": "sections"}


def context_of(paper: Paper) -> dict[str, Any]:
    """Return the value of every field, in the language of papers, which is Vietnamese."""
    with override("vi"):
        return _context(paper)


def _context(paper: Paper) -> dict[str, Any]:
    figures = paper.figures
    codes = [column.code for column in figures.columns]
    flat = {line.code: _line(line, codes, group) for group in figures.groups for line in group.lines}
    written = [section for section in paper.sections if section.text.strip()]
    has_first = bool(written) and bool(paper.sections) and written[0].code == paper.sections[0].code
    numbers = iter(_ROMAN)
    first = [_section(section, next(numbers)) for section in written[:1]] if has_first else []
    figures_number = next(numbers)
    others = [_section(section, next(numbers)) for section in written[len(first) :]]
    return {
        **{name: getattr(paper, name) for name in ("number", "title", "addressee", "signatory", "signatory_title", "directive", "policy")},
        "agency": paper.unit,
        "superior": paper.superior,
        "place_and_day": f"{paper.place}, {day_in_words(paper.dated)}" if paper.place else _begun(day_in_words(paper.dated)),
        "period": paper.period_vi,
        "period_from": _day(paper.period_from),
        "period_to": _day(paper.last_day),
        "as_of": _day(paper.as_of),
        "with_below": paper.with_below,
        "draft": "DỰ THẢO" if paper.is_draft else "",
        "issue": paper.issue or "",
        "note": paper.note,
        "corrections": ", ".join(paper.corrections),
        "has_year_before": "year_before" in codes,
        "figures_number": figures_number,
        "sections": [*first, *others],
        "first_section": first,
        "other_sections": others,
        "figures": [flat[line.code] for group in figures.summary for line in group.lines],
        "groups": [shown for group in figures.summary if (shown := _group(group, flat))["lines"]],
        "breakdowns": [{**_group(group, flat), "number": number} for number, group in enumerate(figures.breakdowns, start=1)],
        "breakdown_rows": [flat[line.code] for group in figures.breakdowns for line in group.lines],
        "agreements": [_agreement(row, number) for number, row in enumerate(figures.agreements, start=1)],
        "completeness": _completeness(paper),
        "value": {code: flat[code] for code in FIGURES if code in flat},
    }


def _line(line: Line, codes: list[str], group: LineGroup) -> dict[str, Any]:
    cells, changes = dict(zip(codes, line.cells, strict=True)), dict(zip(codes[1:], line.changes, strict=True))
    numbers = dict(zip(codes, line.values, strict=True))
    return {
        "label": line.label,
        "now": cells["now"],
        "before": cells.get("before", "–"),
        "year_before": cells.get("year_before", "–"),
        "change": changes.get("before", ""),
        "change_year": changes.get("year_before", ""),
        "now_number": numbers["now"] if line.of is None else cells["now"],
        "before_number": numbers.get("before") if line.of is None else cells.get("before"),
        "year_before_number": numbers.get("year_before") if line.of is None else cells.get("year_before"),
        "is_part": bool(line.depth),
        "group": group.label,
    }


def _group(group: LineGroup, flat: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A group with those of its figures that say something: some column is neither empty nor 0."""
    return {"label": group.label, "lines": [flat[line.code] for line in group.lines if any(line.values)]}


def _section(section: Any, number: str) -> dict[str, Any]:
    lines = [line.strip() for line in section.text.splitlines() if line.strip()]
    return {"number": number, "heading": section.heading, "text": section.text.strip(), "lines": lines}


def _agreement(row: Any, number: int) -> dict[str, Any]:
    level = str(AgreementLevel(row.level).label)
    return {
        "number": number, "title": row.title, "kind": row.kind_vi, "level": level, "signed_on": _day(row.signed_on), "parties": row.parties,
    }  # fmt: skip


def _completeness(paper: Paper) -> str:
    found = paper.figures.completeness
    if found is None:
        return ""
    said = f"{found.reported} đơn vị đã báo cáo, {found.declared} đơn vị báo không có hoạt động, trên tổng số {found.due} đơn vị"
    return f"{said}; {_silent(found.silent)}." if found.silent else f"{said}."


def _silent(names: Sequence[str], at_most: int = 5) -> str:
    """Who has not reported: by name where they are few, else how many; a paper is no list of those in default."""
    return f"chưa báo cáo: {', '.join(names)}" if len(names) <= at_most else f"{len(names)} đơn vị chưa báo cáo"


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]
