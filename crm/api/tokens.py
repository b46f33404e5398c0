"""Access tokens for offices: asked for with the credential, given back when no longer needed (RFC 6749, RFC 7009)."""

import binascii
import json
from base64 import b64decode
from typing import Any
from urllib.parse import unquote_plus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import RevokeTokenView, TokenView

from crm.actions.credential_use import keep_token, record_refusal
from crm.api.throttles import AddressThrottle
from crm.models import OfficeClient
from crm.permissions import Permission

GRANT = "client_credentials"


class _LimitedPerAddress:
    """Mix-in: so many requests a minute from one address, so that no secret can be guessed."""

    permission = Permission.PUBLIC
    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        throttle = AddressThrottle()
        if throttle.allow_request(request):
            answer = self._answer(request, *args, **kwargs)
        else:
            retry = {"Retry-After": str(int(throttle.wait()))}
            answer = JsonResponse({"error": "temporarily_unavailable"}, status=429, headers=retry)
        for name, value in throttle.headers().items():
            answer[name] = value
        return answer

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and any("\x00" in name for name in _named_ids(request)):
            # No credential is called so, and PostgreSQL would fail over the question.
            record_refusal(None, request, reason="invalid_client")
            return _refusal("invalid_client", 401)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc, no-any-return]  # a mix-in for views


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class OfficeTokenView(_LimitedPerAddress, TokenView):
    """Give a token for client credentials. No other grant is offered: people sign in by the page.

    Whoever is refused leaves a trace at the credential that was named.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("grant_type") != GRANT:
            return _refusal("unsupported_grant_type", 400)
        if "Authorization" in request.headers and "client_secret" in request.POST:
            # Which of two secrets counts must not be a question (RFC 6749, section 2.3).
            return _refusal("invalid_request", 400)
        client = named_client(request)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        said = json.loads(answer.content)
        if answer.status_code == 200 and client is not None and keep_token(client, said["access_token"], request):
            return answer
        record_refusal(client, request, reason=str(said.get("error", "invalid_client")))
        return answer if answer.status_code != 200 else _refusal("invalid_client", 401)


def named_client(request: HttpRequest) -> OfficeClient | None:
    """The credential that a request for a token names, whether or not it knows its secret."""
    names = _named_ids(request)
    found: OfficeClient | None = OfficeClient.objects.filter(client_id=names[0]).first() if names else None
    return found


def _named_ids(request: HttpRequest) -> list[str]:
    """The identifiers of credentials in the request: that of the header first, which counts before that of the body."""
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    names = [request.POST["client_id"]] if "client_id" in request.POST else []
    if scheme == "Basic":
        try:
            names.insert(0, unquote_plus(b64decode(encoded).decode().partition(":")[0]))
        except (binascii.Error, ValueError):
            return names
    return names


def _refusal(error: str, status: int) -> JsonResponse:
    return JsonResponse({"error": error}, status=status, headers={"Cache-Control": "no-store"})


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class OfficeRevokeView(_LimitedPerAddress, RevokeTokenView):
    """Revoke a token of the credential that asks."""
