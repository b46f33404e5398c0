"""Finding exchanges, agreements and commitments from everywhere: by their own words, and by the partners they name."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from activities.models import Agreement, AgreementParty, Commitment, Exchange, Participation
from crm.models import User
from crm.permissions import Permission
from crm.search import RELATED, SIMILAR, Found, Hit, Match, Query, SearchedNoun, find, marked, register
from partners.models.partners import EPOCH
from partners.search import PARTNERS_ASKED, find_partners

LATEST = 40
LOOKED_AT = 1000
RECENT_DAYS = 120
EXCERPT = 160


def find_exchanges(query: Query, user: User) -> Found:
    """Exchanges that say so themselves; after them the latest ones with the partners called so."""
    visible = Exchange.objects.visible_to(user)
    units = user.scope.unit_ids
    near = None if user.scope.central else Q(host_unit__in=units)
    found = find(query, visible, near=near, latest="starts_on")
    partners = [pk for pk, match in find_partners(query, user).matches if match.rank < SIMILAR][:PARTNERS_ASKED]
    if not partners:
        return found
    named = {pk for pk, _match in found.matches}
    latest = _latest_with(partners, visible.live())
    related = [(pk, Match(RELATED, "", ())) for pk in latest if pk not in named]
    return Found(found.matches + related, found.capped)


def _latest_with(partners: Sequence[int], visible: QuerySet[Exchange]) -> list[int]:
    """The latest visible exchanges with the partners: of the last months, else the visible ones among the latest thousand.

    Partners met every week have tens of thousands; to ask of each whether it may be seen would take a quarter of a second.
    """
    held = Participation.objects.filter(partner__in=partners).order_by("-day_no", "-exchange").values_list("exchange", flat=True)
    months_ago = (timezone.localdate() - EPOCH).days - RECENT_DAYS
    recent = list(dict.fromkeys(held.filter(day_no__gte=months_ago, exchange__in=visible)[:LATEST]))
    if len(recent) == LATEST:
        return recent
    looked_at = list(dict.fromkeys(held[:LOOKED_AT]))
    seen = set(visible.filter(pk__in=looked_at).values_list("pk", flat=True))
    return list(dict.fromkeys([*recent, *(pk for pk in looked_at if pk in seen)]))[:LATEST]


def show_exchanges(query: Query, matches: Sequence[tuple[int, Match]], user: User) -> list[Hit]:
    parts = Participation.objects.select_related("partner").order_by("rank", "id")
    exchanges: Any = (
        Exchange.objects.visible_to(user).select_related("kind").prefetch_related(Prefetch("participations", parts, to_attr="named"))
    )
    rows = exchanges.in_bulk([pk for pk, _match in matches])
    return [_exchange_hit(rows[pk], match, query) for pk, match in matches if pk in rows]


def _exchange_hit(exchange: Any, match: Match, query: Query) -> Hit:
    words = match.marked or query.words
    label = marked(str(exchange), words)
    partners = ", ".join(part.partner.name for part in exchange.named[:2])
    day = date_format(exchange.starts_on, "SHORT_DATE_FORMAT")
    if match.rank == RELATED:
        return Hit(label, day, exchange.get_absolute_url(), _("held with"), marked(partners, words), is_demo=exchange.is_demo)
    reason, why = (_("similar spelling"), SafeString("")) if match.rank == SIMILAR else ("", SafeString(""))
    if "<mark>" not in label:
        passage = _passage(exchange, words)
        reason, why = (reason or _("in what was written"), passage) if passage else (reason, why)
    hint = " · ".join(part for part in (day, partners, exchange.place) if part)
    return Hit(label, hint, exchange.get_absolute_url(), reason, why, exchange.is_archived, exchange.is_demo)


def _passage(exchange: Exchange, words: Sequence[str]) -> SafeString:
    for text in (exchange.outcome, exchange.summary, exchange.place):
        whole = marked(text[: EXCERPT * 2], words)
        if "<mark>" in whole:
            return marked(text[:EXCERPT], words)
    return SafeString("")


# --- Agreements ------------------------------------------------------------------------------------------


def find_agreements(query: Query, user: User) -> Found:
    """Agreements by title and number; after them those with the partners called so."""
    visible = Agreement.objects.visible_to(user)
    near = None if user.scope.central else Q(unit__in=user.scope.unit_ids)
    found = find(query, visible, near=near, latest="signed_on")
    partners = [pk for pk, match in find_partners(query, user).matches if match.rank < SIMILAR][:PARTNERS_ASKED]
    named = {pk for pk, _match in found.matches}
    if not partners:
        return found
    with_them = visible.live().with_partners(partners).order_by("-signed_on", "-id").values_list("pk", flat=True)[:LATEST]
    return Found(found.matches + [(pk, Match(RELATED, "", ())) for pk in with_them if pk not in named], found.capped)


def show_agreements(query: Query, matches: Sequence[tuple[int, Match]], user: User) -> list[Hit]:
    parties = AgreementParty.objects.filter(partner__isnull=False).select_related("partner").order_by("rank", "id")
    agreements: Any = Agreement.objects.visible_to(user).select_related("kind")
    rows = agreements.prefetch_related(Prefetch("parties", parties, to_attr="theirs")).in_bulk([pk for pk, _match in matches])
    return [_agreement_hit(rows[pk], match, query) for pk, match in matches if pk in rows]


def _agreement_hit(agreement: Any, match: Match, query: Query) -> Hit:
    words = match.marked or query.words
    partners = ", ".join(party.partner.name for party in agreement.theirs[:2])
    label, address = marked(agreement.title, words), agreement.get_absolute_url()
    day = date_format(agreement.signed_on, "SHORT_DATE_FORMAT") if agreement.signed_on else agreement.get_state_display()
    if match.rank == RELATED:
        return Hit(label, day, address, _("signed with"), marked(partners, words), is_demo=agreement.is_demo)
    why = marked(agreement.number, words)
    why = why if "<mark>" in why and "<mark>" not in label else SafeString("")
    reason = _("similar spelling") if match.rank == SIMILAR else _("by its number") if why else ""
    hint = " · ".join(part for part in (agreement.kind.label, day, partners) if part)
    return Hit(label, hint, address, reason, why, agreement.is_archived, agreement.is_demo)


# --- Commitments -----------------------------------------------------------------------------------------


def find_commitments(query: Query, user: User) -> Found:
    """Commitments by what was promised and what shows that it was kept; after them those of the partners called so."""
    visible = Commitment.objects.visible_to(user)
    near = None if user.scope.central else Q(unit__in=user.scope.unit_ids)
    found = find(query, visible, near=near, latest="promised_on")
    partners = [pk for pk, match in find_partners(query, user).matches if match.rank < SIMILAR][:PARTNERS_ASKED]
    named = {pk for pk, _match in found.matches}
    if not partners:
        return found
    of_them = visible.unsettled().filter(partner__in=partners).order_by("due_on", "id").values_list("pk", flat=True)[:LATEST]
    return Found(found.matches + [(pk, Match(RELATED, "", ())) for pk in of_them if pk not in named], found.capped)


def show_commitments(query: Query, matches: Sequence[tuple[int, Match]], user: User) -> list[Hit]:
    rows = Commitment.objects.visible_to(user).select_related("partner").in_bulk([pk for pk, _match in matches])
    return [_commitment_hit(rows[pk], match, query) for pk, match in matches if pk in rows]


def _commitment_hit(commitment: Commitment, match: Match, query: Query) -> Hit:
    words = match.marked or query.words
    label, address, standing = marked(commitment.text, words), commitment.get_absolute_url(), commitment.standing_today.label
    if match.rank == RELATED:
        why = marked(commitment.partner.name, words)
        return Hit(label, str(standing), address, _("promised to or by"), why, is_demo=commitment.is_demo)
    why = marked(commitment.proof[:EXCERPT], words)
    why = why if "<mark>" in why and "<mark>" not in label else SafeString("")
    reason = _("similar spelling") if match.rank == SIMILAR else _("in its proof") if why else ""
    hint = " · ".join((str(commitment.get_owed_by_display()), str(standing), commitment.partner.name))
    return Hit(label, hint, address, reason, why, commitment.is_archived, commitment.is_demo)


register(
    SearchedNoun("exchanges", _("Exchanges"), Permission.EXCHANGE_VIEW, "activities:exchange-list", find_exchanges, show_exchanges),
    place=30,
)
register(
    SearchedNoun("agreements", _("Agreements"), Permission.AGREEMENT_VIEW, "activities:agreement-list", find_agreements, show_agreements),
    place=40,
)
register(
    SearchedNoun(
        "commitments", _("Commitments"), Permission.COMMITMENT_VIEW, "activities:commitment-list", find_commitments, show_commitments
    ),
    place=50,
)
