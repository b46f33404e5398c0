"""Finding partners and people from everywhere, and saying by which of their names."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.choices import NameUsage
from crm.models import User
from crm.permissions import Permission
from crm.search import INITIALS, RELATED, SIMILAR, Found, Hit, Match, Query, SearchedNoun, find, marked, register
from crm.text import fold
from partners.models import Partner, Person, Post, Stewardship

PARTNERS_ASKED = 20
POSTS_SHOWN = 40

REASON_OF_USAGE = {
    NameUsage.OFFICIAL: _("official name"),
    NameUsage.SHORT: _("short name"),
    NameUsage.ACRONYM: _("acronym"),
    NameUsage.FORMER: _("former name"),
    NameUsage.OTHER: _("other name"),
}
REASON_OF_RANK = {INITIALS: _("first letters"), SIMILAR: _("similar spelling")}


# --- Partners ---------------------------------------------------------------------------------------------


def find_partners(query: Query, user: User) -> Found:
    """Partners by any of their names. Asked once for a query, though people and exchanges ask again."""
    if (found := query.memo.get(("partners", user.pk))) is None:
        found = query.memo["partners", user.pk] = _find_partners(query, user)
    return found


def _find_partners(query: Query, user: User) -> Found:
    rows = Partner.objects.visible_to(user).filter(merged_into=None)
    kept = Stewardship.objects.current().filter(partner=OuterRef("pk"), unit__in=user.scope.unit_ids)
    return find(query, rows, near=None if user.scope.central else Exists(kept))


def show_partners(query: Query, matches: Sequence[tuple[int, Match]], user: User) -> list[Hit]:
    rows = Partner.objects.select_related("country", "kind").prefetch_related("names").in_bulk([pk for pk, _match in matches])
    return [_partner_hit(rows[pk], match) for pk, match in matches if pk in rows]


def _partner_hit(partner: Partner, match: Match) -> Hit:
    hint = " · ".join(str(part) for part in (partner.country, partner.city, partner.kind) if part)
    reason, why = REASON_OF_RANK.get(match.rank, ""), SafeString("")
    if fold(partner.name) != match.line:
        other = next((name for name in partner.names.all() if fold(name.name) == match.line), None)
        if other is not None:
            reason, why = reason or REASON_OF_USAGE[NameUsage(other.usage)], marked(other.name, match.marked)
    label = marked(partner.name, () if why else match.marked)
    return Hit(label, hint, partner.get_absolute_url(), reason, why, partner.is_archived, partner.is_demo)


# --- People -------------------------------------------------------------------------------------------------


def find_people(query: Query, user: User) -> Found:
    """People by their names; after them those in a post at a partner that is called so ("chủ tịch Lào Việt")."""
    people = Person.objects.visible_to(user).filter(merged_into=None)
    near = None if user.scope.central else Q(unit__in=user.scope.unit_ids)
    found = find(query, people, near=near)
    named = {pk for pk, _match in found.matches}
    by_post = [(pk, match) for pk, match in _in_posts(query, user) if pk not in named]
    return Found(found.matches + by_post, found.capped)


def _in_posts(query: Query, user: User) -> list[tuple[int, Match]]:
    title_words = {word for word in query.words if word in TITLE_WORDS}
    rest = Query.of(" ".join(word for word in query.words if word not in title_words)) if title_words else query
    if not rest.is_enough:
        return []
    partners = [pk for pk, match in find_partners(rest, user).matches if match.rank < SIMILAR][:PARTNERS_ASKED]
    if not partners:
        return []
    posts = Post.objects.live().on(timezone.localdate()).visible_to(user)
    posts = posts.filter(partner__in=partners, person__archived_at=None, person__merged_into=None)
    held = [
        (partners.index(partner), rank, person)
        for person, partner, rank, *titles in posts.values_list("person", "partner", "rank", "title_vi", "title_en", "title_native")
        if title_words <= set(fold(" ".join(titles)).split())
    ]
    people = dict.fromkeys(person for _partner, _rank, person in sorted(held))
    return [(person, Match(RELATED, "", ())) for person in list(people)[:POSTS_SHOWN]]


def show_people(query: Query, matches: Sequence[tuple[int, Match]], user: User) -> list[Hit]:
    held = Post.objects.live().on(timezone.localdate()).select_related("partner").order_by("rank", "id")
    people: Any = Person.objects.visible_to(user).select_related("country").prefetch_related(Prefetch("posts", held, to_attr="held"))
    rows = people.in_bulk([pk for pk, _match in matches])
    return [_person_hit(rows[pk], match, query) for pk, match in matches if pk in rows]


def _person_hit(person: Any, match: Match, query: Query) -> Hit:
    post = person.held[0] if person.held else None
    hint = f"{post.title} · {post.partner}" if post else str(person.country or "")
    reason, why = REASON_OF_RANK.get(match.rank, ""), SafeString("")
    if match.rank == RELATED and post:
        hint, reason, why = "", _("post"), marked(f"{post.title} · {post.partner}", query.words)
    elif fold(person.full_name) != match.line:
        form = next((form for form in (person.latin_name, person.native_name) if form and fold(form) == match.line), "")
        if form:
            reason, why = reason or _("name in other letters"), marked(form, match.marked)
    label = marked(person.full_name, () if why else match.marked)
    return Hit(label, hint, person.get_absolute_url(), reason, why, person.is_archived, person.is_demo)


# Words of titles, folded: they tell the post, the rest of what was typed tells the partner.
_VIETNAMESE = "chu tich pho tong thu ky giam doc truong ban vien hieu dai su bi bo thu tuong tham tan"
_ENGLISH = "president chairman chairwoman chair vice secretary general director head rector dean ambassador minister counsellor"
TITLE_WORDS = frozenset(f"{_VIETNAMESE} {_ENGLISH}".split())

register(SearchedNoun("partners", _("Partners"), Permission.PARTNER_VIEW, "partners:partner-list", find_partners, show_partners), place=10)
register(SearchedNoun("people", _("People"), Permission.PERSON_VIEW, "partners:person-list", find_people, show_people), place=20)
