"""Lines that are no exchange yet: complete them, or throw them away."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from activities.actions.entries import discard_draft, restore_draft
from activities.forms.entries import Entry
from activities.models import ExchangeDraft
from activities.views.quick import show_entry
from crm.generic import SignedInRequest, is_partial
from crm.permissions import Permission, requires

SHOWN = 50


@require_safe
@requires(Permission.EXCHANGE_LOG)
def draft_list(request: SignedInRequest, discarded: ExchangeDraft | None = None) -> HttpResponse:
    """My drafts; for htmx the part that the desk shows. ``discarded``: one just thrown away, to be taken back."""
    waiting = ExchangeDraft.objects.visible_to(request.user).waiting()[: SHOWN + 1]
    template = "activities/draft_list.html#drafts" if is_partial(request) else "activities/draft_list.html"
    return render(request, template, {"drafts": waiting, "shown": SHOWN, "discarded": discarded})


@require_POST
@requires(Permission.EXCHANGE_LOG)
def read_draft(request: SignedInRequest, key: UUID) -> HttpResponse:
    """A draft as the drawer shows it."""
    draft = get_object_or_404(ExchangeDraft.objects.visible_to(request.user).waiting(), key=key)
    return show_entry(request, Entry.kept(draft, by=request.user))


@require_POST
@requires(Permission.EXCHANGE_LOG)
def discard(request: SignedInRequest, key: UUID) -> HttpResponse:
    """Throw a draft away, or with ``restore`` take it back."""
    draft = get_object_or_404(ExchangeDraft.objects.visible_to(request.user).filter(exchange=None), key=key)
    is_restored = "restore" in request.POST
    (restore_draft if is_restored else discard_draft)(draft, by=request.user)
    if not is_partial(request):
        return redirect("activities:draft-list")
    return _after(request, None if is_restored else draft)


def _after(request: SignedInRequest, discarded: ExchangeDraft | None) -> HttpResponse:
    waiting = ExchangeDraft.objects.visible_to(request.user).waiting()[: SHOWN + 1]
    return render(request, "activities/draft_list.html#drafts", {"drafts": waiting, "shown": SHOWN, "discarded": discarded})
