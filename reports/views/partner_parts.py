"""Parts of the partner page that need figures: the strip under the name, and what is owed to whom."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities.choices import ExchangeStatus
from activities.models import Commitment, FollowUp
from activities.views.follow_ups import with_context
from activities.views.timeline import exchanges_of
from crm.generic import SignedInRequest, is_partial
from crm.models import User
from crm.permissions import Permission, requires
from partners.models import Partner
from reports.choices import CoverageStatus
from reports.metrics.documents import attainment_of
from reports.metrics.engagement import engagement_of
from reports.metrics.reciprocity import Reciprocity, reciprocity, returns_owed
from reports.models import PolicyVersion
from reports.views.partner_risks import alarm_of, with_visits

SHOWN_TASKS = 6
SHOWN_PLANS = 4


@require_safe
@requires(Permission.COVERAGE_VIEW)
def partner_strip(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The index with its ledger one click away; recency, frequency, depth, breadth and reciprocity beside it."""
    partner, today = get_object_or_404(Partner.objects.visible_to(request.user), public_id=public_id), timezone.localdate()
    policy = PolicyVersion.objects.in_force(today).first()
    figures = engagement_of(policy, today, partner.pk) if policy else None
    attained = attainment_of(partner, today, policy) if policy else None
    alarm, codes = alarm_of(partner, today) if policy else (None, [])
    context = {
        "partner": partner,
        "alarm": alarm,
        "codes": codes,
        "figures": figures,
        "index": figures and policy and figures.index(policy),
        "band": figures and policy and figures.band(policy),
        "visits": reciprocity(today, [partner.pk]).get(partner.pk, Reciprocity(partner.pk)),
        "attained": attained,
        "standing": CoverageStatus(attained["status"]) if attained and attained["status"] else None,
    }
    return _answer(request, "reports/partner_strip.html", context)


@require_safe
@requires(Permission.FOLLOW_UP_VIEW)
def partner_owed(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What is owed to whom: promises of both sides, visits to return, our open tasks, and what is planned next."""
    user, today = request.user, timezone.localdate()
    partner = get_object_or_404(Partner.objects.visible_to(user), public_id=public_id)
    exchanges = exchanges_of(partner)
    about = FollowUp.objects.visible_to(user).open()
    tasks = with_context(about.filter(partner=partner) | about.filter(exchange__in=exchanges.values("pk")), user)
    shown = list(tasks.order_by("due_on", "id")[: SHOWN_TASKS + 1]) if user.may(Permission.FOLLOW_UP_VIEW) else []
    planned = exchanges.visible_to(user).filter(status=ExchangeStatus.PLANNED, starts_on__gte=today).select_related("kind")
    promises = promises_of(partner, user)
    context = {
        "partner": partner,
        "promises": [(heading, rows[:SHOWN_TASKS]) for heading, rows in promises if rows],
        "more_promises": any(len(rows) > SHOWN_TASKS for _heading, rows in promises),
        "tasks": shown[:SHOWN_TASKS],
        "more_tasks": len(shown) > SHOWN_TASKS,
        "owed": with_visits(returns_owed(today, [partner.pk]), user),
        "planned": planned.order_by("starts_on", "id")[:SHOWN_PLANS],
    }
    return _answer(request, "reports/partner_owed.html", context)


def promises_of(partner: Partner, user: User) -> list[tuple[str, list[Commitment]]]:
    """What is still to be kept, by us and by them, the nearest day first; one more of each than is shown."""
    if not user.may(Permission.COMMITMENT_VIEW):
        return []
    rows = Commitment.objects.visible_to(user).unsettled().filter(partner=partner).select_related("assignee", "unit")
    rows = rows.order_by(F("due_on").asc(nulls_last=True), "id")
    return [
        (_("We promised"), list(rows.ours()[: SHOWN_TASKS + 1])),
        (_("They promised"), list(rows.theirs()[: SHOWN_TASKS + 1])),
    ]


def _answer(request: SignedInRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    return render(request, f"{template}#part" if is_partial(request) else template, dict(context))
