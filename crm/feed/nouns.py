"""What the feed tells of: the nouns of the apps above, the tables behind them, and by which columns they are seen."""

from dataclasses import dataclass
from typing import Any

from django.db import models

from crm.choices import FeedNoun
from crm.models.records import Record
from crm.permissions import Permission


@dataclass(frozen=True)
class Part:
    """Rows of another table that belong to a record: a change of them is a change of the record.

    ``record`` is the foreign key to the record. ``unit`` is a foreign key to a unit whose people may see the record through
    this row while its level is "own unit": a co-host, a unit that is a party.
    """

    model: type[models.Model]
    record: str
    unit: str = ""


@dataclass(frozen=True)
class FeedSource:
    """One noun: its model, who may ask for it, and what decides who sees a record.

    ``level`` and ``unit`` are its columns of confidentiality and of the owning unit, none for what everybody with the
    permission sees; ``user`` a colleague to whom it was given, who always sees it. ``seen_with`` is a foreign key to a
    record of another noun: this one is seen as that one is, and ``level`` and ``unit`` are columns of that one.
    """

    noun: FeedNoun
    model: type[Record]
    permission: Permission
    level: str = ""
    unit: str = ""
    user: str = ""
    seen_with: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def maker(self) -> str:
        """The lookup of whoever made the record that decides, since they see it at every level."""
        return f"{self.seen_with}__created_by" if self.seen_with else "created_by"


SOURCES: dict[str, FeedSource] = {}


def register_feed_noun(noun: FeedNoun, model: type[Record], *, permission: Permission, **columns: Any) -> None:
    """Let the feed tell of a noun; called by its app when Django starts. The other arguments are those of ``FeedSource``."""
    SOURCES[noun.value] = FeedSource(noun, model, permission, **columns)


def tracked_columns(model: type[models.Model]) -> tuple[str, ...]:
    """The columns of which a change is told: those that versions keep, without the marks that every save moves.

    Left out like this are keys and figures that follow from something else, such as search keys and the last contact.
    """
    fields = (
        model.history.model.tracked_fields if hasattr(model, "history") else model._meta.concrete_fields
    )  # added by django-simple-history
    return tuple(str(field.column) for field in fields if field.name not in ("updated_at", "updated_by"))


def column(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).column)  # type: ignore[union-attr]  # a concrete field
