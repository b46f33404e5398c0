"""What an exchange just saved did to the index of its partners and to the plan."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activities.models import Exchange
from crm.generic import SignedInRequest
from crm.permissions import Permission, requires
from reports.metrics.effects import effect_of

SHOWN = 3


@require_safe
@requires(Permission.EXCHANGE_VIEW)
def exchange_effect(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """A part of the toast, loaded by htmx: figures as of today, with the exchange and without it."""
    rows = Exchange.objects.visible_to(request.user).select_related("kind")
    exchange = get_object_or_404(rows, public_id=public_id)
    context: dict[str, Any] = {"exchange": exchange, "shown": SHOWN}
    try:
        context["effect"] = effect_of(exchange, timezone.localdate())
    except ValidationError as error:
        context["mistakes"] = error.messages
    return render(request, "reports/exchange_effect.html", context)
