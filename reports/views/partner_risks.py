"""What puts a partner at risk as of a day, what was promised, and whose visit waits for a return: each with its rows."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from activities.choices import Side
from activities.models import Commitment, Exchange
from crm.generic import SignedInRequest
from crm.models import User
from crm.permissions import Permission, requires
from partners.models import Partner
from reports.choices import Alarm, Outcome
from reports.forms.days import chosen_day
from reports.metrics.commitments import Kept, due_in_a_year, kept
from reports.metrics.days import policy_on
from reports.metrics.reciprocity import OwedReturn, Reciprocity, reciprocity, returns_owed
from reports.metrics.risk_evidence import evidence_of
from reports.metrics.risks import risk_of
from reports.metrics.stored import risks_on


@dataclass(frozen=True)
class ShownPromise:
    """A commitment that M7 counts, and what had become of it. ``may_open``: else only its outcome is told, not what it was."""

    commitment: Commitment
    outcome: Outcome
    may_open: bool


@dataclass(frozen=True)
class ShownSide:
    """M7 of one side with the rows behind it."""

    side: Side
    kept: Kept
    rows: list[ShownPromise]


@require_safe
@requires(Permission.COVERAGE_VIEW)
def partner_risks(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The reason codes of the partner, each with the rows that make it; the address of one code is its number, as in ``#r3``."""
    partner = get_object_or_404(Partner.objects.visible_to(request.user), public_id=public_id)
    try:
        as_of = chosen_day(request.GET)
        context = {"as_of": as_of, **risks_context(partner, as_of, request.user)}
    except ValidationError as error:
        context = {"mistakes": error.messages, "as_of": request.GET.get("as_of", "")}
    return render(request, "reports/partner_risks.html", {"partner": partner, **context}, status=422 if "mistakes" in context else 200)


def risks_context(partner: Partner, as_of: date, reader: User) -> dict[str, Any]:
    """M6 of the partner with its proofs. Raises ValidationError for a day without a policy or still to come."""
    found = risk_of(policy_on(as_of), as_of, partner.pk)
    return {"alarm": found and found.alarm, "evidence": evidence_of(partner, as_of, reader) if found else []}


def alarm_of(partner: Partner, as_of: date) -> tuple[Alarm | None, list[tuple[str, str]]]:
    """The alarm, and its codes as (R1, in words)."""
    found = risks_on(as_of, [partner.pk]).get(partner.pk)
    if found is None:
        return None, []
    return found.alarm, [(f"R{code.bit_length()}", str(code.label)) for code in found.codes]


def promises_context(partner: Partner, as_of: date, reader: User) -> dict[str, Any]:
    """M7 of the partner, ours and theirs, with its rows."""
    promises, rows = kept(as_of, partner=partner), list(due_in_a_year(as_of, partner=partner))
    open_ids = set(Commitment.objects.visible_to(reader).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    shown = [ShownPromise(row, Outcome(row.outcome), row.pk in open_ids) for row in rows]  # type: ignore[attr-defined]  # annotated
    figures = {Side.OURS: promises.ours, Side.THEIRS: promises.theirs}
    return {"promises": [ShownSide(side, figures[side], [row for row in shown if row.commitment.owed_by == side]) for side in Side]}


def visits_context(partner: Partner, as_of: date, reader: User) -> dict[str, Any]:
    """M4 of the partner, with the visits that wait for a return."""
    visits = reciprocity(as_of, [partner.pk]).get(partner.pk, Reciprocity(partner.pk))
    return {"visits": visits, "owed": with_visits(returns_owed(as_of, [partner.pk]), reader)}


def with_visits(owed: list[OwedReturn], reader: User) -> list[tuple[OwedReturn, Exchange | None]]:
    """Each with the visit that waits for a return, where the reader may open it."""
    seen = Exchange.objects.visible_to(reader).select_related("kind").in_bulk([row.exchange_id for row in owed])
    return [(row, seen.get(row.exchange_id)) for row in owed]
