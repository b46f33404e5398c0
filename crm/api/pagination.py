"""Pages by keyset cursor: page 2,000 costs what page 1 costs, and no row is skipped while others are added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from crm.api.problems import InvalidParameter
from crm.paging import InvalidCursorError, keyset_page

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView

PAGE_SIZE = 50
MOST_ROWS = 200
PAGE_PARAMETERS = ("cursor", "limit", "count")


class KeysetPagination(BasePagination):
    """``{"items": […], "next": address or null, "previous": address or null}``, in the order of the view's ``order``.

    ``count=exact`` adds ``count``, the number of rows that the filters leave: a second query, so only on request.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        self.count = self._counted(queryset)
        try:
            self.page = keyset_page(queryset, order=view.order, cursor=request.query_params.get("cursor"), size=self._size())  # type: ignore[union-attr]  # every paged view names its order
        except InvalidCursorError as error:
            detail = _("This cursor is not of this list. Begin again without one, and follow “next” as it is.")
            raise InvalidParameter({"cursor": ("invalid-cursor", detail)}) from error
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        body = {"items": data, "next": self._link(self.page.next_cursor), "previous": self._link(self.page.previous_cursor)}
        if self.count is not None:
            body["count"] = self.count
        return Response(body)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter("cursor", "Where the page begins. Follow `next` and `previous` as they are.", {"type": "string"}),
            _parameter("limit", "Rows on a page.", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE_SIZE}),
            _parameter("count", "`exact` adds `count`, at the cost of a second query.", {"type": "string", "enum": ["exact"]}),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["items", "next", "previous"],
            "properties": {
                "items": schema,
                "next": link | {"description": "Address of the next page; null on the last."},
                "previous": link | {"description": "Address of the page before; null on the first."},
                "count": {"type": "integer", "minimum": 0, "example": 1, "description": "Only with `count=exact`."},
            },
        }

    def _size(self) -> int:
        text = self.request.query_params.get("limit", str(PAGE_SIZE))
        if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST_ROWS):
            raise InvalidParameter({"limit": ("invalid", _("Write a whole number from 1 to %(most)d.") % {"most": MOST_ROWS})})
        return int(text)

    def _counted(self, queryset: QuerySet) -> int | None:
        wanted = self.request.query_params.get("count")
        if wanted is None:
            return None
        if wanted != "exact":
            raise InvalidParameter({"count": ("invalid", _("The only value is “exact”."))})
        return queryset.order_by().count()

    def _link(self, cursor: str | None) -> str | None:
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor) if cursor else None


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
