"""The description of the API as JSON, and the page that shows it."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import BasePermission

from crm.api.office_view import OfficeView
from crm.api.permissions import HasNamedPermission
from crm.permissions import Permission, check


class SchemaView(OfficeView, SpectacularJSONAPIView):
    """OpenAPI 3.1, for tools and for the page below."""

    permission = Permission.SIGNED_IN
    permission_classes: list[type[BasePermission]] = [HasNamedPermission]


class DocumentationPage(TemplateView):
    """Swagger UI from our own server: no CDN, no inline style or script; tries requests out with the reader's session."""

    permission = Permission.SIGNED_IN
    template_name = "api/documentation.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        check(request, self.permission)
        return super().dispatch(request, *args, **kwargs)
