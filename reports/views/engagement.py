"""The engagement of one partner as of a day: the index, the facts beside it, and the ledger that adds up to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from activities.models import Exchange
from crm.generic import SignedInRequest, is_partial
from crm.models import Unit, User
from crm.permissions import Permission, requires
from partners.models import Partner
from reports.choices import CoverageStatus
from reports.forms.moments import Moment, chosen_moment
from reports.metrics.documents import attainment_of
from reports.metrics.engagement import engagement_of
from reports.metrics.ledger import LedgerRow, ledger
from reports.metrics.rounding import BILLIONTHS, points, rounded, strength_points
from reports.metrics.strength import engagement_index
from reports.models import EngagementSnapshot, PolicyVersion
from reports.views.partner_risks import promises_context, risks_context, visits_context

TREND_DAYS = 14


@dataclass(frozen=True)
class ShownRow:
    """A row of the ledger as this reader may see it: without right only day, unit and kind, and no link."""

    row: LedgerRow
    unit: Unit
    may_open: bool

    @property
    def points(self) -> Decimal:
        return points(self.row.points)

    @property
    def counted(self) -> Decimal:
        return points(self.row.counted)

    @property
    def is_capped(self) -> bool:
        return self.row.counted < self.row.points

    @property
    def weight(self) -> Decimal:
        return rounded(Fraction(self.row.weight, BILLIONTHS), 4)

    @property
    def adds(self) -> Decimal:
        return strength_points(self.row.adds)


@require_safe
@requires(Permission.PARTNER_VIEW)
def partner_engagement(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """A page of its own, and a tab of the partner's page by htmx."""
    partner = get_object_or_404(Partner.objects.visible_to(request.user), public_id=public_id)
    template = "reports/partner_engagement.html#engagement" if is_partial(request) else "reports/partner_engagement.html"
    try:
        moment = chosen_moment(request.GET)
    except ValidationError as error:
        written = {name: request.GET.get(name, "") for name in ("as_of", "known_on")}
        return render(request, template, {"partner": partner, "mistakes": error.messages, **written}, status=422)
    with moment.reading():
        # As known then it may have been of another country, or not there yet.
        known = Partner.objects.select_related("country").filter(pk=partner.pk).first()
        return render(request, template, _context(known or partner, moment, request.user))


def _context(partner: Partner, moment: Moment, user: User) -> dict[str, Any]:
    as_of, policy = moment.as_of, moment.policy
    rows = ledger(policy, as_of, partner)
    figures = engagement_of(policy, as_of, partner.pk)
    attained = attainment_of(partner, as_of, policy)
    return {
        "partner": partner,
        "moment": moment,
        "as_of": as_of,
        "policy": policy,
        "figures": figures,
        "index": figures and figures.index(policy),
        "band": figures and figures.band(policy),
        "strength": figures and strength_points(figures.strength),
        "attained": attained,
        "standing": CoverageStatus(attained["status"]) if attained["status"] else None,
        "rows": shown_to(user, rows),
        "trend": [] if moment.known_on else stored_indices(partner, policy, as_of),
        **risks_context(partner, as_of, user),
        **visits_context(partner, as_of, user),
        **promises_context(partner, as_of, user),
    }


def shown_to(user: User, rows: Sequence[LedgerRow]) -> list[ShownRow]:
    """The ledger for this reader. Two queries."""
    open_to_reader = set(Exchange.objects.visible_to(user).filter(pk__in=[row.exchange.pk for row in rows]).values_list("pk", flat=True))
    units = Unit.objects.in_bulk({row.exchange.host_unit_id for row in rows})
    return [ShownRow(row, units[row.exchange.host_unit_id], row.exchange.pk in open_to_reader) for row in rows]


def stored_indices(partner: Partner, policy: PolicyVersion, as_of: date) -> list[Decimal]:
    """The index on the last stored days up to the day, from old to new, under this policy alone."""
    strengths = (
        EngagementSnapshot.objects.filter(partner=partner, policy=policy, day__lte=as_of)
        .order_by("-day")
        .values_list("strength", flat=True)
    )
    return [engagement_index(strength, policy) for strength in reversed(strengths[:TREND_DAYS])]
