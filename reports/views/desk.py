"""My desk: log a line, what I have to do, what is coming, who is going silent, what was done lately."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from activities.actions.follow_ups import close_follow_up
from activities.calendar.entries import Entry, EntryKind, Selection, Whose, entries
from activities.choices import ExchangeStatus, FollowUpState
from activities.models import Commitment, Exchange, ExchangeDraft, FollowUp
from activities.views.follow_up_board import counts_of
from activities.views.tidying import to_tidy_up
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.models import Notification, Unit, User
from crm.permissions import Permission, requires
from partners.choices import PartnerStatus
from partners.models import Partner, Stewardship
from reports.metrics.stored import coverage_on, stored_days
from reports.views.coverage import count_statuses, worst_of_each_country
from reports.views.reporting import period_to_answer
from reports.views.unconfirmed import unconfirmed_rows

LINES = 10
LINES_TOLD = 4
LINES_COMING = 6
OCCASION_DAYS = 30
TIDY_UP_DAYS = 30
PROMISED_DAYS = 14
# As long as a contact takes to lose half its weight in the engagement index.
SILENT_DAYS = 180


@require_safe
@requires(Permission.SIGNED_IN)
def desk(request: SignedInRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    silent_since = today - timedelta(days=SILENT_DAYS)
    context = {
        "today": today,
        "silent_since": silent_since,
        "silent": going_silent(user, silent_since)[:LINES],
        "recent": of_own_units(user).filter(status=ExchangeStatus.HELD, starts_on__lte=today).order_by("-starts_on", "-id")[:LINES],
        "ahead": unfinished(user).order_by("starts_on", "id")[:LINES],
        "home_units": Unit.objects.filter(pk__in=user.scope.home_unit_ids),
        "occasions": occasions_coming(user, today),
        "occasion_days": OCCASION_DAYS,
        "asks_to_report": user.may(Permission.DECLARE_NOTHING) and period_to_answer(today) is not None,
        "told": Notification.objects.visible_to(user).unread()[:LINES_TOLD],
        **(_for_those_who_log(user) if user.may(Permission.EXCHANGE_LOG) else {}),
        **_follow_ups(user),
        **_commitments(user),
        **(_for_the_secretariat() if user.may(Permission.REFERENCE_EDIT) else {}),
    }
    return render(request, "reports/desk.html", context)


@require_POST
@requires(Permission.FOLLOW_UP_EDIT)
def finish_follow_up(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Tick a follow-up off the desk, or take the tick back: ``state`` is done or open."""
    follow_up = get_object_or_404(FollowUp.objects.live().editable_by(request.user), public_id=public_id)
    state = request.POST.get("state", FollowUpState.DONE)
    context: dict[str, Any] = {}
    try:
        close_follow_up(follow_up, by=request.user, state=state)
        context["ticked"] = follow_up if state == FollowUpState.DONE else None
    except ValidationError as error:
        context["refused"] = " ".join(error.messages)
    if not is_partial(request):
        return redirect("desk")
    status = UNPROCESSABLE if "refused" in context else 200
    return render(request, "reports/desk.html#follow_ups", context | _follow_ups(request.user), status=status)


def _follow_ups(user: User) -> dict[str, Any]:
    """My own open follow-ups, and those of my units that are late and not mine."""
    today = timezone.localdate()
    visible = FollowUp.objects.visible_to(user).select_related("partner", "exchange__kind", "assignee", "unit")
    mine = visible.open().assigned_to(user)
    late = visible.overdue(today).filter(unit__in=user.scope.unit_ids).exclude(Q(assignee=user) & Q(assignee__isnull=False))
    return {"mine": mine[:LINES], "late": late[:LINES], "counts": counts_of(mine, today)}


def _commitments(user: User) -> dict[str, Any]:
    """What the reader is to see kept in the next two weeks, or is late with; and how much of the units' is late."""
    if not user.may(Permission.COMMITMENT_VIEW):
        return {}
    today = timezone.localdate()
    visible = Commitment.objects.visible_to(user).select_related("partner", "assignee", "unit")
    near = visible.unsettled().filter(assignee=user, due_on__lte=today + timedelta(days=PROMISED_DAYS))
    late = visible.overdue(today).filter(unit__in=user.scope.unit_ids).exclude(Q(assignee=user) & Q(assignee__isnull=False))
    return {"promises": near[:LINES], "late_promises": late.order_by().count()}


def _for_those_who_log(user: User) -> dict[str, Any]:
    """How many drafts wait, and how many exchanges of the last month still lack something."""
    return {
        "drafts": ExchangeDraft.objects.visible_to(user).waiting().count(),
        "to_tidy_up": to_tidy_up(user, days=TIDY_UP_DAYS).count(),
    }


def occasions_coming(user: User, today: date) -> list[Entry]:
    """Occasions and endings of the next days that concern the partners the reader's units keep; those at the centre see all."""
    whose = Whose.ALL if user.scope.central else Whose.UNITS
    kinds = frozenset({EntryKind.OCCASION, EntryKind.ENDING})
    return entries(Selection(user, today, today + timedelta(days=OCCASION_DAYS), whose, kinds=kinds))[:LINES_COMING]


def going_silent(user: User, since: Any) -> QuerySet[Partner]:
    """Partners that the reader's units keep and nobody has met since the day, the longest silence first."""
    kept = Stewardship.objects.current().filter(unit__in=user.scope.unit_ids).values("partner")
    partners = Partner.objects.visible_to(user).live().exclude(status=PartnerStatus.CLOSED)
    return (
        partners.filter(pk__in=kept)
        .filter(Q(last_contact_on__isnull=True) | Q(last_contact_on__lt=since))
        .select_related("country")
        .order_by(F("last_contact_on").asc(nulls_first=True), "sort_key", "id")
    )


def of_own_units(user: User) -> QuerySet[Exchange]:
    """Live exchanges that the reader's units held; those at the centre see the whole network's."""
    visible = Exchange.objects.visible_to(user).live()
    own = visible if user.scope.central else visible.of_units(user.scope.unit_ids)
    return own.select_related("kind", "host_unit").prefetch_related("participations__partner")


def unfinished(user: User) -> QuerySet[Exchange]:
    """The reader's drafts, and what the units have planned; planned days that have passed wait for their report."""
    return of_own_units(user).filter(Q(status=ExchangeStatus.DRAFT, created_by=user) | Q(status=ExchangeStatus.PLANNED))


def _for_the_secretariat() -> dict[str, Any]:
    """How coverage stood on the last stored day, and which reference rows wait to be confirmed."""
    days = stored_days()
    day = days[0] if days else None
    statuses = count_statuses(worst_of_each_country(coverage_on(day))) if day else []
    return {"coverage_day": day, "statuses": statuses, "unconfirmed": unconfirmed_rows()}
