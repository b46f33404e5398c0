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


class Silence(models.TextChoices):
    """Why an exchange changes no figure."""

    NOT_HELD = "not_held", _("It is planned: it counts once it is held.")
    RESTRICTED = "restricted", _("Restricted exchanges count in no figure.")
    KIND = "kind", _("This kind of exchange counts for no partner.")
    IN_DELEGATION = "in_delegation", _("It is part of a delegation, which counts already for its partners.")
    LONG_AGO = "long_ago", _("It is so long ago that it no longer counts.")
    ARCHIVED = "archived", _("It is archived, so no figure counts it.")
