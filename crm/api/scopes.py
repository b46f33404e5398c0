"""Which scopes a credential may have: the token endpoint asks here, so that one for reading never gets a token that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauth2_provider.scopes import SettingsScopes

if TYPE_CHECKING:
    from crm.models import OfficeClient


class CredentialScopes(SettingsScopes):
    """The scopes of the settings, as far as the credential that asks has them. Named by SCOPES_BACKEND_CLASS."""

    def get_available_scopes(self, application: OfficeClient | None = None, request: Any = None, *args: Any, **kwargs: Any) -> list[str]:
        return application.scopes if application is not None else []
