"""The drawer: a line is read while it is typed, saved once however often it is sent, and can be taken back."""

import json
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from activities.actions.entries import keep_draft, log_entry, take_back_entry
from activities.actions.joining import ask_to_join, join_exchange
from activities.forms.chips import chips_of
from activities.forms.entries import Entry
from activities.models import Exchange, ExchangeDraft
from crm.choices import Confidentiality
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.permissions import Permission, requires

# The browser lets go of what it keeps only when these say that the server has it.
KEY_HEADER, STATE_HEADER = "Entry-Key", "Entry-State"
LOGGED, KEPT, EMPTY, READ = "logged", "kept", "empty", "read"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.EXCHANGE_LOG)
def quick_log(request: SignedInRequest) -> HttpResponse:
    """POST saves an entry: as an exchange where it is complete, else as a draft; with ``only_keep`` always as a draft.

    GET leads to the full form.
    """
    if request.method != "POST":
        address = reverse("activities:exchange-log")
        return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}" if request.GET else address)
    entry = _sent(request)
    if entry is None:
        return HttpResponseBadRequest()
    if entry.is_empty:
        return _marked(show_entry(request, entry), entry, EMPTY)
    exchange, is_new = _logged(entry) if entry.is_complete and "only_keep" not in request.POST else (None, False)
    if exchange is None:
        # Sent again, it may be held against the very exchange that it has become.
        exchange = keep_draft(by=request.user, key=entry.key, text=entry.text, answers=entry.to_keep).exchange
    if exchange is None:
        return _marked(show_entry(request, entry, kept=True), entry, KEPT)
    if not is_partial(request):
        return redirect(exchange)
    return _marked(render(request, "activities/quick/saved.html", {"exchange": exchange, "is_new": is_new}), entry, LOGGED)


@require_POST
@requires(Permission.EXCHANGE_LOG)
def quick_read(request: SignedInRequest) -> HttpResponse:
    """Read a line and show it as chips; nothing is kept."""
    entry = _sent(request)
    if entry is None:
        return HttpResponseBadRequest()
    return show_entry(request, entry)


@require_POST
@requires(Permission.EXCHANGE_LOG)
def take_back(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Undo what the drawer logged; the line is offered again."""
    exchange = get_object_or_404(Exchange.objects.editable_by(request.user), public_id=public_id, created_by=request.user)
    try:
        take_back_entry(exchange, by=request.user)
    except ValidationError as error:
        return render(request, "activities/quick/saved.html#taken_back", {"refused": error.messages}, status=UNPROCESSABLE)
    draft = ExchangeDraft.objects.visible_to(request.user).filter(exchange=exchange).first()
    if not is_partial(request):
        return redirect("activities:exchange-list")
    return render(request, "activities/quick/saved.html#taken_back", {"exchange": exchange, "draft": draft})


@require_POST
@requires(Permission.EXCHANGE_LOG)
def join(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Enter the own unit on another unit's exchange, or, where it is closed to the reader, ask its host to."""
    readable = Exchange.objects.visible_to(request.user).live().filter(public_id=public_id).select_related("kind", "host_unit").first()
    context: dict[str, Any] = {"exchange": readable}
    if readable is not None:
        join_exchange(readable, by=request.user)
    else:
        closed = Exchange.objects.live().filter(confidentiality=Confidentiality.UNIT)
        context["host"] = _asked(get_object_or_404(closed.select_related("host_unit"), public_id=public_id), request)
    if not is_partial(request):
        return redirect(readable or "activities:draft-list")
    return render(request, "activities/quick/saved.html#joined", context)


def show_entry(request: HttpRequest, entry: Entry, **context: Any) -> HttpResponse:
    """The chips of an entry with their controls, what is missing, and exchanges that may be the same."""
    chips = chips_of(entry)
    context |= {
        "entry": entry,
        "chips": chips,
        "missing": [chip for chip in chips if chip.state in {"missing", "choose"} and chip.asks],
        "near": entry.near,
        "state": json.dumps(entry.state),
        "own_unit_ids": request.user.scope.unit_ids if request.user.is_authenticated else (),
    }
    return _marked(render(request, "activities/quick/reading.html", context), entry, READ)


def _logged(entry: Entry) -> tuple[Exchange | None, bool]:
    """Log a complete entry. What a rule refuses stays a draft, with the reason at its chip."""
    related = entry.form.related(by=entry.by)
    try:
        with transaction.atomic():
            return log_entry(entry.form.exchange(), by=entry.by, key=entry.key, text=entry.text, answers=entry.to_keep, **related)
    except ValidationError as error:
        add_action_errors(entry.form, error)
        return None, False


def _asked(exchange: Exchange, request: SignedInRequest) -> Any:
    try:
        ask_to_join(exchange, by=request.user)
    except PermissionDenied:
        return None
    return exchange.host_unit


def _sent(request: SignedInRequest) -> Entry | None:
    try:
        return Entry.sent(request.POST, by=request.user)
    except ValueError:
        return None


def _marked(response: HttpResponse, entry: Entry, state: str) -> HttpResponse:
    response[KEY_HEADER], response[STATE_HEADER] = str(entry.key), state
    return response
