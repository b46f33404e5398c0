from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone

from activities.choices import FollowUpState
from activities.forms.timeline import TimelineFilter
from activities.models import Exchange, FollowUp, Participation
from activities.views.exchanges import WITH_PARTNERS
from activities.views.follow_ups import with_context
from activities.views.timeline_sources import (
    Place,
    Source,
    agreement_sources,
    ahead_of,
    commitment_sources,
    exchange_source,
    follow_up_source,
    page_of,
    post_sources,
    registration_sources,
)
from crm.choices import Confidentiality
from crm.generic import DetailView, is_partial
from crm.models import User
from crm.paging import InvalidCursorError
from crm.permissions import Permission
from partners.models import Partner

PAGE_SIZE = 20
MOST_AHEAD = 50


class PartnerTimeline(DetailView):
    """A tab of the partner page: what happened, newest first, with what is planned above the line of today."""

    permission = Permission.EXCHANGE_VIEW
    model = Partner
    template_name = "activities/timeline.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        partner, today, user = self.get_object(), timezone.localdate(), self.request.user
        held = exchanges_of(partner)
        seen = held.visible_to(user)
        asked = TimelineFilter(request.GET, exchanges=seen)
        sources = [source for source in _sources(partner, seen, asked, user, today) if asked.shows(source.sort)]
        year, cursor = asked.asks.get("year"), request.GET.get("cursor", "")
        try:
            after = Place.read(cursor) if cursor else None
        except InvalidCursorError:
            return HttpResponseRedirect(_address(request.path, request.GET))
        until = today if year is None else min(today, date(year, 12, 31))
        items, older = page_of(sources, until=until, after=after, size=PAGE_SIZE)
        context = {"object": partner, "items": items, "asked": asked, "older": older and _address(request.path, request.GET, str(older))}
        if cursor:
            return self.show(part="older", **context)
        context |= {
            "planned": [] if year else ahead_of(sources, today=today, size=MOST_AHEAD),
            "years": [day.year for day in seen.filter(starts_on__lte=today).dates("starts_on", "year", order="DESC")],
            "year": year,
            "closed": _closed_count(held, user),
            "own_address": request.path,
        }
        response = self.show(part="items" if _is_filtering(request) else "timeline", **context)
        if _is_filtering(request):
            response["HX-Push-Url"] = _shown_address(request, partner)
        return response


def _sources(partner: Partner, seen: Any, asked: TimelineFilter, user: User, today: date) -> list[Source]:
    exchanges = asked.filter_exchanges(seen).select_related("kind", "host_unit").prefetch_related(WITH_PARTNERS)
    sources = [exchange_source(exchanges, today)]
    if user.may(Permission.FOLLOW_UP_VIEW):
        tasks = follow_up_source(partner, exchanges_of(partner), user)
        unit = asked.asks.get("unit")
        sources.append(replace(tasks, rows=tasks.rows.filter(unit=unit)) if unit else tasks)
    if user.may(Permission.COMMITMENT_VIEW):
        sources += commitment_sources(partner, user, unit=asked.asks.get("unit"))
    if user.may(Permission.AGREEMENT_VIEW):
        sources += agreement_sources(partner, user, unit=asked.asks.get("unit"))
    if user.may(Permission.PERSON_VIEW):
        sources += post_sources(partner, user)
    return sources + registration_sources(partner)


def _is_filtering(request: Any) -> bool:
    return is_partial(request) and request.htmx.target == "timeline-items"


def _address(path: str, asked: QueryDict, cursor: str = "") -> str:
    parameters = asked.copy()
    for name in ("cursor", "tab", *(name for name in asked if not asked.get(name))):
        parameters.pop(name, None)
    if cursor:
        parameters["cursor"] = cursor
    return f"{path}?{parameters.urlencode()}" if parameters else path


def _shown_address(request: Any, partner: Partner) -> str:
    """The address that keeps the filter: the partner's page with its tab, or the page of the timeline alone."""
    own = partner.get_absolute_url()
    if urlsplit(request.htmx.current_url_abs_path or "").path != own:
        return _address(request.path, request.GET)
    filters = _address("", request.GET).removeprefix("?")
    return f"{own}?tab=timeline&{filters}".removesuffix("&")


def exchanges_of(partner: Partner) -> Any:
    """The exchanges in which the partner takes part, whoever may see them."""
    return Exchange.objects.live().filter(pk__in=Participation.objects.filter(partner=partner).values("exchange"))


def _closed_count(exchanges: Any, user: Any) -> int:
    """How many internal exchanges of other units the reader may not open. Restricted ones are never counted."""
    internal: QuerySet[Exchange] = exchanges.filter(confidentiality=Confidentiality.UNIT)
    return 0 if user.scope.central else internal.exclude(pk__in=Exchange.objects.visible_to(user).values("pk")).count()


class PartnerFollowUps(DetailView):
    """A tab of the partner page: what is to be done about the partner, or after exchanges with it."""

    permission = Permission.FOLLOW_UP_VIEW
    model = Partner
    template_name = "activities/partner_follow_ups.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        partner = self.get_object()
        about = Q(partner=partner) | Q(exchange__in=exchanges_of(partner).values("pk"))
        rows = with_context(FollowUp.objects.visible_to(self.request.user).live().filter(about), self.request.user)
        return self.show(
            part="panel",
            object=partner,
            open=rows.filter(state=FollowUpState.OPEN),
            closed=rows.exclude(state=FollowUpState.OPEN).order_by("-closed_at")[:20],
        )
