"""The weekly digest on the page: this week's and earlier ones, and what it is to tell."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.permissions import Permission, requires
from reports.actions.digests import parts_shown, unsubscribe, week_of
from reports.forms.digests import DigestForm
from reports.models import DigestSubscription, WeeklyDigest

WEEKS_LISTED = 26


@require_safe
@requires(Permission.COVERAGE_VIEW)
def digest(request: SignedInRequest) -> HttpResponse:
    """The digest of the week that the address names, else the latest."""
    own = WeeklyDigest.objects.filter(user=request.user)
    if text := request.GET.get("week"):
        try:
            shown = own.filter(week=date.fromisoformat(text)).first()
        except ValueError:
            raise Http404 from None
        if shown is None:
            raise Http404
    else:
        shown = own.first()
    context = {
        "digest": shown,
        "parts": parts_shown(shown) if shown else [],
        "this_week": week_of(timezone.localdate()),
        "weeks": own.values_list("week", flat=True)[:WEEKS_LISTED],
        "is_subscribed": DigestSubscription.objects.filter(user=request.user).exists(),
    }
    return render(request, "reports/digest.html", context)


@requires(Permission.COVERAGE_VIEW)
def digest_settings(request: SignedInRequest) -> HttpResponse:
    """What to be told every week."""
    subscription = DigestSubscription.objects.filter(user=request.user).first()
    is_new = subscription is None
    form = DigestForm(request.POST or None, by=request.user, instance=subscription or DigestSubscription(user=request.user))
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            messages.success(request, _("Saved. This is the digest of this week."))
            return redirect("reports:digest")
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "reports/digest_settings.html", {"form": form, "is_new": is_new}, status=status)


@require_POST
@requires(Permission.COVERAGE_VIEW)
def digest_end(request: SignedInRequest) -> HttpResponse:
    unsubscribe(request.user, by=request.user)
    messages.success(request, _("You get no digest any more. Earlier ones stay here."))
    return redirect("reports:digest")


@require_safe
@requires(Permission.COVERAGE_VIEW)
def digest_on_desk(request: SignedInRequest) -> HttpResponse:
    """The box of the desk: what is new this week, with the way to all of it; nothing for those without a digest."""
    shown = WeeklyDigest.objects.filter(user=request.user, week=week_of(timezone.localdate())).first()
    if shown is None:
        return HttpResponse("")
    return render(request, "reports/digest_on_desk.html", {"digest": shown, "parts": parts_shown(shown)})
