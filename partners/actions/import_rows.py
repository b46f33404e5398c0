"""The rows of a list on their way to partners: what was read, what is wrong with it, what becomes of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.actions.partners import OtherName
from partners.duplicates import KnownPartner, Likeness

# What somebody may decide on a row, beside the public id of the record that it is the same as.
SKIP = "skip"
NEW = "new"
# Said of all rows of a list of people at once: forget what was left out.
TAKE = "take"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused. ``field`` is one of PartnerRow's; ``column`` is the user's, where it is no field's."""

    field: str
    value: str
    code: str
    message: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """One row of a list, its words turned into values. Empty means that the list does not say.

    ``problems``: what could not be read. ``same_as``, ``skip``, ``is_new``: what somebody decided on seeing likely
    duplicates.
    """

    number: int
    name: str = ""
    kind_id: int | None = None
    country_id: int | None = None
    city: str = ""
    website: str = ""
    founded_year: int | None = None
    other_names: tuple[OtherName, ...] = ()
    external_id: str = ""
    problems: tuple[Problem, ...] = ()
    same_as: UUID | None = None
    skip: bool = False
    is_new: bool = False

    @property
    def said(self) -> int:
        """A digest of all that the row says, its place apart: a run over a long list keeps no rows."""
        plain = (self.name, self.kind_id, self.country_id, self.city, self.website, self.founded_year)
        return hash((plain, self.other_names, self.external_id, self.same_as))


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person of a list, its words turned into values. Empty means that the list does not say."""

    number: int
    full_name: str = ""
    title: str = ""
    organisation: str = ""
    country_id: int | None = None
    email: str = ""
    phone: str = ""
    how_to_address: str = ""
    languages: str = ""
    problems: tuple[Problem, ...] = ()
    same_as: UUID | None = None
    skip: bool = False


class Outcome(models.TextChoices):
    CREATED = "created", _("new")
    RESTORED = "restored", _("brought back")
    UPDATED = "updated", _("changed")
    UNCHANGED = "unchanged", _("unchanged")
    REPEATED = "repeated", _("repeats another row")
    SKIPPED = "skipped", _("left out")
    REFUSED = "refused", _("refused")


@dataclass(slots=True)
class PlannedRow:
    """What becomes of one row. ``changes``: field → (before, after), as shown to people.

    ``repeats``: the row of the same list that said the same before.
    """

    row: PartnerRow
    outcome: Outcome
    partner: KnownPartner | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    new_names: tuple[OtherName, ...] = ()
    problems: tuple[Problem, ...] = ()
    likely: tuple[Likeness, ...] = ()
    repeats: int = 0
    attach_id: bool = False

    @property
    def name(self) -> str:
        return self.row.name or (self.partner.name if self.partner else "")

    def shown(self) -> dict[str, tuple[Any, Any]]:
        """What people are shown of it: field → (before, after)."""
        if self.outcome is not Outcome.CREATED:
            return self.changes
        values = {name: getattr(self.row, name) for name in ("kind_id", "country_id", "city", "website", "founded_year")}
        return {name: ("", value) for name, value in values.items() if value not in ("", None)}

    @property
    def partner_pk(self) -> int:
        """The key of the stored partner that the row means. Raises LookupError for a row that means none."""
        if self.partner is None or self.partner.pk is None:
            raise LookupError(self.row.number)
        return self.partner.pk
