"""The queue of records that may be the same, what is said of each pair, and the search that fills the queue."""

from time import time
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from crm.choices import PairState
from crm.generic import SignedInRequest, done, is_partial
from crm.models import Country
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires
from partners.actions.pairs import decide_pair
from partners.duplicates import in_words
from partners.models import DuplicateScan, Partner, PartnerPair, Person, PersonPair
from partners.tasks_duplicates import scan_for_duplicates

PAGE_SIZE = 25
ASKED_FOR = 120  # Seconds for which the page waits for a worker to begin a search.
LONGEST_SECOND = 12
NOUNS: dict[str, tuple[Any, Any]] = {"partners": (PartnerPair, Partner), "people": (PersonPair, Person)}
STATES = (PairState.LATER, PairState.ASKED, PairState.DIFFERENT)


@require_GET
@requires(Permission.MERGE)
def duplicate_list(request: SignedInRequest) -> HttpResponse:
    """Pairs that somebody has still to look at, the likeliest first; those of the own units unless all are asked for."""
    noun = "people" if request.GET.get("noun") == "people" else "partners"
    pairs = _filtered(request, noun)
    parameters = request.GET.copy()
    cursor = parameters.pop("cursor", [""])[-1]
    try:
        page = keyset_page(pairs, order=("-score", "id"), cursor=cursor, size=PAGE_SIZE)
    except InvalidCursorError:
        return redirect(f"{request.path}?{parameters.urlencode()}")
    _complete(page.rows, noun, request)
    context = {
        "page": page,
        "noun": noun,
        "states": STATES,
        "state": request.GET.get("state", ""),
        "everybody": request.GET.get("whose") == "all",
        "country": request.GET.get("country", ""),
        "countries": Country.objects.filter(pk__in=_model(noun).objects.live().values("country")),
        **_search(request, noun),
        "count": None if cursor else pairs.order_by()[:1001].count(),
    }
    template = "partners/duplicate_list.html#pairs" if is_partial(request) else "partners/duplicate_list.html"
    return render(request, template, context)


@require_POST
@requires(Permission.MERGE)
def pair_decide(request: SignedInRequest, noun: str, pk: int) -> HttpResponse:
    """Note what is said of one pair; the line of the queue says so, with a way back."""
    pair = get_object_or_404(_visible(noun, request), pk=pk)
    try:
        decided = decide_pair(pair, PairState(_state(request)), by=request.user, remark=request.POST.get("remark", "").replace("\x00", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(f"{reverse('partners:duplicate-list')}?noun={noun}")
    if is_partial(request):
        _complete([decided], noun, request)
        return render(
            request, "partners/duplicate_list.html#pair", {"pair": decided, "noun": noun, "decided": decided.state != PairState.OPEN}
        )
    messages.success(request, _("Noted: %(state)s.") % {"state": decided.get_state_display()})
    return done(request, f"{reverse('partners:duplicate-list')}?noun={noun}")


@require_POST
@requires(Permission.MERGE)
def duplicate_scan(request: SignedInRequest) -> HttpResponse:
    """Look for duplicates now, in the background: all of them the first time, after that what has changed."""
    scan_for_duplicates.delay()
    messages.success(request, _("The search for duplicates has begun. New pairs appear here as they are found."))
    noun = "people" if request.POST.get("noun") == "people" else "partners"
    return done(request, f"{reverse('partners:duplicate-list')}?noun={noun}&asked={int(time())}")


@require_GET
@requires(Permission.MERGE)
def scan_progress(request: SignedInRequest, noun: str) -> HttpResponse:
    """How far the search has come; when it is through, the page is loaded anew with the pairs that it found."""
    search = _search(request, noun)
    if search["scan"] is not None and search["scan"].finished_at and not search["asked"]:
        return HttpResponseClientRedirect(f"{reverse('partners:duplicate-list')}?noun={noun}")
    return render(request, "partners/duplicate_list.html#progress", {"noun": noun, **search})


def _search(request: SignedInRequest, noun: str) -> dict[str, Any]:
    """The last search, and ``asked``: the second of the epoch at which one was asked for that no worker has begun yet."""
    scan = DuplicateScan.objects.filter(noun=noun).first()
    sent = request.GET.get("asked", "")
    asked = int(sent) if sent.isdecimal() and len(sent) < LONGEST_SECOND else 0
    begun = scan is not None and scan.started_at.timestamp() >= asked
    is_waiting = time() - ASKED_FOR <= asked <= time() and not begun
    return {"scan": scan, "asked": asked if is_waiting else 0}


def _state(request: HttpRequest) -> str:
    state = request.POST.get("state", "")
    return state if state in PairState.values else PairState.OPEN.value


def _model(noun: str) -> Any:
    return NOUNS[noun][1]


def _visible(noun: str, request: SignedInRequest) -> QuerySet[Any]:
    """Pairs of which the reader may see both ends."""
    if noun not in NOUNS:
        raise Http404
    pair_model, model = NOUNS[noun]
    seen = model.objects.visible_to(request.user).values("pk")
    pairs: QuerySet[Any] = pair_model.objects.filter(first__in=seen, second__in=seen)
    return pairs


def _filtered(request: SignedInRequest, noun: str) -> QuerySet[Any]:
    pairs: Any = _visible(noun, request)
    state = request.GET.get("state", "")
    pairs = pairs.filter(state=state) if state in STATES else pairs.filter(state=PairState.OPEN)
    pairs = pairs.filter(first__archived_at=None, second__archived_at=None)
    if request.GET.get("whose") != "all" and not request.user.scope.central:
        own = _model(noun).objects.editable_by(request.user).values("pk")
        pairs = pairs.filter(Q(first__in=own) | Q(second__in=own))
    if country := request.GET.get("country", "").replace("\x00", ""):
        pairs = pairs.filter(first__country__alpha2=country)
    related = ["first__country", "second__country", "decided_by"]
    related += ["first__kind", "second__kind"] if noun == "partners" else []
    found: QuerySet[Any] = pairs.select_related(*related)
    return found


def _complete(pairs: list[Any], noun: str, request: SignedInRequest) -> None:
    """Put on each pair its reasons in words and whether the reader may merge it. One query."""
    ends = {end for pair in pairs for end in (pair.first_id, pair.second_id)}
    editable = set(_model(noun).objects.editable_by(request.user).filter(pk__in=ends).values_list("pk", flat=True))
    name = "partners:merge" if noun == "partners" else "partners:person-merge"
    for pair in pairs:
        pair.said = in_words(pair.reasons)
        pair.may_merge = {pair.first_id, pair.second_id} <= editable
        pair.may_decide = bool({pair.first_id, pair.second_id} & editable)
        pair.merge_url = f"{reverse(name, args=[pair.first.public_id])}?with={pair.second.public_id}"
