from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models import User
from crm.models.records import Dated, DatedRecordQuerySet, Record
from partners.choices import RelationKind
from partners.models.partners import Partner


class RelationQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    def visible_to(self, user: User) -> Self:
        """Part of the directory, as the partners are."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        """Relations of which the account may write one of the two partners."""
        partners = Partner.objects.editable_by(user).values("pk")
        return self.filter(Q(source__in=partners) | Q(target__in=partners))


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
