"""Access tokens for offices: asked for with the credential, given back when no longer needed (RFC 6749, RFC 7009)."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import RevokeTokenView, TokenView

from crm.api.throttles import AddressThrottle
from crm.permissions import Permission

GRANT = "client_credentials"


class _LimitedPerAddress:
    """Mix-in: so many requests a minute from one address, so that no secret can be guessed."""

    permission = Permission.PUBLIC
    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        throttle = AddressThrottle()
        if not throttle.allow_request(request):
            return JsonResponse({"error": "temporarily_unavailable"}, status=429, headers={"Retry-After": str(int(throttle.wait()))})
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc, no-any-return]  # a mix-in for views


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class OfficeTokenView(_LimitedPerAddress, TokenView):
    """Give a token for client credentials. No other grant is offered: people sign in by the page."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("grant_type") != GRANT:
            return JsonResponse({"error": "unsupported_grant_type"}, status=400)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class OfficeRevokeView(_LimitedPerAddress, RevokeTokenView):
    """Revoke a token of the credential that asks."""
