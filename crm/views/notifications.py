"""What the account was told: the bell's page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from crm.actions.notifications import mark_read, mark_unread
from crm.choices import NotificationTopic
from crm.generic import SignedInRequest, is_partial
from crm.models import Notification
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires

PAGE_SIZE = 50


@require_safe
@requires(Permission.SIGNED_IN)
def notification_list(request: SignedInRequest) -> HttpResponse:
    """All that the account was told, the newest first; ``?unread=1`` only what is still unread, ``?topic=`` of one topic."""
    try:
        return _show(request)
    except InvalidCursorError:
        return redirect("crm:notification-list")


@require_POST
@requires(Permission.SIGNED_IN)
def mark_notifications(request: SignedInRequest) -> HttpResponse:
    """Mark those named by ``line`` as read, or all of them by ``all``; with ``unread`` take it back for those named."""
    pks = _numbers(request.POST.getlist("line"))
    undone: list[int] = []
    if "unread" in request.POST:
        mark_unread(request.user, pks=pks)
    elif "all" in request.POST:
        undone = list(Notification.objects.visible_to(request.user).unread().values_list("pk", flat=True)[:PAGE_SIZE])
        mark_read(request.user)
    else:
        mark_read(request.user, pks=pks)
        undone = pks
    return _show(request, undone=undone) if is_partial(request) else redirect("crm:notification-list")


@require_safe
@requires(Permission.SIGNED_IN)
def open_notification(request: SignedInRequest, pk: int) -> HttpResponse:
    """Go to what a line is about, and mark it as read on the way."""
    line = Notification.objects.visible_to(request.user).filter(pk=pk).first()
    if line is None:
        return redirect("crm:notification-list")
    mark_read(request.user, pks=[pk])
    # The link was written by our own code; only a path of this site is followed all the same.
    return redirect(line.link if line.link.startswith("/") and not line.link.startswith("//") else "crm:notification-list")


def _show(request: SignedInRequest, **context: Any) -> HttpResponse:
    topic = request.GET.get("topic", "")
    only_unread = request.GET.get("unread") == "1"
    lines = Notification.objects.visible_to(request.user)
    if only_unread:
        lines = lines.unread()
    if topic in NotificationTopic.values:
        lines = lines.filter(topic=topic)
    page = keyset_page(lines, order=("-created_at", "-id"), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context |= {"page": page, "only_unread": only_unread, "unread": Notification.objects.visible_to(request.user).unread().count()}
    template = "crm/notification_list.html#lines" if is_partial(request) else "crm/notification_list.html"
    return render(request, template, context)


def _numbers(given: list[str]) -> list[int]:
    return [int(text) for text in given[:PAGE_SIZE] if text.isascii() and text.isdigit() and len(text) < 19]
