from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import UnitKind
from crm.identifiers import new_public_id
from crm.models.fields import NameField
from crm.models.records import Dated, DatedQuerySet, Named, Sourced


class UnitQuerySet(DatedQuerySet):
    def below(self, units: Any) -> Self:
        """The given units and everything under them, by the tree's path."""
        paths = [unit.path for unit in units]
        if not paths:
            return self.none()
        return self.filter(Q(*(("path__startswith", path) for path in paths), _connector=Q.OR))


class Unit(Named, Dated, Sourced):  # type: ignore[django-manager-missing]  # OfficeClient comes from a library without types
    """A body of the network: the centre, its departments, associations, provincial unions, chapters, clusters.

    The tree is kept as a path of codes, ``VUFO/PU-40/``, so that a unit and all below it are one prefix.
    """

    public_id = models.UUIDField(_("identifier"), default=new_public_id, unique=True, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_vi = NameField(_("name in Vietnamese"), max_length=250)
    name_en = NameField(_("name in English"), max_length=250)
    short_name = NameField(_("short name"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind.choices)
    parent = models.ForeignKey("self", verbose_name=_("part of"), null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(_("path"), max_length=400, unique=True, editable=False)
    province = models.ForeignKey(
        "crm.Province", verbose_name=_("province"), null=True, blank=True, on_delete=models.PROTECT, related_name="units"
    )
    country = models.ForeignKey(
        "crm.Country", verbose_name=_("partner country"), null=True, blank=True, on_delete=models.PROTECT, related_name="units"
    )
    founded = models.DateField(_("founded"), null=True, blank=True)

    objects = UnitQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["path"]
        constraints = Dated.Meta.constraints

    @property
    def display(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name

    def clean(self) -> None:
        self.path = f"{self.parent.path if self.parent else ''}{self.code}/"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)


class UnitSuccession(models.Model):
    """A unit was merged into, or renamed to, another on a day; its records stay findable under both."""

    predecessor = models.ForeignKey(Unit, verbose_name=_("former unit"), on_delete=models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Unit, verbose_name=_("successor"), on_delete=models.PROTECT, related_name="predecessions")
    happened_on = models.DateField(_("on"))

    class Meta:
        verbose_name = _("unit succession")
        verbose_name_plural = _("unit successions")
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="crm_unitsuccession_once"),
            models.CheckConstraint(
                condition=~Q(predecessor=models.F("successor")),
                name="crm_unitsuccession_two_units",
                violation_error_message=_("A unit cannot succeed itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor.code} → {self.successor.code}"
