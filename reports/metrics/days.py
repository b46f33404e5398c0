"""Days and windows. In SQL a day is the number of days since 1970-01-01; a window of w days is ``(T − w, T]``."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.models.partners import EPOCH
from reports.models import PolicyVersion

ACTIVE_DAYS = 365
BREADTH_DAYS = 730
DEPTH_DAYS = 1095
MOMENTUM_DAYS = 180
YEAR_DAYS = 365


def day_number(day: date) -> int:
    return (day - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def refuse_to_come(as_of: date) -> None:
    """Raise ValidationError for a day still to come: a figure states what was, and is no forecast."""
    if as_of > timezone.localdate():
        raise ValidationError(
            _("%(day)s is still to come: figures are given up to today only."), code="future", params={"day": as_of.isoformat()}
        )


def policy_on(as_of: date) -> PolicyVersion:
    """Return the policy version in force on the day: approved, and the latest to have taken effect.

    Raises ValidationError for a day still to come, since a figure states what was and is no forecast, and for a
    day before the first policy.
    """
    refuse_to_come(as_of)
    policy = PolicyVersion.objects.in_force(as_of).first()
    if policy is None:
        raise ValidationError(
            _("No policy version is in force on %(day)s. Load one with the command load_policy."),
            code="no-policy",
            params={"day": as_of.isoformat()},
        )
    return policy
