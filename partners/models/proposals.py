from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User
from partners.choices import ProposalState, StewardRole


class ChangeProposalQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(state=ProposalState.OPEN)

    def visible_to(self, user: User) -> Self:
        """What the reader's units proposed, what is proposed for partners they lead, and all for those at the centre."""
        if not user.scope.permissions:
            return self.none()
        if user.scope.central:
            return self
        own = Q(unit__in=user.scope.unit_ids) | Q(lead_unit__in=user.scope.unit_ids)
        return self.filter(own | Q(state=ProposalState.OPEN, partner__in=_led_now(user)))

    def editable_by(self, user: User) -> Self:
        """What the reader may decide: of partners that its units lead; those at the centre decide for everybody."""
        if user.scope.central:
            return self
        return self.visible_to(user).filter(Q(lead_unit__in=user.scope.unit_ids) | Q(partner__in=_led_now(user)))


def _led_now(user: User) -> Any:
    """Partners that the reader's units lead today: a proposal goes with its partner when that is handed over."""
    from partners.models.stewardships import Stewardship

    return Stewardship.objects.current().filter(role=StewardRole.LEAD, unit__in=user.scope.unit_ids).values("partner")


class ChangeProposal(Record):
    """What one unit would change in the registry fields of a partner that another unit leads.

    ``changes``: field → ``[value it was proposed against, proposed value]``, both as the API writes them; of an accepted
    proposal the fields that were declined bear a third element, ``False``. Accepted, the proposed values are saved by whoever
    accepts; what changed meanwhile is shown before.
    """

    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="proposals")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("proposed by"), on_delete=models.PROTECT, related_name="+")
    lead_unit = models.ForeignKey("crm.Unit", verbose_name=_("to be decided by"), on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField(_("changes"), encoder=DjangoJSONEncoder)
    message = NameField(_("message"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    reason = NameField(_("reason"), max_length=300, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        "crm.User", verbose_name=_("decided by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = ChangeProposalQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("change proposal")
        verbose_name_plural = _("change proposals")
        ordering = ["-created_at", "-id"]
        constraints = [
            *Record.Meta.constraints,
            models.UniqueConstraint(
                fields=["partner", "unit"],
                condition=Q(state="open"),
                name="partners_changeproposal_one_open_per_unit",
                violation_error_message=_("The unit has an open proposal for this partner; it is changed rather than doubled."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} ← {self.unit.code}"

    def get_absolute_url(self) -> str:
        return reverse("partners:proposal-detail", args=[self.public_id])
