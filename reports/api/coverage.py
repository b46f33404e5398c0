from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import read_day, refuse_unknown_parameters
from crm.api.office_view import OfficeView
from crm.api.problems import InvalidParameter
from crm.permissions import Permission
from reports.choices import CoverageStatus
from reports.metrics.documents import coverage_document
from reports.metrics.stored import coverage_on


@extend_schema_serializer(component_name="CountryCoverage")
class CountryCoverageOut(serializers.Serializer):
    """How one country of the tier stands on the day against what is asked of it."""

    alpha2 = serializers.CharField()
    name_vi = serializers.CharField()
    name_en = serializers.CharField()
    status = serializers.ChoiceField(CoverageStatus.choices, allow_null=True, help_text="Null: nothing is asked of the country.")
    partners = serializers.IntegerField()
    active_partners = serializers.IntegerField(help_text="With an exchange of both sides in the 365 days up to the day.")
    last_exchange = serializers.DateField(allow_null=True)
    done = serializers.IntegerField(help_text="Exchanges of both sides in the 365 days up to the day.")
    required = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]  # DRF takes declared fields out of the class
    attainment = serializers.FloatField(allow_null=True, help_text="`done` / `required`, at most 1.")
    cadence_days = serializers.IntegerField(allow_null=True)
    level_reached = serializers.BooleanField(allow_null=True)
    next_planned = serializers.DateField(allow_null=True)


@extend_schema_serializer(component_name="TierTotals")
class TotalsOut(serializers.Serializer):
    """What the countries of the tier add up to; blocs are not counted in."""

    countries = serializers.IntegerField()
    active_countries = serializers.IntegerField()
    breadth = serializers.FloatField(allow_null=True, help_text="Share of countries with an active partner.")
    depth = serializers.FloatField(allow_null=True, help_text="Mean attainment.")
    statuses = serializers.DictField(child=serializers.IntegerField(), help_text="How many countries stand at each status.")


@extend_schema_serializer(component_name="TierCoverage")
class TierCoverageOut(serializers.Serializer):
    """A tier as of the day: its countries, and its blocs apart."""

    code = serializers.CharField()
    countries = CountryCoverageOut(many=True)
    bloc_members = CountryCoverageOut(many=True)
    totals = TotalsOut()


_LAOS = {
    "alpha2": "LA",
    "name_vi": "Lào",
    "name_en": "Laos",
    "status": "covered",
    "partners": 12,
    "active_partners": 7,
    "last_exchange": "2026-11-02",
    "done": 9,
    "required": 6,
    "attainment": 1.0,
    "cadence_days": 90,
    "level_reached": True,
    "next_planned": None,
}
_STATUSES = {status.value: int(status is CoverageStatus.COVERED) for status in CoverageStatus}
_EXAMPLE = {
    "as_of": "2026-11-21",
    "policy": "2026",
    "tiers": [
        {
            "code": "SPECIAL",
            "countries": [_LAOS],
            "bloc_members": [],
            "totals": {"countries": 1, "active_countries": 1, "breadth": 1.0, "depth": 1.0, "statuses": _STATUSES},
        }
    ],
}


@extend_schema_serializer(component_name="Coverage", examples=[OpenApiExample("One tier", value=_EXAMPLE)])
class CoverageOut(serializers.Serializer):
    """Every tier as of a day, under the policy in force on that day. One set of figures for all readers."""

    as_of = serializers.DateField()
    policy = serializers.CharField(help_text="Code of the policy version.")
    tiers = TierCoverageOut(many=True)


class CoverageView(OfficeView):
    """How the countries of each priority tier stand on a day. The same figures as on the coverage page and from the command."""

    name = "coverage"
    permission = Permission.COVERAGE_VIEW
    serializer_class = CoverageOut
    http_method_names = ["get", "head", "options"]

    @extend_schema(
        summary="Coverage of the tiers",
        parameters=[OpenApiParameter("as_of", type={"type": "string", "format": "date"}, description="The day; today where not given.")],
    )
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ["as_of"])
        day = read_day(request, "as_of", default=timezone.localdate())
        try:
            document = coverage_document(day, coverage_on(day))
        except ValidationError as error:
            # The only rule here is about the day: not still to come, and not before the first policy.
            raise InvalidParameter({"as_of": (error.code or "invalid", error.messages[0])}) from error
        return Response(document)
