"""Vocabularies from tables of reference, and values from rows: what the sheets of every app need."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Model, QuerySet

from crm.models import Country, Field, PolicyDocument, Province
from crm.workbooks.cells import Cell, ChoiceCell, ChoicesCell, DayCell, NumberCell, RecordCell
from crm.workbooks.sheets import Sheet, Values, Vocabularies
from crm.workbooks.words import Vocabulary


def of_table(
    rows: Callable[[], QuerySet[Any]], *, key: str = "code", words: tuple[str, str] = ("name_vi", "name_en")
) -> Callable[[], Vocabulary]:
    """A vocabulary that is read from a table when a workbook is made or read."""
    return lambda: Vocabulary((str(code), vietnamese, english) for code, vietnamese, english in rows().values_list(key, *words))


def of_choices(choices: Iterable[tuple[Any, Any]]) -> Callable[[], Vocabulary]:
    listed = list(choices)
    return lambda: Vocabulary.of_choices(listed)


Vocabularies.makers |= {
    "country": of_table(Country.objects.all, key="alpha2"),
    "field": of_table(Field.objects.all, words=("label_vi", "label_en")),
    "province": of_table(Province.objects.all, key="slug"),
    "policy_document": of_table(PolicyDocument.objects.all, words=("title_vi", "title_en")),
}


def plain_values(sheet: Sheet, rows: Sequence[Any], codes: Mapping[str, Mapping[int, str]]) -> list[Values]:
    """The values that stand in the rows' own columns, whether they are stored records or their versions.

    ``codes``: for columns that point at other rows, by the key in the database what the API calls each.
    """
    listed: list[Values] = []
    for row in rows:
        values: Values = {}
        for column in sheet.columns:
            if column.name in codes:
                values[column.name] = codes[column.name].get(getattr(row, f"{column.name}_id"))
            elif not column.cell.is_set and hasattr(row, column.name):
                values[column.name] = _plain(column.cell, getattr(row, column.name))
        listed.append(values)
    return listed


def codes_of(model: type[Model], key: str = "code") -> dict[int, str]:
    """Every row of a small table: key in the database → what the API calls it."""
    return {pk: str(code) for pk, code in model._default_manager.values_list("pk", key)}


def public_ids(model: type[Model], pks: Iterable[int | None]) -> dict[int, str]:
    wanted = {pk for pk in pks if pk is not None}
    return {pk: str(public_id) for pk, public_id in model._default_manager.filter(pk__in=wanted).values_list("pk", "public_id")}


def linked_codes(rows: Iterable[tuple[int, Any]]) -> dict[int, list[str]]:
    """Codes by the record that they hang on, in their order."""
    grouped: defaultdict[int, list[str]] = defaultdict(list)
    for pk, code in rows:
        grouped[pk].append(str(code))
    return grouped


def last_versions(model: type[Model], revisions: Mapping[int, int]) -> dict[int, Any]:
    """By the key of the record, the last version that has the revision wanted; with its links it is saved after them."""
    history: Any = model.history  # type: ignore[attr-defined]  # added by django-simple-history
    wanted = history.filter(id__in=list(revisions), revision__in=set(revisions.values())).order_by("history_date", "history_id")
    return {version.id: version for version in wanted if version.revision == revisions[version.id]}


def kept_links(model: type[Model], name: str, versions: Iterable[Any], codes: Mapping[int, str]) -> dict[int, list[str]]:
    """Codes of a many-to-many field by the key of the version."""
    history: Any = model.history.model  # type: ignore[attr-defined]  # added by django-simple-history
    kept = getattr(history, name).model
    target = model._meta.get_field(name).m2m_reverse_field_name()  # type: ignore[union-attr]  # a many-to-many field
    rows = kept.objects.filter(history__in=[version.history_id for version in versions]).values_list("history_id", f"{target}_id")
    return linked_codes((history_id, codes[pk]) for history_id, pk in rows if pk in codes)


def _plain(cell: Cell, value: Any) -> Any:
    if isinstance(cell, DayCell):
        return None if value is None else value.isoformat()
    if isinstance(cell, NumberCell) or value is None:
        return value
    return value if isinstance(cell, ChoiceCell | ChoicesCell | RecordCell) else str(value)
