"""Calendar addresses: made, shown once, revoked; and what a calendar program reads there."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activities.actions.calendar_feeds import digest_of, make_feed, revoke_feed
from activities.calendar.feeds import calendar_text, entries_of
from activities.models import CalendarFeed
from crm.addresses import client_address
from crm.api.throttles import WINDOW_SECONDS, WindowThrottle
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Unit
from crm.permissions import Permission, requires

# Reading is noted at most this often, so that a program that asks every minute costs no write each time.
NOTED_EVERY = timedelta(hours=1)


class FeedThrottle(WindowThrottle):
    """Per network address: guessing a secret is slow, and a broken program cannot keep the site busy."""

    setting = "FEED_READS_PER_MINUTE"

    def caller(self, request: Any) -> str:
        return str(client_address(request))


class FeedForm(forms.Form):
    unit = forms.ModelChoiceField(
        label=gettext_lazy("Which days"), queryset=Unit.objects.none(), to_field_name="public_id", required=False,
        empty_label=gettext_lazy("My own: what I take part in, my follow-ups, my partners' occasions"),
    )  # fmt: skip

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units
        field.label_from_instance = lambda unit: _("All of %(unit)s") % {"unit": unit.display}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SIGNED_IN)
def calendar_feeds(request: SignedInRequest) -> HttpResponse:
    """One's own addresses; a new one is shown on the answer to the form, and never again."""
    user = request.user
    sent = [request.POST] if request.method == "POST" else []
    form = FeedForm(*sent, units=Unit.objects.on(timezone.localdate()).filter(pk__in=user.scope.home_unit_ids))
    address, status = "", 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                _feed, token = make_feed(by=user, unit=form.cleaned_data["unit"])
            except ValidationError as error:
                form.add_error(None, error)
            else:
                address, status = request.build_absolute_uri(reverse("activities:calendar-feed", args=[token])), 200
    feeds = CalendarFeed.objects.visible_to(user).in_use().select_related("unit", "user")
    response = render(request, "activities/calendar_feeds.html", {"form": form, "feeds": feeds, "address": address}, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(Permission.SIGNED_IN)
def calendar_feed_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    """Revoke one of one's own addresses."""
    revoke_feed(get_object_or_404(CalendarFeed.objects.visible_to(request.user), pk=pk), by=request.user)
    return redirect("activities:calendar-feeds")


@login_not_required
@require_safe
@requires(Permission.PUBLIC)
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a secret address: 404 for no address or a closed account, 410 for one that was revoked."""
    throttle = FeedThrottle()
    if not throttle.allow_request(request):
        return HttpResponse(status=429, headers={"Retry-After": str(min(WINDOW_SECONDS, int(throttle.wait())))})
    feed = CalendarFeed.objects.filter(token_digest=digest_of(token)).select_related("user", "unit").first()
    if feed is None or not feed.user.is_active or not feed.user.may(Permission.SIGNED_IN):
        raise Http404
    if feed.revoked_at is not None:
        return HttpResponse(status=410)
    _note_reading(feed)
    with translation.override(feed.user.language):
        body = calendar_text(feed, entries_of(feed, timezone.localdate()), site=request.build_absolute_uri("/").rstrip("/"))
    headers = {"Cache-Control": "private, max-age=300", "ETag": quote_etag(sha256(body).hexdigest()), "X-Robots-Tag": "noindex"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


def _note_reading(feed: CalendarFeed) -> None:
    now = timezone.now()
    if feed.last_read_at is None or now - feed.last_read_at > NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
