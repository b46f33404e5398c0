from datetime import date
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models import User
from crm.models.fields import NameField
from crm.models.records import Dated, DatedRecordQuerySet, Record
from partners.choices import RegistrationKind
from partners.models.partners import Partner


class RegistrationQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    def visible_to(self, user: User) -> Self:
        """Certificates are public papers: part of the directory."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        return self.filter(partner__in=Partner.objects.editable_by(user).values("pk"))


class Registration(Dated, Record):
    """A certificate of a foreign NGO, with its days; at most three years (Decree 58/2022). A renewal is a new row."""

    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="registrations")
    kind = models.CharField(_("kind"), max_length=12, choices=RegistrationKind.choices, default=RegistrationKind.REGISTRATION)
    number = NameField(_("number"), max_length=80)
    representative = NameField(_("representative"), max_length=200, blank=True)
    provinces = NameField(_("provinces"), max_length=300, blank=True)
    renews = models.OneToOneField("self", verbose_name=_("renews"), null=True, blank=True, on_delete=models.PROTECT, related_name="renewal")

    objects = RegistrationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-valid_from", "-id"]
        constraints = [*Record.Meta.constraints, *Dated.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def days_left(self, day: date) -> int | None:
        """Days from the given one until it no longer holds, below zero after that; None where no end is known."""
        return None if self.valid_to is None else (self.valid_to - day).days
