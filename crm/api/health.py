"""``GET /api/v1/health/``: how the connection of the calling office stands, for its program's own watch."""

from typing import Any, cast

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import refuse_unknown_parameters
from crm.api.office_view import OfficeView
from crm.api.remedies import remedy_for
from crm.choices import FeedNoun
from crm.connections import OUTCOMES, Health, health_of
from crm.models import OfficeClient, Unit, User
from crm.permissions import Permission

_ROWS = {"rows": 120, "created": 3, "changed": 10, "unchanged": 104, "proposed": 1, "refused": 2}
_EXAMPLE = {
    "unit": "PU-40",
    "time": "2026-11-22T09:30:00+07:00",
    "sandbox": False,
    "last_push": "2026-11-22T09:12:41+07:00",
    "lag_seconds": 95,
    "today": _ROWS,
    "last_30_days": _ROWS,
    "refusals": [{"code": "period-issued", "rows": 2, "remedy": "The report of that period is issued."}],
    "linked": [{"noun": "partner", "total": 41, "linked": 38}],
    "webhooks": {"active": 1, "paused": 0, "disabled": 0, "waiting": 0, "failing_since": None},
    "credential": {"name": "Hồ sơ đối ngoại", "scopes": ["read", "write"], "expires_on": "2027-05-24"},
}


@extend_schema_serializer(component_name="PushedRows")
class PushedRowsOut(serializers.Serializer):
    """Rows that the office's programs sent, by what became of them."""

    rows = serializers.IntegerField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="As it stood already, or older than what stands.")
    proposed = serializers.IntegerField(help_text="Waits for the unit that leads the partner.")
    refused = serializers.IntegerField()


@extend_schema_serializer(component_name="RefusalCount")
class RefusalCountOut(serializers.Serializer):
    """How many rows of the last 30 days were refused with a code."""

    code = serializers.CharField()
    rows = serializers.IntegerField()
    remedy = serializers.CharField(help_text="What to do, in the language that the request accepts.")


@extend_schema_serializer(component_name="LinkedShare")
class LinkedShareOut(serializers.Serializer):
    """Of the records of a kind that the office leads or hosts, how many carry a key of its own system."""

    noun = serializers.ChoiceField(FeedNoun.choices)
    total = serializers.IntegerField()
    linked = serializers.IntegerField()


@extend_schema_serializer(component_name="WebhooksState")
class WebhooksStateOut(serializers.Serializer):
    """The office's webhooks by state, and the messages that wait to be delivered."""

    active = serializers.IntegerField()
    paused = serializers.IntegerField()
    disabled = serializers.IntegerField()
    waiting = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="CredentialState")
class CredentialStateOut(serializers.Serializer):
    """The credential that calls."""

    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(["read", "write"]))
    expires_on = serializers.DateField(help_text="From this day on it gets no answer.")


@extend_schema_serializer(component_name="OfficeHealth", examples=[OpenApiExample("An office", value=_EXAMPLE)])
class HealthOut(serializers.Serializer):
    """How the connection of an office stands."""

    unit = serializers.CharField(help_text="`code` of the unit.")
    time = serializers.DateTimeField(help_text="The server's clock, to compare your own with.")
    sandbox = serializers.BooleanField(help_text="True on a sandbox, whose data are invented.")
    last_push = serializers.DateTimeField(allow_null=True)
    lag_seconds = serializers.IntegerField(allow_null=True, help_text="How long the youngest change of the last request had waited.")
    today = PushedRowsOut()
    last_30_days = PushedRowsOut()
    refusals = RefusalCountOut(many=True)
    linked = LinkedShareOut(many=True)
    webhooks = WebhooksStateOut()
    credential = CredentialStateOut(allow_null=True, help_text="Null for a signed-in colleague.")


class OfficeHealthView(OfficeView):
    """What the calling office sent, how late, what was refused and what to do about it, and what carries a key of its own."""

    permission = Permission.SIGNED_IN
    http_method_names = ["get", "head", "options"]

    @extend_schema(operation_id="health_retrieve", responses=HealthOut)
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        client: OfficeClient | None = getattr(request.auth, "application", None)
        account = cast("User", request.user)
        unit = client.unit if client else Unit.objects.filter(pk__in=account.scope.home_unit_ids[:1]).first()
        if unit is None:
            raise NotFound
        return Response(HealthOut(_said_of(health_of([unit])[0], client)).data)


def _said_of(health: Health, client: OfficeClient | None) -> dict[str, Any]:
    return {
        "unit": health.unit.code,
        "time": timezone.now(),
        "sandbox": settings.SANDBOX,
        "last_push": health.last_push,
        "lag_seconds": health.lag_seconds,
        "today": {name: health.today[name] for name in OUTCOMES},
        "last_30_days": {name: health.month[name] for name in OUTCOMES},
        "refusals": [{"code": code, "rows": rows, "remedy": remedy_for(code)} for code, rows in health.refusals],
        "linked": [{"noun": linked.noun.value, "total": linked.total, "linked": linked.linked} for linked in health.linked],
        "webhooks": health.webhooks,
        "credential": client,
    }
