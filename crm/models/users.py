from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import DigestRhythm, Language, Role
from crm.identifiers import new_public_id
from crm.models.fields import NameField
from crm.models.records import Dated, DatedQuerySet
from crm.permissions import Permission
from crm.scope import Scope


class User(AbstractUser):  # type: ignore[django-manager-missing]  # OfficeClient comes from a library without types
    """Somebody, or an office's program, that signs in. Rights come from memberships alone."""

    public_id = models.UUIDField(_("identifier"), default=new_public_id, unique=True, editable=False)
    full_name = NameField(_("full name"), max_length=150, blank=True)
    language = models.CharField(
        _("language"), max_length=3, choices=[("vi", _("Vietnamese")), ("en", _("English"))], default=Language.VIETNAMESE
    )
    digest = models.CharField(_("e-mail digest"), max_length=6, choices=DigestRhythm.choices, default=DigestRhythm.NEVER)
    single_key_shortcuts = models.BooleanField(_("shortcuts of a single key"), default=True)
    is_program = models.BooleanField(_("a program, not a person"), default=False)

    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    class Meta(AbstractUser.Meta):
        verbose_name = _("account")  # type: ignore[assignment]  # Django takes lazy text; the stubs of its own class say str
        verbose_name_plural = _("accounts")  # type: ignore[assignment]  # the same

    def __str__(self) -> str:
        return self.full_name or self.username

    @cached_property
    def scope(self) -> Scope:
        """What this account may see and do today. Kept for the life of the object, which is one request or job."""
        return Scope.of(self, on=timezone.localdate())

    def may(self, permission: Permission) -> bool:
        return permission in self.scope.permissions


class Membership(Dated):
    """A role in a unit for a period. One person may hold several at once."""

    user = models.ForeignKey(User, verbose_name=_("account"), on_delete=models.PROTECT, related_name="memberships")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    objects = DatedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["user", "unit", "role", "valid_from"],
                name="crm_membership_once",
                violation_error_message=_("This account already holds that role in the unit."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.unit}"
