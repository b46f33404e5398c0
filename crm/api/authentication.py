"""Who calls: an office's program with an OAuth2 bearer token, or a signed-in colleague with the browser's session."""

import hashlib
from typing import Any

from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AccessToken
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from crm.actions.credential_use import note_use
from crm.models import User


class OfficeAuthentication(BaseAuthentication):
    """OAuth2 bearer tokens (RFC 6750) given out at ``/oauth/token/``.

    The request is made as the program account behind the credential, so that rights and scope are those of its
    membership. The token, the credential and the account are read in one query; the toolkit's own class takes three.
    """

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = self._find(value.strip())
        if token is None or not token.allows_audience(request.build_absolute_uri(request.path)):
            raise self._refusal(_("The access token is not known here or was revoked. Ask for a new one."))
        if token.is_expired():
            raise self._refusal(_("The access token has expired. Ask for a new one."))
        if not token.application.is_usable(request):
            raise self._refusal(_("The credential has expired or was revoked. Ask whoever leads your unit for a new one."))
        note_use(token.application, request)
        return token.application.acts_as, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401 answer; it names the error only where a token was sent (RFC 6750 section 3.1)."""
        challenge = 'Bearer realm="api"'
        return f'{challenge}, error="invalid_token"' if "Authorization" in request.headers else challenge

    def _find(self, value: str) -> AccessToken | None:
        checksum = hashlib.sha256(value.encode()).hexdigest()
        tokens = AccessToken.objects.select_related("application__acts_as")
        return tokens.filter(token_checksum=checksum, application__isnull=False).first()

    def _refusal(self, detail: Any) -> AuthenticationFailed:
        return AuthenticationFailed(detail, code="invalid-token")


class BrowserAuthentication(SessionAuthentication):
    """The session of a signed-in colleague, with CSRF protection: for the documentation page and the product's own pages."""
