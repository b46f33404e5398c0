"""Who wants to be told of changes, and what was told."""

from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.choices import DeliveryState, EndpointState
from crm.identifiers import new_public_id
from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User
from crm.permissions import Permission


class WebhookEndpointQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Endpoints of the units whose connections the reader looks after; administrators see all."""
        if not user.may(Permission.CONNECTION_MANAGE):
            return self.none()
        return self if user.may(Permission.ACCOUNT_MANAGE) else self.filter(unit__in=user.scope.lead_unit_ids)

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user)


class WebhookEndpoint(Record):
    """An address of an office that is told of changes, as far as its credential may read (Standard Webhooks).

    ``secret`` and ``old_secret`` are encrypted (``crm.secrets``); while ``old_secret_until`` is ahead, messages carry both
    signatures. ``cursor`` says up to where the change feed has been made into deliveries, in the words of ``crm.feed``.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey("crm.OfficeClient", verbose_name=_("credential"), on_delete=models.PROTECT, related_name="endpoints")
    name = NameField(_("name"), max_length=120)
    url = models.URLField(_("address"), max_length=500)
    nouns = models.JSONField(_("told of"), default=list, blank=True)
    secret = models.TextField(editable=False)
    old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(_("old secret is good until"), null=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=EndpointState.choices, default=EndpointState.ACTIVE)
    state_reason = models.CharField(_("why"), max_length=300, blank=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    cursor = models.CharField(max_length=300, blank=True, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["unit", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:webhook-detail", args=[self.public_id])


class WebhookDelivery(models.Model):
    """One message to one endpoint: thin, saying that a record changed, until the receiver has taken it or time is up."""

    public_id = models.UUIDField(_("message"), default=new_public_id, unique=True, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, verbose_name=_("endpoint"), on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(_("type"), max_length=60)
    payload = models.JSONField(_("payload"))
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    next_try_at = models.DateTimeField(_("next try"), null=True)
    claimed_until = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="delivery_due"),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class WebhookAttempt(models.Model):
    """One try to deliver a message, and what the receiver answered."""

    delivery = models.ForeignKey(WebhookDelivery, verbose_name=_("delivery"), on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)

    class Meta:
        verbose_name = _("try of a delivery")
        verbose_name_plural = _("tries of deliveries")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.status or self.error}"
