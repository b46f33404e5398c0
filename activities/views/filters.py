from activities.filters import EventFilter, ExchangeFilter, FollowUpFilter
from activities.models import Event, Exchange, FollowUp
from crm.permissions import Permission
from partners.views.filters import FilterPanel


class ExchangeFilters(FilterPanel):
    permission = Permission.EXCHANGE_VIEW
    model = Exchange
    filterset_class = ExchangeFilter
    list_url_name = "activities:exchange-list"


class FollowUpFilters(FilterPanel):
    permission = Permission.FOLLOW_UP_VIEW
    model = FollowUp
    filterset_class = FollowUpFilter
    list_url_name = "activities:follow-up-list"


class EventFilters(FilterPanel):
    permission = Permission.EXCHANGE_VIEW
    model = Event
    filterset_class = EventFilter
    list_url_name = "activities:event-list"
