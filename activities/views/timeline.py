from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from activities.choices import ExchangeStatus, FollowUpState
from activities.models import Exchange, FollowUp, Participation
from activities.views.exchanges import WITH_PARTNERS
from activities.views.follow_ups import with_context
from crm.choices import Confidentiality
from crm.generic import DetailView
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission
from partners.models import Partner

PAGE_SIZE = 20
MOST_AHEAD = 50


class PartnerTimeline(DetailView):
    """A tab of the partner page: exchanges newest first, with what is planned above the line of today."""

    permission = Permission.EXCHANGE_VIEW
    model = Partner
    template_name = "activities/timeline.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        partner, today = self.get_object(), timezone.localdate()
        held = _exchanges_of(partner)
        seen = held.visible_to(self.request.user).select_related("kind", "host_unit").prefetch_related(WITH_PARTNERS)
        ahead = {"status": ExchangeStatus.PLANNED, "starts_on__gte": today}
        cursor = request.GET.get("cursor")
        try:
            page = keyset_page(seen.exclude(**ahead), order=("-starts_on", "-id"), cursor=cursor, size=PAGE_SIZE)
        except InvalidCursorError:
            return HttpResponseRedirect(request.path)
        planned = [] if cursor else list(seen.filter(**ahead).order_by("-starts_on", "-id")[:MOST_AHEAD])
        closed = 0 if cursor else _closed_count(held, self.request.user)
        return self.show(part="older" if cursor else "timeline", object=partner, page=page, planned=planned, closed=closed, cursor=cursor)


def _exchanges_of(partner: Partner) -> Any:
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
        about = Q(partner=partner) | Q(exchange__in=_exchanges_of(partner).values("pk"))
        rows = with_context(FollowUp.objects.visible_to(self.request.user).live().filter(about), self.request.user)
        return self.show(
            part="panel",
            object=partner,
            open=rows.filter(state=FollowUpState.OPEN),
            closed=rows.exclude(state=FollowUpState.OPEN).order_by("-closed_at")[:20],
        )
