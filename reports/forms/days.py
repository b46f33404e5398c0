from collections.abc import Mapping
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Windows and periods reach back from a day, and calendars begin with the year 1.
EARLIEST = date(1900, 1, 1)


def refuse_too_early(day: date | None) -> None:
    """Raise ValidationError for a day so long ago that nothing can be on record."""
    if day is not None and day < EARLIEST:
        raise ValidationError(
            _("Nothing is on record from before %(day)s. Choose a later day."), code="too-early", params={"day": f"{EARLIEST:%d/%m/%Y}"}
        )


def chosen_day(parameters: Mapping[str, str]) -> date:
    """Return the day of ``as_of``, as staff or machines write it; today without one. Raises ValidationError."""
    field = forms.DateField(
        required=False,
        error_messages={"invalid": _("“As of” is not a day. Write it as 30/09/2025 or 2025-09-30.")},
    )
    day: date | None = field.clean(parameters.get("as_of", ""))
    refuse_too_early(day)
    return day or timezone.localdate()
