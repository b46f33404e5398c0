"""The lists of exchanges, follow-ups and events, with their filter panels."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from activities.actions.bulk_edits import EXCHANGE_OPERATIONS, FOLLOW_UP_OPERATIONS
from activities.choices import FollowUpState
from activities.columns.events import EVENT_COLUMNS
from activities.columns.exchanges import EXCHANGE_COLUMNS
from activities.columns.follow_ups import FOLLOW_UP_COLUMNS
from activities.filters.events import EventFilter
from activities.filters.exchanges import ExchangeFilter
from activities.filters.follow_ups import FollowUpFilter
from activities.forms.bulk_edits import ExchangeBulkForm, FollowUpBulkForm
from activities.models import Event, Exchange, FollowUp
from crm.lists import Bulk, EmptyState, RecordList
from crm.permissions import Permission
from crm.views.filters import FilterPanel


class ExchangeList(RecordList):
    permission = Permission.EXCHANGE_VIEW
    model = Exchange
    template_name = "activities/exchange_list.html"
    filterset_class = ExchangeFilter
    url_name = "activities:exchange-list"
    filters_url_name = "activities:exchange-filters"
    columns = EXCHANGE_COLUMNS
    default_order = "-day"
    placeholder = _("A word of the title, place, outcome or summary")
    bulk = Bulk(Permission.EXCHANGE_LOG, EXCHANGE_OPERATIONS, ExchangeBulkForm)
    empty = EmptyState(
        _("No exchange found"), _("Try other words, or remove a filter. What happened today can be logged in half a minute."),
        "activities:exchange-log", _("Log an exchange"), Permission.EXCHANGE_LOG,
    )  # fmt: skip


class FollowUpList(RecordList):
    """What is to be done, the nearest day first; open ones unless the filter says otherwise."""

    permission = Permission.FOLLOW_UP_VIEW
    model = FollowUp
    template_name = "activities/follow_up_list.html"
    filterset_class = FollowUpFilter
    url_name = "activities:follow-up-list"
    filters_url_name = "activities:follow-up-filters"
    columns = FOLLOW_UP_COLUMNS
    default_order = "due"
    bulk = Bulk(Permission.FOLLOW_UP_EDIT, FOLLOW_UP_OPERATIONS, FollowUpBulkForm)
    empty = EmptyState(_("Nothing to be done here"), _("A follow-up is entered on the page of an exchange or a partner."))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET:
            return redirect(f"{request.path}?state={FollowUpState.OPEN}")
        return super().get(request, *args, **kwargs)


class EventList(RecordList):
    permission = Permission.EXCHANGE_VIEW
    model = Event
    template_name = "activities/event_list.html"
    filterset_class = EventFilter
    url_name = "activities:event-list"
    filters_url_name = "activities:event-filters"
    columns = EVENT_COLUMNS
    default_order = "-day"
    empty = EmptyState(
        _("No event found"), _("An event is entered once; exchanges at it then point to it."),
        "activities:event-create", _("New event"), Permission.EXCHANGE_LOG,
    )  # fmt: skip


class ExchangeFilters(FilterPanel):
    list_class = ExchangeList


class FollowUpFilters(FilterPanel):
    list_class = FollowUpList


class EventFilters(FilterPanel):
    list_class = EventList
