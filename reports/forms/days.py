from collections.abc import Mapping
from datetime import date

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def chosen_day(parameters: Mapping[str, str]) -> date:
    """Return the day of ``as_of``, as staff or machines write it; today without one. Raises ValidationError."""
    field = forms.DateField(
        required=False,
        error_messages={"invalid": _("“As of” is not a day. Write it as 30/09/2025 or 2025-09-30.")},
    )
    day: date | None = field.clean(parameters.get("as_of", ""))
    return day or timezone.localdate()
