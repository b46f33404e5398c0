"""Form fields for how people here write days, and for long lists in groups."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DAY_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d%m%Y", "%d/%m/%y")


class DayInput(forms.DateInput):
    """Typed, not picked: one field, a numeric keyboard on phones, and separators may be left out."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(format=DAY_FORMATS[0], attrs={"inputmode": "numeric", "placeholder": _("dd/mm/yyyy"), "autocomplete": "off", **(attrs or {})})


class DayField(forms.DateField):
    """A day as 21/11/2026, 21112026 or 2026-11-21, in whichever language the page is."""

    widget = DayInput
    default_error_messages = {"invalid": _("This is not a day of the calendar. Write it as dd/mm/yyyy, such as 21/11/2026.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=DAY_FORMATS, **kwargs)


def in_groups(rows: Iterable[Any], *, group: Any, value: str = "pk") -> list[tuple[str, list[tuple[Any, str]]]]:
    """Return rows, already sorted by group, as choices under the headings that ``group(row)`` gives."""
    return [(str(heading), [(getattr(row, value), str(row)) for row in members]) for heading, members in groupby(rows, key=group)]
