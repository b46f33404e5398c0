from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models.records import Dated, DatedRecordQuerySet, Record
from partners.choices import RelationKind


class RelationQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    pass


class Relation(Dated, Record):
    """How one partner stands to another, for a period: part of, sister of, member of, funds, succeeds."""

    source = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="relations_from")
    target = models.ForeignKey("partners.Partner", verbose_name=_("other partner"), on_delete=models.PROTECT, related_name="relations_to")
    kind = models.CharField(_("kind"), max_length=12, choices=RelationKind.choices)

    objects = RelationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        constraints = [
            *Record.Meta.constraints,
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(source=F("target")),
                name="partners_relation_two_partners",
                violation_error_message=_("A relation needs two different partners."),
            ),
            models.UniqueConstraint(
                fields=["source", "target", "kind"],
                condition=Q(archived_at__isnull=True, valid_to__isnull=True),
                name="partners_relation_once_at_a_time",
                violation_error_message=_("This relation is already recorded."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.get_kind_display()} {self.target}"
