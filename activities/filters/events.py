import django_filters
from django.utils.translation import gettext_lazy as _

from activities.choices import OurRole
from activities.models import Event
from crm.filters import ChoicesFilter, RecordFilter


class EventFilter(RecordFilter):
    """The list of events."""

    our_role = ChoicesFilter(choices=OurRole.choices, label=_("Our role"))
    since = django_filters.DateFilter(field_name="starts_on", lookup_expr="gte", label=_("From day"))
    until = django_filters.DateFilter(field_name="starts_on", lookup_expr="lte", label=_("To day"))

    class Meta:
        model = Event
        fields: list[str] = []
