"""Completing an exchange in place: only what is missing is asked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.actions.exchanges import change_exchange
from activities.models import Exchange
from crm.forms import Combobox, RecordForm
from crm.models import Field, Province
from partners.forms.fields import PlainKeysMixin


class TidyForm(PlainKeysMixin, RecordForm):
    """The parts that the exchange lacks, for a row read ``with_completeness``."""

    instance: Exchange
    fields: dict[str, Any]

    provinces = forms.ModelMultipleChoiceField(
        label=_("Provinces"), queryset=Province.objects.all(), to_field_name="slug", required=False,
        widget=Combobox("activities:province-options", many=True, hint=_("Type the name of a province")),
    )  # fmt: skip
    fields_touched = forms.ModelMultipleChoiceField(
        label=_("Fields of cooperation"), queryset=Field.objects.all(), to_field_name="code", required=False,
        widget=Combobox("activities:field-options", many=True, hint=_("Type the name of a field")),
    )  # fmt: skip

    class Meta:
        model = Exchange
        fields = ["outcome", "people_count", "place"]
        widgets = {"outcome": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, auto_id=f"tidy_{kwargs['instance'].public_id}_%s")
        missing = {name for part in self.instance.completeness.missing for name in part.fields}
        asked = {"fields_touched" if name == "fields" else name for name in missing} | {"seen_revision"}
        for name in set(self.fields) - asked:
            del self.fields[name]

    def save(self, commit: bool = True) -> Exchange:
        cleaned = self.cleaned_data
        given = {"provinces": cleaned.get("provinces"), "fields": cleaned.get("fields_touched")}
        exchange: Exchange = change_exchange(self.instance, by=self.by, **{name: rows for name, rows in given.items() if rows})
        return exchange
