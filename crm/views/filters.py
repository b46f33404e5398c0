"""The filter panel of a list: loaded when it is opened, so that the list itself stays light."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.forms import DayInput
from crm.generic import NounView
from crm.lists import LOOK_PARAMETERS, RecordList


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


class FilterPanel(NounView):
    """The filters of one list, filled in as the address, or the saved view that it names, says; sending them leads to the list.

    Whoever may see the list may see its filters, so that permission and model are the list's own.
    """

    template_name = "crm/lists/filters.html"
    list_class: ClassVar[type[RecordList]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.permission, cls.model = cls.list_class.permission, cls.list_class.model

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        shown = self.list_class(request=request)
        none = shown.model._default_manager.none()
        form = shown.filterset_class(shown.look.filters, queryset=none, request=request).form
        # What is no filter stays as it is: the view, the columns and the order.
        kept = [(name, value) for name in LOOK_PARAMETERS if name != "cursor" for value in request.GET.getlist(name)]
        return self.show(part="panel", form=fit_for_page(form), list_url=reverse(shown.url_name), kept=kept)
