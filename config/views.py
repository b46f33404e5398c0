"""Pages that belong to no app: light and dark, the language switch, and what is shown when something went wrong."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from crm.permissions import Permission, requires
from crm.templatetags.nhipcau import THEME_COOKIE, THEMES

ONE_YEAR = 365 * 24 * 60 * 60


@login_not_required
@require_POST
@requires(Permission.PUBLIC)
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice of light or dark in a cookie, and go back to where it was made."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if (chosen := request.POST.get("theme", "")) in THEMES:
        response.set_cookie(THEME_COOKIE, chosen, max_age=ONE_YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax")
    return response


@login_not_required
@requires(Permission.PUBLIC)
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Keep the reader's choice of language in a cookie, and go back to where it was made."""
    return django_set_language(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from a stale page or another site. Named by the setting CSRF_FAILURE_VIEW."""
    return render(request, "403_csrf.html", status=403)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Sign-in is paused: allauth looks for it as ``handler429``."""
    return render(request, "429.html", status=429)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A damaged request: it may fail before anybody is signed in, so the page is made without the request."""
    return HttpResponseBadRequest(render_to_string("400.html"))
