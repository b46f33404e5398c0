from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication, ApplicationManager

from crm.models.users import User
from crm.permissions import Permission


class OfficeClientQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Credentials of the units that the reader leads, and below; administrators see all. Programs see none."""
        if not user.may(Permission.CONNECTION_MANAGE) or user.is_program:
            return self.none()
        return self if user.may(Permission.ACCOUNT_MANAGE) else self.filter(unit__in=user.scope.lead_unit_ids)

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user)

    def usable(self, on: date) -> Self:
        """Neither revoked nor expired on the day."""
        return self.filter(revoked_at__isnull=True, expires_on__gt=on, acts_as__is_active=True)


class OfficeClient(AbstractApplication):
    """The credential of an office's program (OAuth2 client credentials, RFC 6749 section 4.4).

    Its requests are made as ``acts_as``, a program account whose membership in ``unit`` gives its rights and scope.
    ``warned_for``: the day of the latest warning that was due and was given; see ``crm.actions.expiry``.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="clients")
    acts_as = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("acts as"), on_delete=models.PROTECT, related_name="acting_clients"
    )
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    may_write = models.BooleanField(_("may write"), default=True)
    expires_on = models.DateField(_("expires on"))
    warned_for = models.DateField(_("warned of the expiry on"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("revoked by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = ApplicationManager.from_queryset(OfficeClientQuerySet)()

    class Meta(AbstractApplication.Meta):
        verbose_name = _("office credential")
        verbose_name_plural = _("office credentials")

    def get_absolute_url(self) -> str:
        return reverse("crm:credential-detail", args=[self.pk])

    def is_usable(self, request: object = None) -> bool:
        """Whether tokens may be given out: until the credential's last day or its revocation (called by the OAuth2 library)."""
        return self.acts_as.is_active and self.revoked_at is None and timezone.localdate() < self.expires_on

    @property
    def scopes(self) -> list[str]:
        """The widest scope that a token of this credential can have."""
        return ["read", "write"] if self.may_write else ["read"]
