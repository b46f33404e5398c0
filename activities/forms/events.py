from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.models import Event
from crm.forms import RecordForm
from crm.models import Unit
from partners.forms.fields import DayField, PlainKeysMixin


class EventForm(PlainKeysMixin, RecordForm):
    """An event, or a session of a forum. The host is one of the units that the account writes for."""

    fields: dict[str, Any]

    class Meta:
        model = Event
        fields = ["name", "forum", "starts_on", "ends_on", "place", "country", "our_role", "host_unit"]
        field_classes = {"starts_on": DayField, "ends_on": DayField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.by.scope
        units = Unit.objects.on(timezone.localdate())
        hosts = units if scope.central else units.filter(pk__in=scope.unit_ids)
        self.fields["host_unit"].queryset = hosts
        self.fields["host_unit"].initial = next(iter(scope.home_unit_ids), None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("starts_on") and cleaned.get("ends_on") and cleaned["ends_on"] < cleaned["starts_on"]:
            self.add_error("ends_on", _("The last day must not come before the first day."))
        return cleaned
