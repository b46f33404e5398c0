from django.db import models
from django.utils.translation import gettext_lazy as _


class CoverageStatus(models.TextChoices):
    """How a country or partner stands against its plan line (M8)."""

    NEVER = "never", _("Never met")
    OVERDUE = "overdue", _("Overdue")
    DUE = "due", _("Due soon")
    PLANNED = "planned", _("Planned")
    COVERED = "covered", _("Covered")
    EXEMPT = "exempt", _("Exempt")


class Band(models.TextChoices):
    """Colour bands of the engagement index: under 20, 40, 60, and from 60 (M2)."""

    COLD = "cold", _("Cold")
    THIN = "thin", _("Thin")
    KEPT = "kept", _("Kept")
    CLOSE = "close", _("Close")
