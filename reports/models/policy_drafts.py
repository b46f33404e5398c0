from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Record, RecordQuerySet
from reports.choices import DraftState


class PolicyDraftQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """How numbers are made is no secret: everybody may read drafts."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user).live().filter(state__in=[DraftState.DRAFT, DraftState.RETURNED])


class PolicyDraft(Record):
    """A policy version while it is written. Approved by somebody else than who wrote it, it becomes a ``PolicyVersion``.

    ``content``: the tables of a policy file (base_points, level_factors, sides_factors, caps, bands, cadences, …).
    ``preview``: what would move, as worked out for ``preview_revision``.
    """

    code = models.SlugField(_("code"), max_length=40)
    name = NameField(_("name"), max_length=200)
    effective_from = models.DateField(_("takes effect on"))
    reason = NoteField(_("reason"))
    content = models.JSONField(_("weights, caps, bands and cadences"), default=dict)
    based_on = models.ForeignKey("reports.PolicyVersion", verbose_name=_("based on"), null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=9, choices=DraftState.choices, default=DraftState.DRAFT)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("submitted by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    decision_reason = NoteField(_("reason for the decision"), blank=True)
    version = models.OneToOneField(
        "reports.PolicyVersion", verbose_name=_("became"), null=True, editable=False, on_delete=models.PROTECT, related_name="draft"
    )
    preview = models.JSONField(_("what would move"), null=True, editable=False)
    preview_revision = models.PositiveIntegerField(null=True, editable=False)

    objects = PolicyDraftQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("draft of a policy version")
        verbose_name_plural = _("drafts of policy versions")
        ordering = ["-created_at", "-id"]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(state=DraftState.APPROVED) | Q(version__isnull=False, decided_by__isnull=False),
                name="reports_policydraft_approved_is_version",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(submitted_by__isnull=True) | ~Q(decided_by=models.F("submitted_by")),
                name="reports_policydraft_four_eyes",
                violation_error_message=_("Somebody else than the author decides."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("reports:policy-draft-detail", args=[self.public_id])
