"""One country on one page, as of a day: its tiers, how it is covered, whom we know there, and what is agreed and promised."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from activities.calendar.occurrences import occasions_for, occurrences
from activities.choices import ExchangeStatus, Side
from activities.models import Agreement, AgreementParty, Exchange, Participation
from crm.generic import SignedInRequest
from crm.models import Country, TierMembership, Unit, User
from crm.permissions import Permission, requires
from partners.models import Partner, PartnerKind, Person, Post, Stewardship
from reports.choices import Band
from reports.forms.moments import Moment, chosen_moment
from reports.metrics.commitments import kept
from reports.metrics.coverage import country_coverage
from reports.metrics.engagement import Engagement
from reports.metrics.risks import PartnerRisk
from reports.metrics.stored import engagement_on, risks_on
from reports.models import PolicyVersion
from reports.views.coverage import Line, links, list_of

DAYS_AHEAD = 365
PARTNERS_OF_A_KIND = 5
EXCHANGES_SHOWN = 8
PEOPLE_SHOWN = 12


@dataclass(frozen=True)
class ShownPartner:
    """A partner with its index on the day, None without data, and its alarm, if any."""

    partner: Partner
    index: Decimal | None
    band: Band | None
    risk: PartnerRisk | None


@dataclass(frozen=True)
class KindOfPartners:
    """The partners of one kind: how many, the strongest of them, and where all are listed."""

    kind: PartnerKind
    count: int
    partners: list[ShownPartner]
    url: str


@require_safe
@requires(Permission.COVERAGE_VIEW)
def country_detail(request: SignedInRequest, alpha2: str) -> HttpResponse:
    country = get_object_or_404(Country, alpha2=alpha2.upper())
    try:
        moment = chosen_moment(request.GET)
    except ValidationError as error:
        written = {name: request.GET.get(name, "") for name in ("as_of", "known_on")}
        return render(request, "reports/country_detail.html", {"country": country, "mistakes": error.messages, **written}, status=422)
    with moment.reading():
        return render(request, "reports/country_detail.html", _context(country, moment, request.user))


def _context(country: Country, moment: Moment, user: User) -> dict[str, Any]:
    as_of, policy = moment.as_of, moment.policy
    memberships = list(TierMembership.objects.on(as_of).filter(country=country).select_related("tier").order_by("tier__rank", "tier_id"))
    partner_ids = list(Partner.objects.visible_to(user).live().filter(country=country).values_list("pk", flat=True))
    return {
        "country": country,
        "moment": moment,
        "as_of": as_of,
        "policy": policy,
        "memberships": memberships,
        "lines": [Line(row, memberships, links(row, as_of)) for row in country_coverage(policy, as_of, [country.pk])],
        "kinds": _kinds(country, partner_ids, as_of, policy),
        "promises": _promises(country, as_of),
        "exchanges": _exchanges(country, as_of, user),
        "agreements": _agreements(partner_ids, as_of, user) if user.may(Permission.AGREEMENT_VIEW) else [],
        "posts": _posts(partner_ids, as_of, user) if user.may(Permission.PERSON_VIEW) else [],
        "stewards": _stewards(partner_ids, as_of),
        "units": list(Unit.objects.filter(country=country).on(as_of).order_by("path")),
        "occasions": occurrences(as_of, as_of + timedelta(days=DAYS_AHEAD), occasions_for([country.pk]).filter(country=country)),
        "lists": {name: list_of(reverse(url), country, **more) for name, (url, more) in _lists(as_of).items()},
    }


def _lists(as_of: date) -> dict[str, tuple[str, dict[str, Any]]]:
    """Where the parts of the page open all their rows."""
    return {
        "partners": ("partners:partner-list", {}),
        "people": ("partners:person-list", {}),
        "exchanges": ("activities:exchange-list", {"until": as_of}),
        "agreements": ("activities:agreement-list", {"in_force_on": as_of}),
        "commitments": ("activities:commitment-list", {}),
    }


def _kinds(country: Country, partner_ids: list[int], as_of: date, policy: PolicyVersion) -> list[KindOfPartners]:
    """The partners by kind, each kind with its strongest. Five queries, whatever the number of partners."""
    counts = dict(Partner.objects.filter(pk__in=partner_ids).order_by().values_list("kind").annotate(Count("pk")))
    figures = engagement_on(as_of, partner_ids)
    strongest = _strongest(partner_ids, figures)
    partners = Partner.objects.in_bulk([pk for ids in strongest.values() for pk in ids])
    alarms = risks_on(as_of, list(partners))
    shown: dict[int, list[ShownPartner]] = {}
    for kind_id, ids in strongest.items():
        shown[kind_id] = [_shown(partners[pk], figures.get(pk), alarms.get(pk), policy) for pk in ids]
    address = reverse("partners:partner-list")
    return [
        KindOfPartners(kind, counts[kind.pk], shown.get(kind.pk, []), list_of(address, country, kind=kind.code))
        for kind in PartnerKind.objects.filter(pk__in=counts).order_by("order", "id")
    ]


def _strongest(partner_ids: Iterable[int], figures: dict[int, Engagement]) -> dict[int, list[int]]:
    ordered = sorted(figures.values(), key=lambda row: (-row.strength, row.partner_id))
    kinds = dict(Partner.objects.filter(pk__in=list(partner_ids)).values_list("pk", "kind"))
    found: dict[int, list[int]] = {}
    for pk in [*(row.partner_id for row in ordered), *(pk for pk in kinds if pk not in figures)]:
        of_kind = found.setdefault(kinds[pk], [])
        if len(of_kind) < PARTNERS_OF_A_KIND:
            of_kind.append(pk)
    return found


def _shown(partner: Partner, figures: Engagement | None, risk: PartnerRisk | None, policy: PolicyVersion) -> ShownPartner:
    if figures is None:
        return ShownPartner(partner, None, None, risk)
    return ShownPartner(partner, figures.index(policy), figures.band(policy), risk)


def _promises(country: Country, as_of: date) -> list[dict[str, Any]]:
    promises, address = kept(as_of, country=country), reverse("activities:commitment-list")
    due = {"due_since": as_of - timedelta(days=364), "due_until": as_of}
    return [
        {"side": side, "kept": figures, "url": list_of(address, country, owed_by=side.value, **due)}
        for side, figures in ((Side.OURS, promises.ours), (Side.THEIRS, promises.theirs))
    ]


def _exchanges(country: Country, as_of: date, reader: User) -> list[Exchange]:
    """The last held exchanges, found by going through the days from the last one back."""
    with_country = Participation.objects.filter(exchange=OuterRef("pk"), partner__country=country)
    rows = Exchange.objects.visible_to(reader).live().filter(Exists(with_country), status=ExchangeStatus.HELD, starts_on__lte=as_of)
    return list(rows.select_related("kind", "host_unit").order_by("-starts_on", "-id")[:EXCHANGES_SHOWN])


def _agreements(partner_ids: list[int], as_of: date, reader: User) -> list[Agreement]:
    signed = AgreementParty.objects.filter(partner__in=partner_ids).values("agreement")
    rows = Agreement.objects.visible_to(reader).filter(pk__in=Agreement.objects.in_force(as_of).filter(pk__in=signed).values("pk"))
    return list(rows.select_related("kind", "unit").order_by(F("valid_to").asc(nulls_last=True), "id")[:EXCHANGES_SHOWN])


def _posts(partner_ids: list[int], as_of: date, reader: User) -> list[Post]:
    people = Person.objects.visible_to(reader).live()
    held = Post.objects.live().on(as_of).filter(partner__in=partner_ids, person__in=people.values("pk"))
    return list(held.select_related("person", "partner").order_by("rank", "id")[:PEOPLE_SHOWN])


def _stewards(partner_ids: list[int], as_of: date) -> list[tuple[Unit, int]]:
    """Which units keep partners of the country, and how many, the most first."""
    rows = (
        Stewardship.objects.live()
        .on(as_of)
        .filter(partner__in=partner_ids)
        .order_by()
        .values_list("unit")
        .annotate(n=Count("partner", distinct=True))
    )
    counts = dict(rows)
    units = Unit.objects.in_bulk(counts)
    return [(units[pk], n) for pk, n in sorted(counts.items(), key=lambda pair: (-pair[1], units[pair[0]].path))]
