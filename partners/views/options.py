"""What the boxes for picking a partner or a person answer."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from crm.filters import MAX_SEARCH_LENGTH
from crm.generic import SignedInRequest
from crm.permissions import Permission, requires
from partners.models import Partner, Person, Post

SHOWN = 12


def show_options(request: HttpRequest, options: Iterable[dict[str, Any]]) -> HttpResponse:
    """Answer with the options of a combobox: ``value``, ``label`` and ``hint`` of each."""
    return render(request, "crm/components/options.html", {"options": list(options)})


def words_of(request: HttpRequest) -> str:
    return request.GET.get("q", "")[:MAX_SEARCH_LENGTH].replace("\x00", "").strip()


@requires(Permission.PARTNER_VIEW)
def partner_options(request: SignedInRequest) -> HttpResponse:
    """Partners in use by any of their names; without words those in touch most recently."""
    words = words_of(request)
    rows = Partner.objects.visible_to(request.user).live().select_related("country", "kind")
    found = (
        rows.search(words).order_by("sort_key", "id") if words else rows.exclude(last_contact_on=None).order_by("-last_contact_on", "-id")
    )
    return show_options(request, map(_partner_option, found[:SHOWN]))


def _partner_option(partner: Partner) -> dict[str, Any]:
    hint = " · ".join(str(part) for part in (partner.country, partner.city, partner.kind) if part)
    return {"value": partner.public_id, "label": partner.name, "hint": hint}


@requires(Permission.PERSON_VIEW)
def person_options(request: SignedInRequest) -> HttpResponse:
    """People by any form of their name, with the post they hold today."""
    words = words_of(request)
    if not words:
        return show_options(request, ())
    held = Post.objects.live().on(timezone.localdate()).select_related("partner").order_by("rank", "id")
    people = Person.objects.visible_to(request.user).live().search(words).prefetch_related(Prefetch("posts", held, to_attr="held"))
    return show_options(request, _person_options(people.order_by("sort_key", "id")[:SHOWN]))


def _person_options(people: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for person in people:
        post = person.held[0] if person.held else None
        yield {"value": person.public_id, "label": person.full_name, "hint": f"{post.title} · {post.partner}" if post else ""}
