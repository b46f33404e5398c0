from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import CommitmentState, Side, Standing
from activities.models.follow_ups import NO_DAY
from crm.choices import Confidentiality
from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Record, SearchedQuerySet
from crm.text import fold

UNSETTLED = (CommitmentState.OPEN, CommitmentState.IN_PROGRESS)


class CommitmentQuerySet(SearchedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Commitments of the reader's units, of everyone for the centre; those given to the reader always."""
        readable = user.scope.readable(user, unit_fields=("unit",))
        return self.filter(readable | Q(assignee=user) if user.scope.permissions else readable)

    def editable_by(self, user: User) -> Self:
        visible = self.visible_to(user)
        return visible if user.scope.central else visible.filter(Q(unit__in=user.scope.unit_ids) | Q(assignee=user))

    def unsettled(self) -> Self:
        """Neither done, broken nor dropped yet."""
        return self.live().filter(state__in=UNSETTLED)

    def overdue(self, on: date) -> Self:
        return self.unsettled().filter(due_on__lt=on)

    def late(self) -> Self:
        """Done, but after the day it was due on."""
        return self.live().filter(state=CommitmentState.DONE, settled_on__gt=F("due_on"))

    def standing(self, standings: Iterable[str], on: date) -> Self:
        """Commitments in use that stand so on the day, as far as is known today; see ``Commitment.standing``."""
        asked = Q(pk__in=[])
        for standing in standings:
            asked |= _condition_of(standing, on)
        return self.filter(asked)

    def ours(self) -> Self:
        return self.filter(owed_by=Side.OURS)

    def theirs(self) -> Self:
        return self.filter(owed_by=Side.THEIRS)


def _condition_of(standing: str, on: date) -> Q:
    in_time = Q(due_on__isnull=True) | Q(due_on__gte=on)
    late = Q(due_on__isnull=False, settled_on__gt=F("due_on"))
    if standing == Standing.OVERDUE:
        return Q(state__in=UNSETTLED) & ~in_time
    if standing in UNSETTLED:
        return Q(state=standing) & in_time
    if standing in (Standing.DONE, Standing.LATE):
        return Q(state=CommitmentState.DONE) & (late if standing == Standing.LATE else ~late)
    return Q(state=standing)


class Commitment(Record):
    """What one side promised the other, by a day: in an agreement, at a meeting, in a letter.

    ``unit`` owns it: of ours it keeps the promise, of theirs it sees that it is kept. ``settled_on`` is the day it was done,
    broken or dropped, so that its state is known as of any day since ``promised_on``.
    """

    text = NameField(_("what was promised"), max_length=500)
    owed_by = models.CharField(_("owed by"), max_length=6, choices=Side.choices, default=Side.OURS)
    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="commitments")
    person = models.ForeignKey(
        "partners.Person", verbose_name=_("promised by"), null=True, blank=True, on_delete=models.PROTECT, related_name="commitments"
    )
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="commitments")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, blank=True, on_delete=models.PROTECT, related_name="commitments"
    )
    exchange = models.ForeignKey(
        "activities.Exchange", verbose_name=_("promised at"), null=True, blank=True, on_delete=models.PROTECT, related_name="commitments"
    )
    agreement = models.ForeignKey(
        "activities.Agreement",
        verbose_name=_("under the agreement"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="commitments",
    )
    promised_on = models.DateField(_("promised on"), default=timezone.localdate)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=11, choices=CommitmentState.choices, default=CommitmentState.OPEN)
    settled_on = models.DateField(_("settled on"), null=True, blank=True, help_text=_("The day it was done, broken or dropped."))
    reason = NoteField(_("reason"), blank=True)
    proof = NoteField(_("proof"), blank=True, help_text=_("What shows that it was kept: a letter, a report, a link."))
    proof_exchange = models.ForeignKey(
        "activities.Exchange", verbose_name=_("kept at"), null=True, blank=True, on_delete=models.PROTECT, related_name="commitments_kept"
    )
    confidentiality = models.CharField(_("who may see"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.UNIT)
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)
    search_key = models.CharField(max_length=700, editable=False)

    objects = CommitmentQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_key"])

    class Meta(Record.Meta):
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = [models.F("due_on").asc(nulls_last=True), "id"]
        indexes = [
            models.Index(Coalesce("due_on", NO_DAY), "id", name="commitment_by_day"),
            models.Index(fields=["unit", "state", "due_on"], name="commitment_by_unit"),
            models.Index(fields=["partner", "due_on"], name="commitment_by_partner"),
            models.Index(fields=["assignee", "state", "due_on"], name="commitment_by_assignee"),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state__in=UNSETTLED, settled_on__isnull=True) | (~Q(state__in=UNSETTLED) & Q(settled_on__isnull=False)),
                name="activities_commitment_settled_on",
                violation_error_message=_("Say on which day it was done, broken or dropped; one still open has no such day."),
            ),
            models.CheckConstraint(
                condition=Q(settled_on__isnull=True) | Q(settled_on__gte=F("promised_on")),
                name="activities_commitment_settled_after_promise",
                violation_error_message=_("It cannot be settled before it was promised."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CommitmentState.DROPPED, CommitmentState.BROKEN]) | ~Q(reason=""),
                name="activities_commitment_reason",
                violation_error_message=_("Say why it was dropped or broken."),
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("activities:commitment-detail", args=[self.public_id])

    @property
    def is_settled(self) -> bool:
        return self.state not in UNSETTLED

    def is_overdue(self, day: date) -> bool:
        """Whether it was still to be kept on a day after the one it was due on."""
        return not self.is_settled and self.due_on is not None and self.due_on < day

    def standing(self, day: date) -> Standing:
        """How it stands on the day: its state, or overdue, or late."""
        if self.is_overdue(day):
            return Standing.OVERDUE
        return Standing.LATE if self.is_late else Standing(self.state)

    @property
    def standing_today(self) -> Standing:
        """The same of today, as pages show it."""
        return self.standing(timezone.localdate())

    @property
    def is_late(self) -> bool:
        """Whether it was kept, but after the day."""
        return self.state == CommitmentState.DONE and self.due_on is not None and (self.settled_on or self.due_on) > self.due_on

    def set_keys(self) -> None:
        """Fill the search key from what was promised and what shows that it was kept."""
        self.search_key = fold(f"{self.text} {self.proof[:150]}")[:700]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)
