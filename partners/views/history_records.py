"""Records of their own that belong to another one (posts, who keeps it, certificates), as they were made and changed.

Unlike the parts that an action saves with its record, these have savers and days of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext as _

from crm.models import User
from partners.views.history_parts import Change, RowWords, seen_rows

MOST_VERSIONS = 200


@dataclass(frozen=True)
class Related:
    """``accessors``: the rows' names on the record, of one model; ``says``: the columns by which a reader knows a row."""

    accessors: tuple[str, ...]
    says: tuple[str, ...]


@dataclass(frozen=True)
class RelatedVersion:
    """One save of one such row: what it said before and after; empty where it was not in use."""

    at: datetime
    by: User | None
    changes: Sequence[Change]
    is_first: ClassVar[bool] = False


def versions_of_related(record: Any, kinds: Iterable[Related], *, reader: User) -> list[RelatedVersion]:
    """The saves of the rows that the reader may see, of each kind the latest ones. One query a kind, and one per table they name."""
    found: list[RelatedVersion] = []
    for kind in kinds:
        relations = [record._meta.get_field(accessor) for accessor in kind.accessors]
        model: Any = relations[0].related_model
        own = Q()
        for relation in relations:
            own |= Q(**{relation.field.name: record.pk})
        rows = seen_rows(model, reader).filter(own).values("pk")
        history = model.history.filter(id__in=rows).select_related("history_user")
        if hasattr(model, "confidentiality"):
            # What stood there at a closed level stays closed, also where the row has been opened since.
            history = history.filter(reader.scope.readable(reader, unit_fields=("unit",)))
        latest = list(history.order_by("-history_date", "-history_id")[:MOST_VERSIONS])
        found += _versions(model, sorted(latest, key=lambda save: (save.id, save.history_date, save.history_id)), kind, reader)
    return found


def _versions(model: Any, saves: Sequence[Any], kind: Related, reader: User) -> Iterable[RelatedVersion]:
    fields = [model._meta.get_field(name) for name in kind.says]
    told = [tuple(getattr(save, field.attname) for field in fields) for save in saves]
    words = RowWords(told, fields, reader)
    label = str(model._meta.verbose_name)
    texts = {save.history_id: "" if save.archived_at else words.say(values) for save, values in zip(saves, told, strict=True)}
    for _pk, of_row in groupby(saves, key=lambda save: save.id):
        before = ""
        for save in of_row:
            after = texts[save.history_id]
            if after != before:
                change = Change(label, before or _("empty"), after or _("empty"))
                yield RelatedVersion(save.history_date, save.history_user, (change,))
            before = after
