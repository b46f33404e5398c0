"""The worst gaps, each with one next step and what speaks for it; with one click it becomes a follow-up or a planned exchange."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.columns import Column, day_column, joined, number_column, text_column
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Tier, User
from crm.permissions import Permission, requires
from reports.actions.gap_steps import follow_up_gap
from reports.choices import GapKind, Step
from reports.forms.days import chosen_day
from reports.metrics.days import policy_on
from reports.metrics.gaps import Gap, worst_gaps
from reports.metrics.proposals import ProposedGap, with_proposals
from reports.views.exports import figures_file

SHOWN_IN_PART = 5
PLANNED_IN_DAYS = 14

COLUMNS: Sequence[Column] = (
    text_column("what", gettext_lazy("Gap"), lambda line: name_of(line.gap), heads_row=True),
    text_column("kind", gettext_lazy("Why"), lambda line: label_of(line.gap)),
    text_column("tiers", gettext_lazy("Tiers"), lambda line: joined(line.gap.tiers, separator="; ")),
    number_column("done", gettext_lazy("Exchanges in 365 days"), lambda line: line.gap.done),
    number_column("required", gettext_lazy("Asked"), lambda line: line.gap.required),
    day_column("last", gettext_lazy("Last exchange"), lambda line: line.gap.last_on),
    number_column("partners", gettext_lazy("Partners"), lambda line: line.gap.partners),
    text_column("step", gettext_lazy("Next step"), lambda line: line.proposal.text),
    day_column("until", gettext_lazy("By"), lambda line: line.proposal.until),
    text_column("unit", gettext_lazy("Best placed unit"), lambda line: line.proposal.unit and line.proposal.unit.name),
    text_column(
        "evidence", gettext_lazy("What speaks for it"), lambda line: joined((row.text for row in line.proposal.evidence), separator=" ")
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A gap as the page shows it."""

    proposed: ProposedGap
    name: str
    kind_label: str
    log_url: str
    action_item_url: str

    @property
    def gap(self) -> Gap:
        return self.proposed.gap


@require_safe
@requires(Permission.COVERAGE_VIEW)
def gap_list(request: SignedInRequest) -> HttpResponseBase:
    """All gaps as of a day, of one ``tier`` or ``kind`` where the address says so; ``export`` gives them as a file."""
    try:
        as_of = chosen_day(request.GET)
        gaps = worst_gaps(policy_on(as_of), as_of)
    except ValidationError as error:
        return render(request, "reports/gap_list.html", {"mistakes": error.messages, "as_of": timezone.localdate()}, status=UNPROCESSABLE)
    tier, kind = request.GET.get("tier", ""), request.GET.get("kind", "")
    in_tier = [gap for gap in gaps if not tier or tier in {row.code for row in gap.tiers}]
    shown = [gap for gap in in_tier if _is_of(gap, kind)]
    if "export" in request.GET:
        return figures_file(request, with_proposals(shown, as_of, request.user), COLUMNS, name=_("Gaps"))
    context = _context(shown, as_of, request.user) | {
        "tiers": _tiers_of(gaps),
        "tier": tier,
        "kind": kind,
        "counts": [(code, sum(1 for gap in in_tier if gap.kind == code)) for code in GapKind],
        "without_partner": sum(1 for gap in in_tier if gap.has_no_partner),
    }
    return render(request, "reports/gap_list.html", context)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def gap_part(request: SignedInRequest) -> HttpResponse:
    """The worst five, as a part of the coverage page; of one ``tier`` where the address says so."""
    try:
        as_of = chosen_day(request.GET)
        gaps = worst_gaps(policy_on(as_of), as_of)
    except ValidationError as error:
        return render(request, "reports/gap_part.html", {"mistakes": error.messages})
    tier = request.GET.get("tier", "")
    of_tier = [gap for gap in gaps if not tier or tier in {row.code for row in gap.tiers}]
    context = _context(of_tier[:SHOWN_IN_PART], as_of, request.user) | {"count": len(of_tier), "tier": tier}
    return render(request, "reports/gap_part.html", context)


@require_POST
@requires(Permission.FOLLOW_UP_EDIT)
def gap_follow_up(request: SignedInRequest) -> HttpResponse:
    """Make the next step of the gap of ``gap`` a follow-up, and open it. 404 for a gap that there is not any more."""
    today = timezone.localdate()
    try:
        gap = next((row for row in worst_gaps(policy_on(today), today) if row.key == request.POST.get("gap")), None)
        if gap is None:
            raise Http404
        (proposed,) = with_proposals([gap], today, request.user)
        follow_up = follow_up_gap(proposed, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reports:gap-list")
    messages.success(request, _("The next step is a follow-up now. Give it to a colleague, or change its day."))
    return redirect(follow_up.get_absolute_url())


def name_of(gap: Gap) -> str:
    """What the gap is about: the country, or what the target names."""
    if gap.target is None:
        return str(gap.country)
    scope = gap.target.line.scope_label
    return f"{gap.country} · {scope}" if gap.country and not gap.target.line.country_id else scope


def label_of(gap: Gap) -> str:
    return str(_("No partner yet") if gap.has_no_partner else gap.kind.label)


def _context(gaps: Sequence[Gap], as_of: date, user: User) -> dict[str, Any]:
    proposed = with_proposals(gaps, as_of, user)
    lines = [Line(row, name_of(row.gap), label_of(row.gap), log_address(row), item_address(row)) for row in proposed]
    return {"as_of": as_of, "lines": lines, "is_today": as_of == timezone.localdate()}


def log_address(proposed: ProposedGap) -> str:
    """The page that logs an exchange, filled in for the step: the partner, and its own day, else one in two weeks, as planned."""
    proposal, query = proposed.proposal, {}
    if proposal.partner is not None:
        query["partner"] = str(proposal.partner.public_id)
    if proposal.step in (Step.EVENT, Step.OCCASION):
        query["on"] = proposal.until.isoformat()
    else:
        query["on"] = (timezone.localdate() + timedelta(days=PLANNED_IN_DAYS)).isoformat()
    return f"{reverse('activities:exchange-log')}?{urlencode(query)}"


def item_address(proposed: ProposedGap) -> str:
    """The page for a new item of an action plan, filled in for the step."""
    proposal, target = proposed.proposal, proposed.gap.target
    query = {"text": proposal.text.removesuffix("."), "due_on": proposal.until.isoformat(), "year": str(proposal.until.year)}
    if proposal.partner is not None:
        query["partner"] = str(proposal.partner.public_id)
    if proposal.unit is not None:
        query["unit"] = proposal.unit.code
    if target is not None:
        query["line"] = str(target.line.public_id)
    return f"{reverse('reports:action-item-create')}?{urlencode(query)}"


def _is_of(gap: Gap, kind: str) -> bool:
    return not kind or (gap.has_no_partner if kind == "no-partner" else gap.kind == kind)


def _tiers_of(gaps: Sequence[Gap]) -> list[tuple[Tier, int]]:
    """The tiers that have gaps, with how many, in the order of ranks."""
    counted: dict[Tier, int] = {}
    for gap in gaps:
        for tier in gap.tiers:
            counted[tier] = counted.get(tier, 0) + 1
    return sorted(counted.items(), key=lambda row: (row[0].rank, row[0].pk))
