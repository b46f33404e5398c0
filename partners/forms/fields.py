"""Form fields for how people here write days, and for long lists in groups."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import DayInput

DAY_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d%m%Y", "%d/%m/%y")


class DayField(forms.DateField):
    """A day as 21/11/2026, 21112026 or 2026-11-21, in whichever language the page is."""

    widget = DayInput
    default_error_messages = {"invalid": _("This is not a day of the calendar. Write it as dd/mm/yyyy, such as 21/11/2026.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=DAY_FORMATS, **kwargs)


class GroupedTicks(forms.CheckboxSelectMultiple):
    """Ticks side by side under the heading of their group."""

    template_name = "partners/grouped_ticks.html"


def in_groups(rows: Iterable[Any], *, group: Any, value: str = "pk") -> list[tuple[str, list[tuple[Any, str]]]]:
    """Return rows, already sorted by group, as choices under the headings that ``group(row)`` gives."""
    return [(str(heading), [(getattr(row, value), str(row)) for row in members]) for heading, members in groupby(rows, key=group)]


class PlainKeysMixin(forms.BaseForm):
    """Keys of rows as sent may be anything. One that no database could look up becomes one that no row has.

    So the field says that the choice is not valid, instead of the database failing over a NUL or endless digits.
    """

    data: Any

    def full_clean(self) -> None:
        if self.is_bound:
            self.data = self.data.copy()
            for name, field in self.fields.items():
                if isinstance(field, forms.ModelChoiceField):
                    self._replace_impossible(self.add_prefix(name))
        super().full_clean()

    def _replace_impossible(self, name: str) -> None:
        keys = self.data.getlist(name) if hasattr(self.data, "getlist") else []
        if not all(map(_could_be_key, keys)):
            self.data.setlist(name, [key if _could_be_key(key) else NO_KEY for key in keys])


NO_KEY = "?"
LONGEST_KEY = 80
LONGEST_NUMBER = 18


def _could_be_key(key: str) -> bool:
    return "\x00" not in key and len(key) <= LONGEST_KEY and not (key.isdigit() and len(key) > LONGEST_NUMBER)
