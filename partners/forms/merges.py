from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import Combobox
from partners.models import Partner


class ChooseOtherForm(forms.Form):
    """Which record to put beside the one at hand; asked by GET, as ``with``."""

    def __init__(self, record: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        url_name = "partners:partner-options" if isinstance(record, Partner) else "partners:person-options"
        self.fields["with"] = forms.ModelChoiceField(
            label=_("The other record"), queryset=type(record).objects.none(), to_field_name="public_id", widget=Combobox(url_name)
        )
