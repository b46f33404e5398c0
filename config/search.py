"""Search everywhere: the page with all groups, and the lines of the palette. Pages of the menu can be found too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from config.navigation import MENU, Place
from crm.generic import SignedInRequest
from crm.permissions import Permission, requires
from crm.search import NOUNS, Hit, Query, marked
from crm.text import fold

# The pages of the menu, and those that are reached from them.
PAGES = (
    *(place for section in MENU for place in section.places),
    Place(gettext_lazy("People"), "partners:person-list", Permission.PERSON_VIEW),
    Place(gettext_lazy("Follow-ups"), "activities:follow-up-list", Permission.FOLLOW_UP_VIEW),
    Place(gettext_lazy("New partner"), "partners:partner-create", Permission.PARTNER_EDIT),
    Place(gettext_lazy("New person"), "partners:person-create", Permission.PERSON_EDIT),
    Place(gettext_lazy("Log an exchange"), "activities:exchange-log", Permission.EXCHANGE_LOG),
    Place(gettext_lazy("Change password"), "account_change_password", Permission.SIGNED_IN),
)
ON_THE_PAGE = 20
IN_THE_PALETTE = 6


@dataclass(frozen=True)
class Group:
    """The hits of one kind. ``count``: how many there are; ``capped``: there are more than were counted."""

    slug: str
    label: str | Promise
    hits: list[Hit]
    count: int
    capped: bool
    all_url: str


@requires(Permission.SIGNED_IN)
def search(request: SignedInRequest) -> HttpResponse:
    """Everything of these words, in groups; each hit says why it was found."""
    query = Query.of(request.GET.get("q", ""))
    groups = [*_groups(request, query, shown=ON_THE_PAGE)] if query.is_enough else []
    return render(request, "search.html", {"query": query, "typed": request.GET.get("q", "")[:200].strip(), "groups": groups})


@requires(Permission.SIGNED_IN)
def search_options(request: SignedInRequest) -> HttpResponse:
    """The same as lines of the palette."""
    query = Query.of(request.GET.get("q", ""))
    groups = [*_groups(request, query, shown=IN_THE_PALETTE)] if query.is_enough else []
    return render(request, "search_options.html", {"query": query, "groups": groups})


def _groups(request: Any, query: Query, *, shown: int) -> Iterator[Group]:
    if pages := _pages(request, query):
        yield Group("pages", _("Pages"), pages[:shown], len(pages), False, "")
    for noun in NOUNS.values():
        if not request.user.may(noun.permission):
            continue
        found = noun.find(query, request.user)
        if found.matches:
            hits = noun.show(query, found.matches[:shown], request.user)
            all_url = f"{reverse(noun.list_url)}?{urlencode({'q': query.text})}"
            yield Group(noun.slug, noun.label, hits, len(found.matches), found.capped, all_url)


def _pages(request: HttpRequest, query: Query) -> list[Hit]:
    """Pages of the menu that this account may open, by their names in both languages."""
    return [
        Hit(marked(str(page.label), query.words), "", reverse(page.url_name))
        for page in PAGES
        if request.user.may(page.permission) and any(_named(page.label, query))  # type: ignore[union-attr]  # signed in
    ]


def _named(label: str | Promise, query: Query) -> Iterator[bool]:
    for language in ("vi", "en"):
        with override(language):
            words = fold(str(label)).split()
        yield all(any(word.startswith(typed) for word in words) for typed in query.words)
