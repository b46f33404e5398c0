from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import AgreementFamily, AgreementLevel, AgreementStanding, AgreementState, Side
from activities.models.follow_ups import NO_DAY
from crm.choices import Confidentiality
from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Dated, DatedRecordQuerySet, Labelled, Record, SearchedQuerySet, Sourced
from crm.text import fold


class AgreementKind(Labelled, Sourced):
    """A kind of paper that two sides sign, as staff and reports name it."""

    family = models.CharField(_("family"), max_length=10, choices=AgreementFamily.choices)
    order = models.PositiveSmallIntegerField(_("order"), default=99)
    retired_on = models.DateField(_("no longer offered from"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kind of agreement")
        verbose_name_plural = _("kinds of agreement")
        ordering = ["order", "id"]


class AgreementQuerySet(DatedRecordQuerySet, SearchedQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    def visible_to(self, user: User) -> Self:
        """Agreements by confidentiality level and by the unit that keeps them, or that is a party."""
        own = Q(
            confidentiality=Confidentiality.UNIT, pk__in=AgreementParty.objects.filter(unit__in=user.scope.unit_ids).values("agreement")
        )
        readable = user.scope.readable(user, unit_fields=("unit",))
        return self.filter(readable if user.scope.central or not user.scope.permissions else readable | own)

    def editable_by(self, user: User) -> Self:
        """Agreements that the account's own units keep; all it may read at the centre."""
        visible = self.visible_to(user)
        return visible if user.scope.central else visible.filter(unit__in=user.scope.unit_ids)

    def in_force(self, day: date) -> Self:
        """Signed agreements that hold on the day.

        One ended early holds until the day it ended; one that goes on by itself also after the day it was made until.
        """
        begun = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
        goes_on = Q(valid_to__isnull=True) | Q(valid_to__gt=day) | Q(renews_itself=True, state=AgreementState.SIGNED)
        return self.live().filter(begun, goes_on).exclude(state=AgreementState.NEGOTIATED)

    def ending(self, since: date, until: date) -> Self:
        """Signed agreements whose last day lies from ``since`` to ``until``, both included, and that no signed one renews."""
        ends = self.live().filter(valid_to__gt=since, valid_to__lte=until + timedelta(days=1))
        return ends.filter(state=AgreementState.SIGNED).without_signed_renewal()

    def ended_unrenewed(self, day: date) -> Self:
        """Signed agreements that ran out by the day, without anybody having ended them and without a step to a renewal."""
        over = self.live().filter(state=AgreementState.SIGNED, renews_itself=False, valid_to__lte=day)
        return over.exclude(pk__in=Agreement.objects.live().filter(renews__isnull=False).values("renews"))

    def without_signed_renewal(self) -> Self:
        signed = Agreement.objects.live().filter(renews__isnull=False).exclude(state=AgreementState.NEGOTIATED)
        return self.exclude(pk__in=signed.values("renews"))

    def with_provinces(self, provinces: Iterable[int]) -> Self:
        """Agreements to which one of the provinces is a party."""
        return self.filter(pk__in=AgreementParty.objects.filter(province__in=provinces).values("agreement"))

    def with_partners(self, partners: Any) -> Self:
        """Agreements to which one of the partners is a party."""
        return self.filter(pk__in=AgreementParty.objects.filter(partner__in=partners).values("agreement"))

    def renewed(self) -> Self:
        """Agreements for which a step to a renewal is on record: another one that renews them, signed or negotiated."""
        return self.filter(pk__in=Agreement.objects.live().filter(renews__isnull=False).values("renews"))


class Agreement(Dated, Record):
    """An agreement, memorandum or twinning between our side and theirs, with several parties on each.

    Holds for ``[valid_from, valid_to)``; ``signed_on`` is the day of signing. A renewal is a new row that names the old
    one in ``renews``. A twinning keeps the province it was signed for, also when that went into another.
    """

    kind = models.ForeignKey(AgreementKind, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="agreements")
    title = NameField(_("title"), max_length=300)
    number = NameField(_("number"), max_length=80, blank=True)
    level = models.CharField(_("level"), max_length=12, choices=AgreementLevel.choices, default=AgreementLevel.ORGANISATION)
    state = models.CharField(_("state"), max_length=11, choices=AgreementState.choices, default=AgreementState.SIGNED)
    legal_basis = NameField(_("legal basis"), max_length=300, blank=True)
    policy_document = models.ForeignKey(
        "crm.PolicyDocument", verbose_name=_("under"), null=True, blank=True, on_delete=models.PROTECT, related_name="agreements"
    )
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    signed_at = NameField(_("signed at"), max_length=200, blank=True)
    renews_itself = models.BooleanField(_("goes on unless somebody ends it"), default=False)
    notice_days = models.PositiveSmallIntegerField(_("notice in days"), null=True, blank=True)
    renews = models.OneToOneField("self", verbose_name=_("renews"), null=True, blank=True, on_delete=models.PROTECT, related_name="renewal")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("kept by"), on_delete=models.PROTECT, related_name="agreements")
    exchange = models.ForeignKey(
        "activities.Exchange", verbose_name=_("signed during"), null=True, blank=True, on_delete=models.PROTECT, related_name="agreements"
    )
    fields = models.ManyToManyField("crm.Field", verbose_name=_("fields of cooperation"), blank=True, related_name="agreements")
    summary = NoteField(_("what was agreed"), blank=True)
    confidentiality = models.CharField(_("who may see"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.UNIT)
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)
    search_key = models.CharField(max_length=500, editable=False)

    objects = AgreementQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[fields], excluded_fields=["search_key"])

    class Meta(Record.Meta):
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = [models.F("valid_to").asc(nulls_last=True), "id"]
        indexes = [
            models.Index(Coalesce("valid_to", NO_DAY), "id", name="agreement_by_end"),
            models.Index(Coalesce("signed_on", NO_DAY), "id", name="agreement_by_signing"),
            models.Index(fields=["unit", "valid_to"], name="agreement_by_unit"),
        ]
        constraints = [
            *Record.Meta.constraints,
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state=AgreementState.NEGOTIATED) | Q(signed_on__isnull=False),
                name="activities_agreement_signed_on",
                violation_error_message=_("A signed agreement says on which day it was signed."),
            ),
            models.CheckConstraint(
                condition=Q(renews__isnull=True) | ~Q(renews=models.F("id")),
                name="activities_agreement_not_its_own_renewal",
                violation_error_message=_("An agreement cannot renew itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("activities:agreement-detail", args=[self.public_id])

    def days_left(self, day: date) -> int | None:
        """Days from the given one until it no longer holds, below zero after that; None where no end is known."""
        return None if self.valid_to is None else (self.valid_to - day).days

    def standing(self, day: date) -> AgreementStanding:
        """Where it stands on the day, as far as its own row says: what renews it is the renewal's to say."""
        if self.state == AgreementState.NEGOTIATED:
            return AgreementStanding.NEGOTIATED
        if self.state == AgreementState.ENDED_EARLY and self.valid_to and self.valid_to <= day:
            return AgreementStanding.ENDED_EARLY
        if self.valid_from and self.valid_from > day:
            return AgreementStanding.TO_COME
        if self.valid_to and self.valid_to <= day and not self.renews_itself:
            return AgreementStanding.ENDED
        return AgreementStanding.IN_FORCE

    def clean(self) -> None:
        if self.signed_on and self.valid_from and self.valid_from < self.signed_on:
            raise ValidationError(
                {"valid_from": ValidationError(_("It cannot take effect before it was signed."), code="effective-before-signed")}
            )

    def set_keys(self) -> None:
        """Fill the search key from the title and the number."""
        self.search_key = fold(f"{self.title} {self.number}")[:500]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)


class AgreementParty(models.Model):
    """One who signed: of ours a unit or a province, of theirs a partner; or a name, where there is no record."""

    agreement = models.ForeignKey(Agreement, verbose_name=_("agreement"), on_delete=models.CASCADE, related_name="parties")
    side = models.CharField(_("side"), max_length=6, choices=Side.choices)
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    province = models.ForeignKey(
        "crm.Province", verbose_name=_("province"), null=True, blank=True, on_delete=models.PROTECT, related_name="agreement_parties"
    )
    partner = models.ForeignKey(
        "partners.Partner", verbose_name=_("partner"), null=True, blank=True, on_delete=models.PROTECT, related_name="agreement_parties"
    )
    name = NameField(_("name"), max_length=250, blank=True, help_text=_("For somebody who has no record."))
    signatory = NameField(_("signed by"), max_length=200, blank=True)
    signatory_title = NameField(_("title on that day"), max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(_("place in protocol order"), default=100)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["side", "rank", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(side=Side.OURS, unit__isnull=False, province__isnull=True, partner__isnull=True, name="")
                    | Q(side=Side.OURS, unit__isnull=True, province__isnull=False, partner__isnull=True, name="")
                    | Q(side=Side.THEIRS, unit__isnull=True, province__isnull=True, partner__isnull=False, name="")
                    | (Q(unit__isnull=True, province__isnull=True, partner__isnull=True) & ~Q(name=""))
                ),
                name="activities_agreementparty_who",
                violation_error_message=_("Say who the party is: a unit or a province of ours, a partner of theirs, or a name."),
            ),
            models.UniqueConstraint(
                fields=["agreement", "partner"], condition=Q(partner__isnull=False), name="activities_agreementparty_partner_once"
            ),
            models.UniqueConstraint(
                fields=["agreement", "unit"], condition=Q(unit__isnull=False), name="activities_agreementparty_unit_once"
            ),
            models.UniqueConstraint(
                fields=["agreement", "province"], condition=Q(province__isnull=False), name="activities_agreementparty_province_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.unit or self.province or self.partner or self.name)
