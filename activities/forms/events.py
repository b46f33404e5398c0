from typing import Any

from django.utils import timezone

from activities.models import Event
from crm.forms import RecordForm
from crm.models import Unit
from partners.forms.fields import DayField


class EventForm(RecordForm):
    """An event, or a session of a forum. The host is one of the units that the account writes for."""

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
