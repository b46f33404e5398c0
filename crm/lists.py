"""Lists as their readers want them: filters, columns and order from the address or from a saved view; ticks; export."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_filters import FilterSet

from crm.actions.bulk_operations import Operation
from crm.columns import Column, Order, fetched, read_columns, read_order, rows_as_html
from crm.exporting import FORMATS, Export
from crm.generic import UNPROCESSABLE, ListView, is_partial
from crm.models import SavedView, User
from crm.permissions import Permission, check

# What an address says beside the filters.
LOOK_PARAMETERS = ("view", "columns", "order", "cursor", "export", "panel")


@dataclass(frozen=True)
class Look:
    """How a list is looked at: filters as parameters, columns, order, and the saved view that they begin from."""

    filters: QueryDict
    columns: list[Column]
    order: Order
    view: SavedView | None = None

    @property
    def columns_text(self) -> str:
        return ",".join(column.name for column in self.columns)


@dataclass(frozen=True)
class Head:
    """The head of a column with the address that sorts by it; ``direction`` as ``aria-sort`` says it."""

    column: Column
    address: str = ""
    direction: str = ""


@dataclass(frozen=True)
class EmptyState:
    """What a list says when it has no rows: what to do, and where."""

    text: str | Promise
    hint: str | Promise = ""
    link_name: str = ""
    link_text: str | Promise = ""
    link_permission: Permission = Permission.SIGNED_IN


@dataclass(frozen=True)
class Bulk:
    """What may be done to many rows of the list at once: the right it needs, the operations and the form that offers them."""

    permission: Permission
    operations: Sequence[Operation]
    form_class: type[Form]


@dataclass(frozen=True)
class _Reader:
    """Stands in for the request where a list is read by nobody's browser."""

    user: User


class RecordList(ListView):
    """The list of a noun. What it offers is declared; how it looks is kept by the address, so that one address is one view.

    ``url_name`` also names the list in saved views and change sets. ``default_order`` as addresses write it.
    """

    template_name = "crm/list.html"
    rows_template: ClassVar[str] = "crm/lists/rows.html"
    url_name: ClassVar[str]
    filters_url_name: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    default_order: ClassVar[str]
    empty: ClassVar[EmptyState]
    placeholder: ClassVar[str | Promise] = ""
    bulk: ClassVar[Bulk | None] = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "export" in request.GET:
            return self.export(request.GET["export"])  # type: ignore[return-value]  # a stream is an answer too
        if "panel" in request.GET:
            return self.show_columns()
        return super().get(request, *args, **kwargs)

    @property
    def model_name(self) -> str:
        return str(self.model._meta.verbose_name_plural).capitalize()

    @property
    def may_follow_empty_link(self) -> bool:
        return bool(self.empty.link_name) and self.request.user.may(self.empty.link_permission)

    # --- How it is looked at ------------------------------------------------------------------------

    @cached_property
    def look(self) -> Look:
        view = self._view()
        given = self.request.GET.copy()
        columns = ",".join(given.getlist("columns")) or (",".join(view.columns) if view else "")
        order = given.get("order") or (view.order if view else "")
        for name in LOOK_PARAMETERS:
            given.pop(name, None)
        filters = QueryDict(view.query, mutable=True) if view else QueryDict(mutable=True)
        for name, values in given.lists():
            # Without script a form sends what nobody has chosen too.
            filters.setlist(name, [value for value in values if value])
        return Look(filters, read_columns(columns, self.columns), read_order(order, self.columns, self.default_order), view)

    def _view(self) -> SavedView | None:
        public_id = self.request.GET.get("view")
        if not public_id:
            return None
        views = SavedView.objects.visible_to(self.request.user).filter(noun=self.url_name).select_related("created_by", "unit")
        try:
            return get_object_or_404(views, public_id=public_id)
        except (ValueError, ValidationError):
            raise Http404 from None

    def get_parameters(self) -> QueryDict:
        return self.look.filters

    def get_order(self) -> Sequence[str]:
        return self.look.order.keys

    def get_rows(self, found: QuerySet[Any]) -> QuerySet[Any]:
        return self.look.order.prepare(fetched(found, self.look.columns, self.request.user))

    @classmethod
    def found_by(cls, user: User, query: str) -> FilterSet:
        """The list's filters over the rows that the account may see, outside any page."""
        rows = cls.model._default_manager.visible_to(user)  # type: ignore[attr-defined]  # every noun has it
        return cls.filterset_class(QueryDict(query), queryset=rows, request=_Reader(user))

    # --- The page -----------------------------------------------------------------------------------

    def show(self, *, status: int = 200, part: str = "", **context: Any) -> HttpResponse:
        if is_partial(self.request):
            self.template_name = self.rows_template  # type: ignore[misc]  # of this request alone
        return super().show(status=status, **context)

    def get_context(self, **context: Any) -> dict[str, Any]:
        look, user = self.look, self.request.user
        bulk = self.bulk if self.bulk and user.may(self.bulk.permission) else None
        shows_views = look.view is not None or not is_partial(self.request)
        return super().get_context(**context) | {
            "list": self,
            "views": self._views() if shows_views else [],
            "filters_url": reverse(self.filters_url_name),
            "look": look,
            "heads": [self._head(column) for column in look.columns],
            "body": rows_as_html(context["page"].rows, look.columns, pick=_pick() if bulk else None),
            "columns_address": self._address(cursor=None, panel="columns"),
            "bulk": bulk,
            "bulk_all": urlencode({"list": self.url_name, "all": 1, "query": look.filters.urlencode()}),
            "save_query": urlencode(
                {"list": self.url_name, "query": look.filters.urlencode(), "columns": look.columns_text, "order": str(look.order)}
            ),
            "may_edit_view": look.view is not None and SavedView.objects.editable_by(user).filter(pk=look.view.pk).exists(),
            "may_export": user.may(Permission.EXPORT),
            "export_address": self._address(cursor=None, export=""),
        }  # fmt: skip

    def show_columns(self) -> HttpResponse:
        """The panel that chooses columns and order: loaded when it is opened, so that the list itself stays light."""
        look = self.look
        return render(
            self.request,
            "crm/lists/columns.html#panel" if is_partial(self.request) else "crm/lists/columns.html",
            {
                "look": look,
                "offered": [*look.columns, *(column for column in self.columns if column not in look.columns)],
                "orders": [Order(column, way) for column in self.columns if column.sort for way in (False, True)],
            },
        )

    def _views(self) -> list[SavedView]:
        views = SavedView.objects.visible_to(self.request.user).filter(noun=self.url_name)
        return list(views.with_marks(self.request.user).only("public_id", "noun", "name", "audience"))

    def _head(self, column: Column) -> Head:
        if column.sort is None:
            return Head(column)
        order = self.look.order
        if column.name != order.column.name:
            return Head(column, self._address(order=column.name, cursor=None))
        return Head(column, self._address(order=str(order.other_way), cursor=None), "descending" if order.descending else "ascending")

    def _address(self, **changes: str | None) -> str:
        parameters = self.request.GET.copy()
        for name, value in changes.items():
            if value is None:
                parameters.pop(name, None)
            else:
                parameters[name] = value
        return f"{self.request.path}?{parameters.urlencode()}"

    # --- Export -------------------------------------------------------------------------------------

    def export(self, format_name: str) -> HttpResponseBase:
        """Exactly what is seen, all pages of it: the same filters, scope, columns and order."""
        check(self.request, Permission.EXPORT)
        if format_name not in FORMATS:
            raise Http404
        filtered = self.filterset_class(self.get_parameters(), queryset=self.get_queryset(), request=self.request)
        if not filtered.is_valid():
            return self._refuse_export()
        written = [column for column in self.look.columns if not column.fetches_to_show]
        export = Export(
            name=str(self.model._meta.verbose_name_plural),
            rows=self.look.order.prepare(fetched(filtered.qs, written, self.request.user)),
            count=filtered.qs.order_by().count(),
            columns=self.look.columns,
            order=self.get_order(),
            by=self.request.user,
        )
        return export.answer(self.request, format_name, filters=self.look.filters.urlencode())

    def _refuse_export(self) -> HttpResponse:
        response = HttpResponse(_("A filter makes no sense: go back to the list and correct it."), content_type="text/plain; charset=utf-8")
        response.status_code = UNPROCESSABLE
        return response


def _pick() -> Callable[[Any], SafeString]:
    label = _("Choose %s")

    def cell(row: Any) -> SafeString:
        return format_html(
            '<td class="pick"><input type="checkbox" name="row" value="{}" form="picked" aria-label="{}"></td>', row.public_id, label % row
        )

    return cell
