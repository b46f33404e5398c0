"""The filters of a list as a form that fits on a phone."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.forms.fields import DayInput


class Dropdown(forms.SelectMultiple):
    """A list that takes several values in the address, shown as a dropdown while at most one is chosen."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        self.allow_multiple_selected = len(value or ()) > 1
        return super().get_context(name, value, attrs)

    def optgroups(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> Any:
        groups: Any = super().optgroups(name, value, attrs)
        if not self.allow_multiple_selected:
            groups.insert(0, (None, [self.create_option(name, "", str(_("any")), not value, 0)], 0))
        return groups


def fit_for_page(form: forms.Form) -> forms.Form:
    """Let the filters look like the rest of the product: dropdowns, typed days, yes or any."""
    form.order_fields([name for name in form.fields if name != "archived"])
    for name, field in form.fields.items():
        if name == "q" or isinstance(field, forms.UUIDField):
            # What the list itself searches, and what only links give, travels along unseen.
            field.widget = forms.HiddenInput()
        elif isinstance(field, forms.DateField):
            field.widget = DayInput()
        elif type(field.widget) is forms.SelectMultiple:
            choices = field.widget.choices
            field.widget = Dropdown()
            field.widget.choices = choices
        elif isinstance(field, forms.NullBooleanField):
            field.widget.choices = [("", _("any")), ("true", _("yes"))]
    return form
