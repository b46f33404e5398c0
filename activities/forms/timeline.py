from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.choices import ExchangeFamily, Level
from activities.models import Exchange
from activities.models.exchanges import ExchangeQuerySet
from crm.models import Field, Unit
from partners.forms.fields import PlainKeysMixin

SORTS = (
    ("exchange", _("Exchanges")),
    ("commitment", _("Commitments")),
    ("follow_up", _("Follow-ups")),
    ("agreement", _("Agreements")),
    ("post", _("Posts")),
    ("registration", _("Certificates")),
)


class TimelineFilter(PlainKeysMixin, forms.Form):
    """What of a partner's timeline is shown. What cannot be read filters nothing."""

    fields: dict[str, Any]

    sort = forms.MultipleChoiceField(label=_("Show"), choices=SORTS, required=False, widget=forms.CheckboxSelectMultiple)
    family = forms.ChoiceField(label=_("Kind"), choices=[("", _("All kinds")), *ExchangeFamily.choices], required=False)
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code", required=False)
    level = forms.ChoiceField(label=_("Level"), choices=[("", _("All levels")), *Level.choices], required=False)
    field = forms.ModelChoiceField(label=_("Field"), queryset=Field.objects.none(), to_field_name="code", required=False)
    year = forms.IntegerField(required=False, min_value=1945, max_value=2100, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, exchanges: ExchangeQuerySet) -> None:
        super().__init__(data, auto_id="timeline-%s")
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=exchanges.values("host_unit"))
        self.fields["unit"].empty_label = _("All units")
        self.fields["field"].queryset = Field.objects.filter(pk__in=exchanges.values("fields"))
        self.fields["field"].empty_label = _("All fields")
        self.is_valid()

    @property
    def asks(self) -> dict[str, Any]:
        """What is asked for and could be read."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}

    @property
    def only_exchanges(self) -> bool:
        """Kind, level and field are said of exchanges alone."""
        return bool({"family", "level", "field"} & self.asks.keys())

    def shows(self, sort: str) -> bool:
        if self.only_exchanges or ("unit" in self.asks and sort in ("post", "registration")):
            return sort == "exchange"
        return sort in self.asks.get("sort", [sort])

    def filter_exchanges(self, exchanges: ExchangeQuerySet) -> ExchangeQuerySet:
        asked = self.asks
        if "family" in asked:
            exchanges = exchanges.filter(kind__family=asked["family"])
        if "unit" in asked:
            exchanges = exchanges.of_units([asked["unit"]])
        if "level" in asked:
            exchanges = exchanges.filter(level=int(asked["level"]))
        if "field" in asked:
            exchanges = exchanges.filter(pk__in=Exchange.objects.filter(fields=asked["field"]).values("pk"))
        return exchanges
