"""A program that keeps a copy of what its account sees, and knows of changes from the feed alone."""

from typing import Any

from crm.feed import cursor_now, read_changes
from crm.feed.nouns import SOURCES, column, tracked_columns
from crm.models import FeedEntry, User

Copy = dict[tuple[str, str], Any]


class Mirror:
    """The copy of one reader: ``records`` by noun and identifier, each with all that the feed has to tell a change of."""

    def __init__(self, reader: User, *, limit: int = 7) -> None:
        self.reader, self.limit = reader, limit
        self.told: list[tuple[str, str, str | None]] = []
        self.cursor = cursor_now(reader)
        self.records = seen_by(reader)

    def follow(self) -> "Mirror":
        """Read the feed to its end, and every record that it names."""
        self.told = []
        self.reader = User.objects.get(pk=self.reader.pk)
        has_more = True
        while has_more:
            page = read_changes(self.reader, self.cursor, self.limit)
            assert len(page.items) <= self.limit
            for change in page.items:
                key = (change.noun.value, str(change.id))
                self.told.append((*key, change.deleted))
                self.records.pop(key, None)
                if change.deleted is None:
                    self.records |= seen_by(self.reader, noun=change.noun.value, public_id=change.id)
            self.cursor, has_more = page.cursor, page.has_more
        return self

    def is_true(self) -> bool:
        """Whether the copy is what the reader sees in the database now."""
        return self.records == seen_by(self.reader)


def seen_by(reader: User, *, noun: str | None = None, public_id: Any = None) -> Copy:
    """What the reader sees and is in use, with the rows that belong to it."""
    copy: Copy = {}
    for source in [SOURCES[noun]] if noun else SOURCES.values():
        model: Any = source.model
        columns = [field.attname for field in model._meta.concrete_fields if field.column in tracked_columns(model)]
        rows = model.objects.visible_to(reader).filter(archived_at__isnull=True)
        for row in rows.filter(public_id=public_id) if public_id else rows:
            copy[source.noun.value, str(row.public_id)] = ([getattr(row, name) for name in columns], _parts_of(source, row.pk))
    return copy


def _parts_of(source: Any, pk: int) -> list[list[Any]]:
    parts = []
    for part in source.parts:
        columns = [field.attname for field in part.model._meta.concrete_fields if field.column in tracked_columns(part.model)]
        rows = part.model._base_manager.filter(**{column(part.model, part.record): pk})
        parts.append(sorted(rows.values_list(*columns)))
    return parts


def last_entry() -> int:
    """The number of the last entry, for asking later what came after it."""
    last = FeedEntry.objects.order_by("-id").first()
    return last.pk if last else 0


def entries_after(number: int) -> set[tuple[str, int]]:
    return set(FeedEntry.objects.filter(pk__gt=number).values_list("noun", "object_pk"))
