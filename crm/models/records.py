"""What every record that people write has in common."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.choices import Confidence
from crm.identifiers import new_public_id
from crm.models.fields import NameField
from crm.text import fold


def reads_english() -> bool:
    """Whether the reader's language is English; else it is Vietnamese, also where nobody reads, as in a job."""
    return (get_language() or "vi").startswith("en")


class RecordQuerySet(models.QuerySet):
    def live(self) -> Self:
        """Rows in use: not archived."""
        return self.filter(archived_at__isnull=True)

    def archived(self) -> Self:
        return self.filter(archived_at__isnull=False)


class SearchedQuerySet(RecordQuerySet):
    """Records that keep what they are found by, folded, in ``search_key``."""

    def search(self, words: str) -> Self:
        """Records of whose key every word is a part; without marks and case, in any order."""
        found = self
        for word in fold(words).split():
            found = found.filter(search_key__contains=word)
        return found


class MergeableQuerySet(SearchedQuerySet):
    """Records that may have been merged."""

    def now_known_as(self, public_id: Any) -> Self:
        """The record of the identifier, or the one that it was merged into: old identifiers lead on for ever."""
        named = self.model._default_manager.filter(public_id=public_id)
        return self.filter(pk__in=named.annotate(stands=Coalesce("merged_into", "pk")).values("stands"))


class Record(models.Model):
    """A row that people write: never deleted, only archived; each class keeps its versions in ``history``.

    ``public_id`` is the UUIDv7 in addresses and in the API, never reused. ``revision`` rises by one with
    each saved change and is the row's strong ETag.
    """

    public_id = models.UUIDField(_("identifier"), default=new_public_id, unique=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField(_("changed at"), auto_now=True, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("changed by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)
    archived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("archived by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True, archived_by__isnull=True) | Q(archived_at__isnull=False, archived_by__isnull=False),
                name="%(app_label)s_%(class)s_archived_when_and_by",
                violation_error_message=_("An archived record says both when and by whom."),
            )
        ]

    @property
    def is_new(self) -> bool:
        """Whether the record has not been stored yet."""
        return self._state.adding

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class Mergeable(models.Model):
    """A record that may turn out to be another one. Merged, it is archived and leads to the survivor for ever."""

    merged_into = models.ForeignKey(
        "self", verbose_name=_("merged into"), null=True, editable=False, on_delete=models.PROTECT, related_name="merged_from"
    )
    merged_in = models.ForeignKey(
        "crm.ChangeSet", verbose_name=_("merged in"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True


class DatedQuerySet(models.QuerySet):
    def overlapping(self, row: "Dated") -> Self:
        """Rows other than the given one that hold on some day on which it holds too."""
        others = self.exclude(pk=row.pk)
        if row.valid_to:
            others = others.filter(Q(valid_from__isnull=True) | Q(valid_from__lt=row.valid_to))
        if row.valid_from:
            others = others.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=row.valid_from))
        return others

    def on(self, day: Any) -> Self:
        """Rows that hold on the day: ``[valid_from, valid_to)``, an empty end being unbounded."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gt=day),
        )


class DatedRecordQuerySet(DatedQuerySet, RecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    """Records that hold for a period."""


class Dated(models.Model):
    """A row that holds for the half-open period ``[valid_from, valid_to)``."""

    valid_from = models.DateField(_("from"), null=True, blank=True, help_text=_("First day; empty: always has."))
    valid_to = models.DateField(_("until"), null=True, blank=True, help_text=_("First day it no longer holds; empty: still does."))

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
                name="%(app_label)s_%(class)s_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            )
        ]


class Sourced(models.Model):
    """A reference row that says where it was read, how sure it is, and whether the secretariat has confirmed it."""

    source = models.TextField(_("source"), blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence.choices, default=Confidence.HIGH)
    note = models.TextField(_("note"), blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        abstract = True

    @property
    def to_be_confirmed(self) -> bool:
        return self.confidence == Confidence.LOW and self.confirmed_at is None


class Named(models.Model):
    """A reference row with its name in both languages."""

    name_vi: str
    name_en: str

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return self.name_en if reads_english() else self.name_vi


class Labelled(models.Model):
    """A reference row with a stable code and its label in both languages."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    label_vi = NameField(_("label in Vietnamese"), max_length=200)
    label_en = NameField(_("label in English"), max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The label in the language of the reader."""
        return self.label_en if reads_english() else self.label_vi
