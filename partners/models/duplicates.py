"""Pairs of records that may be the same, and what somebody said of them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.choices import PairState
from crm.models.fields import NameField


class PairQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """Pairs that somebody has still to look at, the likeliest first; neither side archived."""
        unsettled = self.filter(state__in=(PairState.OPEN, PairState.LATER, PairState.ASKED))
        return unsettled.filter(first__archived_at__isnull=True, second__archived_at__isnull=True)


class Pair(models.Model):
    """Two records that may be the same, the older one first. ``score``: 0 to 100; ``reasons``: why, as codes with values.

    A pair somebody called different is kept, so that it is never offered again.
    """

    score = models.PositiveSmallIntegerField(_("likeness"))
    reasons = models.JSONField(_("reasons"), default=list)
    state = models.CharField(_("state"), max_length=9, choices=PairState.choices, default=PairState.OPEN)
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    remark = NameField(_("remark"), max_length=300, blank=True)

    objects = PairQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="%(app_label)s_%(class)s_older_first"),
        ]
        indexes = [models.Index(fields=["state", "-score", "id"])]

    def __str__(self) -> str:
        return f"{self.first} = {self.second}?"  # type: ignore[attr-defined]  # each kind of pair names its own two


class PartnerPair(Pair):
    first = models.ForeignKey("partners.Partner", verbose_name=_("first"), on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("partners.Partner", verbose_name=_("second"), on_delete=models.CASCADE, related_name="+")

    class Meta(Pair.Meta):
        verbose_name = _("pair of likely the same partner")
        verbose_name_plural = _("pairs of likely the same partner")


class PersonPair(Pair):
    first = models.ForeignKey("partners.Person", verbose_name=_("first"), on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("partners.Person", verbose_name=_("second"), on_delete=models.CASCADE, related_name="+")

    class Meta(Pair.Meta):
        verbose_name = _("pair of likely the same person")
        verbose_name_plural = _("pairs of likely the same person")


class DuplicateScan(models.Model):
    """One run over what changed ``since``, or over everything; pages show how far it has come."""

    noun = models.CharField(_("of what"), max_length=10)
    since = models.DateTimeField(_("changed since"), null=True)
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True)
    rows_total = models.PositiveIntegerField(_("records"), default=0)
    rows_done = models.PositiveIntegerField(_("records done"), default=0)
    pairs_found = models.PositiveIntegerField(_("new pairs"), default=0)

    class Meta:
        verbose_name = _("search for duplicates")
        verbose_name_plural = _("searches for duplicates")
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.noun} {self.started_at:%Y-%m-%d %H:%M}"
