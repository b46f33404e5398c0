"""The health of the offices' connections: all in one table for the centre, each with what was refused and what to do."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from crm.api.remedies import remedy_for
from crm.connections import DAYS, Health, health_of, offices_seen_by
from crm.generic import SignedInRequest
from crm.models import OfficeClient, OfficePush
from crm.permissions import Permission, requires

PUSHES_SHOWN = 30


@require_safe
@requires(Permission.CONNECTION_VIEW)
def connection_health(request: SignedInRequest) -> HttpResponse:
    """Every office that the account may know of; where there is but one, that office at once."""
    offices = health_of(offices_seen_by(request.user))
    if len(offices) == 1:
        return _show_office(request, offices[0])
    silent = [health for health in offices if health.credentials and health.last_push is None]
    return render(request, "crm/connections/health.html", {"offices": offices, "silent": silent, "days": DAYS})


@require_safe
@requires(Permission.CONNECTION_VIEW)
def connection_office(request: SignedInRequest, code: str) -> HttpResponse:
    """One office: figures, refusals with what to do, credentials, webhooks, the latest requests."""
    return _show_office(request, health_of([get_object_or_404(offices_seen_by(request.user), code=code)])[0])


def _show_office(request: SignedInRequest, health: Health) -> HttpResponse:
    pushes = OfficePush.objects.filter(unit=health.unit).select_related("client")
    context: dict[str, Any] = {
        "health": health,
        "unit": health.unit,
        "days": DAYS,
        "figures": [("today", health.today), ("month", health.month)],
        "refusals": [(code, rows, remedy_for(code)) for code, rows in health.refusals],
        "clients": OfficeClient.objects.visible_to(request.user).filter(unit=health.unit, revoked_at__isnull=True),
        "pushes": pushes[:PUSHES_SHOWN],
    }
    return render(request, "crm/connections/office.html", context)
