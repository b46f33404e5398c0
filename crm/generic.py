"""Five small views for nouns: list, detail, create, update, and an action on one record. For verbs write a function.

Each names its ``permission`` and is checked before anything else; each reads through ``visible_to``, so what is
out of scope answers 404. An htmx request that targets the rows of a list gets only ``template.html#rows``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View
from django_filters import FilterSet
from django_htmx.http import HttpResponseClientRedirect

from crm.actions.records import archive_record
from crm.forms import add_action_errors
from crm.models import User
from crm.paging import InvalidCursorError, KeysetPage, keyset_page
from crm.permissions import Permission, check

UNPROCESSABLE = 422
COUNT_CAP = 1000


class SignedInRequest(HttpRequest):
    """For annotations: what ``requires`` and the views below let through, which is never a stranger's request."""

    user: User


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page, not for a whole one."""
    htmx: Any = getattr(request, "htmx", False)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def address_without(request: HttpRequest, *names: str) -> str:
    """The address of the request without some of its parameters."""
    parameters = request.GET.copy()
    for name in names:
        parameters.pop(name, None)
    return f"{request.path}?{parameters.urlencode()}" if parameters else request.path


class NounView(View):
    """A view over one model that holds its permission and reads only what the account may see."""

    request: SignedInRequest
    permission: ClassVar[Permission]
    model: ClassVar[type[Model]]
    template_name: ClassVar[str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        check(request, self.permission)
        self.prepare()
        return super().dispatch(request, *args, **kwargs)

    def prepare(self) -> None:
        """What is fetched before GET and POST alike."""

    def get_queryset(self) -> QuerySet[Any]:
        """The rows in the reader's scope; add ``select_related`` and annotations here."""
        rows: QuerySet[Any] = self.model._default_manager.visible_to(self.request.user)  # type: ignore[attr-defined]  # every noun has it
        return rows

    def get_object(self) -> Any:
        """The record that the address names by its public id; 404 outside the scope."""
        return get_object_or_404(self.get_queryset(), public_id=self.kwargs["public_id"])

    def get_context(self, **context: Any) -> dict[str, Any]:
        """What the template gets besides; extend it by ``super().get_context(**context) | {…}``."""
        return context

    def show(self, *, status: int = 200, part: str = "", **context: Any) -> HttpResponse:
        template = f"{self.template_name}#{part}" if part and is_partial(self.request) else self.template_name
        response = render(self.request, template, self.get_context(**context), status=status)
        patch_vary_headers(response, ("HX-Request",))
        return response


class ListView(NounView):
    """A filtered list in keyset pages. The template defines the partial ``rows``: count, chips, table, pages.

    ``order``: columns that are never NULL and together unique. The template gets ``page``, ``filter`` and ``count``,
    which is taken only up to ``COUNT_CAP`` + 1 and only for the first page.
    """

    filterset_class: ClassVar[type[FilterSet]]
    order: ClassVar[Sequence[str]]
    page_size: ClassVar[int] = 50

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        filtered = self.filterset_class(self.get_parameters(), queryset=self.get_queryset(), request=request)
        if not filtered.is_valid():
            return self.show(part="rows", status=UNPROCESSABLE, filter=filtered, page=KeysetPage([], None, None), count=None)
        cursor = request.GET.get("cursor", "")
        try:
            page = keyset_page(self.get_rows(filtered.qs), order=self.get_order(), cursor=cursor, size=self.page_size)
        except InvalidCursorError:
            # An old link, or one cut in the mail: the first page is what its reader wants.
            return HttpResponseRedirect(address_without(request, "cursor"))
        return self.show(part="rows", filter=filtered, page=page, count=None if cursor else self._count(filtered.qs, page))

    def get_parameters(self) -> QueryDict:
        """What is filtered by."""
        parameters = self.request.GET.copy()
        parameters.pop("cursor", None)
        return parameters

    def get_order(self) -> Sequence[str]:
        return self.order

    def get_rows(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """The rows found, with what the page shows of them; they are counted without it."""
        return found

    def _count(self, rows: QuerySet[Any], page: KeysetPage) -> int:
        if page.next_cursor is None:
            return len(page.rows)
        return rows.order_by()[: COUNT_CAP + 1].count()


class DetailView(NounView):
    """One record, as ``object``. One that was merged leads to its survivor."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        if (survivor := getattr(self.object, "merged_into", None)) is not None:
            # Not for ever in the browser's eyes: a merge can be taken apart.
            return HttpResponseRedirect(survivor.get_absolute_url())
        return self.show(object=self.object)


class FormView(NounView):
    """Shows a form, and saves it by ``form.save()``. An htmx request gets the partial ``form``; a refused form is a 422."""

    form_class: ClassVar[type[Any]]
    success_message: ClassVar[str | Promise] = _("Saved.")
    object: Any = None

    def get_form(self, *data: Any) -> Any:
        """The form, empty or with what was sent; forms of the product take ``by``, who saves."""
        return self.form_class(*data, by=self.request.user, **self.get_form_arguments())

    def get_form_arguments(self) -> dict[str, Any]:
        return {}

    def get_success_url(self) -> str:
        address: str = self.object.get_absolute_url()
        return address

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(part="form", form=self.get_form(), object=self.object)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST, request.FILES)
        if not (form.is_valid() and self._save(form)):
            return self.show(part="form", status=UNPROCESSABLE, form=form, object=self.object)
        messages.success(request, str(self.success_message))
        return done(request, self.get_success_url())

    def _save(self, form: Any) -> bool:
        try:
            with transaction.atomic():
                self.object = form.save()
        except ValidationError as error:
            add_action_errors(form, error)
            return False
        return True


class CreateView(FormView):
    """A new record."""


class UpdateView(FormView):
    """A record that is there: only what the account may change, which the model calls ``editable_by``."""

    def prepare(self) -> None:
        self.object = self.get_object()

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.editable_by(self.request.user)  # type: ignore[attr-defined]  # every changed noun has it
        return rows

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.object}


@dataclass(frozen=True)
class Question:
    """What the page that asks before an action says."""

    title: str | Promise
    text: str | Promise
    button: str | Promise


class ActionView(UpdateView):
    """An action on one record: GET asks, POST does. What the action refuses is shown on the page that asks."""

    action: ClassVar[Callable[..., Any]]
    question: ClassVar[Question]
    template_name = "crm/confirm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(object=self.object, question=self.question)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        address = self.get_success_url()
        try:
            with transaction.atomic():
                type(self).action(self.object, by=request.user)
        except ValidationError as error:
            return self.show(status=UNPROCESSABLE, object=self.object, question=self.question, refused=error.messages)
        messages.success(request, str(self.success_message))
        return done(request, address)


class ArchiveView(ActionView):
    """Take a record out of use. A noun with an archiving action of its own names it as ``action``."""

    action = staticmethod(archive_record)
    success_message = _("Archived. It stays readable and can be restored.")
    question = Question(
        title=_("Archive this record?"),
        text=_("It goes out of use and out of the lists. Nothing is deleted; it can be restored."),
        button=_("Archive"),
    )


def done(request: HttpRequest, address: str) -> HttpResponse:
    """Send the reader on after a success, through htmx where the request came from it."""
    return HttpResponseClientRedirect(address) if is_partial(request) else HttpResponseRedirect(address)
