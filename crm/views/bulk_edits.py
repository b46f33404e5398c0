"""Editing many rows of a list at once: choose what to set; the preview is the page of the change set."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from crm.actions.bulk_edits import list_named, plan_bulk_edit
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.permissions import Permission, requires

MOST_TICKED = 500


@require_http_methods(["GET", "POST"])
@requires(Permission.SIGNED_IN)
def bulk_edit(request: SignedInRequest) -> HttpResponse:
    """What to set on the rows that the address names: ``row`` for each, or ``all`` that a list's ``query`` finds."""
    try:
        noun = list_named(request.GET.get("list", ""))
    except LookupError:
        raise Http404 from None
    if noun.bulk is None or not request.user.may(noun.bulk.permission):
        raise PermissionDenied
    rows = _chosen(request, noun)
    form = noun.bulk.form_class(request.POST if request.method == "POST" else None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            change_set = plan_bulk_edit(noun.url_name, rows, form.values(), by=request.user)
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            return redirect(change_set)
    context = {"form": form, "noun": noun.model._meta, "count": rows.order_by().count(), "back": _back(request, noun)}
    return render(request, "crm/bulk_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


def _chosen(request: SignedInRequest, noun: Any) -> QuerySet[Any]:
    """The chosen rows, within the scope of the account; 404 where the address chooses none that there is."""
    if request.GET.get("all"):
        found = noun.found_by(request.user, request.GET.get("query", ""))
        if not found.is_valid():
            raise Http404
        rows: QuerySet[Any] = found.qs
        return rows
    ticked = request.GET.getlist("row")[:MOST_TICKED]
    try:
        rows = noun.model._default_manager.visible_to(request.user).filter(public_id__in=ticked)
    except ValidationError:
        raise Http404 from None
    if not rows.exists():
        raise Http404
    return rows


def _back(request: SignedInRequest, noun: Any) -> str:
    query = request.GET.get("query", "")
    return f"{reverse(noun.url_name)}?{query}" if query else reverse(noun.url_name)
