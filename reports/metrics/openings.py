"""What may help to close gaps with countries: looked up for all of them together, each in a query or two.

Everything here is by country id. What a reader may not see is not looked at: agreements, people, and who was present.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from activities.calendar.occurrences import Occurrence, occurrences
from activities.choices import ExchangeStatus, OccasionKind, Side
from activities.models import Agreement, AgreementParty, Attendance, Event, Exchange, Occasion, Participation
from crm.models import Unit, User
from partners.choices import PartnerStatus, StewardRole
from partners.models import Partner, Post, Stewardship
from reports.metrics.days import DEPTH_DAYS, day_number, day_of
from reports.metrics.reciprocity import OwedReturn, returns_owed

OCCASION_DAYS = 60
EVENT_DAYS = 180
ENDING_DAYS = 180


@dataclass(frozen=True)
class Acquaintance:
    """A colleague who met somebody of the country, so far as the reader may know: how often, and on which day last."""

    user: User
    times: int
    last_on: date


@dataclass(frozen=True)
class UnitMeetings:
    """A unit of ours that met partners of the country in the last 1095 days: how often, and on which day last."""

    unit: Unit
    times: int
    last_on: date


@dataclass(frozen=True)
class Openings:
    """Each by country id; a country of which there is nothing is left out."""

    partners: dict[int, Partner]
    owed: dict[int, tuple[OwedReturn, Partner]]
    ending: dict[int, tuple[Agreement, Partner]]
    events: dict[int, Event]
    occasions: dict[int, Occurrence]
    associations: dict[int, Unit]
    stewards: dict[int, Unit]
    meetings: dict[int, UnitMeetings]
    colleagues: dict[int, Acquaintance]
    contacts: dict[int, Post]


def openings(country_ids: Collection[int], as_of: date, reader: User) -> Openings:
    """Look everything up for the countries. A dozen queries, whatever there is."""
    return Openings(
        partners=partners_to_approach(country_ids),
        owed=_returns_we_owe(country_ids, as_of),
        ending=_agreements_ending(country_ids, as_of, reader),
        events=_events_ahead(country_ids, as_of),
        occasions=_occasions_ahead(country_ids, as_of),
        associations=_associations(country_ids, as_of),
        stewards=_stewards(country_ids, as_of),
        meetings=_meetings(country_ids, as_of),
        colleagues=_colleagues(country_ids, as_of, reader),
        contacts=_contacts(country_ids, as_of, reader),
    )


def partners_to_approach(country_ids: Collection[int]) -> dict[int, Partner]:
    """The partner of each country that was met last; of those never met the first by name."""
    live = Partner.objects.live().exclude(status=PartnerStatus.CLOSED).filter(country__in=country_ids)
    order: Any = [F("last_contact_on").desc(nulls_last=True), F("sort_key"), F("pk")]
    ranked = live.annotate(place=Window(RowNumber(), partition_by="country", order_by=order))
    return {partner.country_id or 0: partner for partner in ranked.filter(place=1)}


def _returns_we_owe(country_ids: Collection[int], as_of: date) -> dict[int, tuple[OwedReturn, Partner]]:
    """The visit at the highest level, then the oldest, that partners of the country paid and we did not return."""
    live: Any = Partner.objects.live().filter(country__in=country_ids)
    ours = [row for row in returns_owed(as_of, live.values("pk")) if row.owed_by == Side.OURS]
    partners = live.in_bulk([row.partner_id for row in ours])
    found: dict[int, tuple[OwedReturn, Partner]] = {}
    for row in sorted(ours, key=lambda row: (-row.level, row.day, row.partner_id)):
        partner = partners[row.partner_id]
        found.setdefault(partner.country_id, (row, partner))
    return found


def _agreements_ending(country_ids: Collection[int], as_of: date, reader: User) -> dict[int, tuple[Agreement, Partner]]:
    """The agreement in force that ends first within 180 days with no step to a renewal, of those the reader may see."""
    ends = as_of + timedelta(days=ENDING_DAYS)
    renewed = Agreement.objects.live().filter(renews=OuterRef("pk"))
    seen = Agreement.objects.visible_to(reader).in_force(as_of).filter(~Exists(renewed), renews_itself=False, valid_to__lte=ends)
    parties = AgreementParty.objects.filter(agreement__in=seen, partner__country__in=country_ids, partner__archived_at=None)
    found: dict[int, tuple[Agreement, Partner]] = {}
    for party in parties.select_related("agreement", "partner").order_by("agreement__valid_to", "agreement", "rank", "pk"):
        partner: Any = party.partner
        found.setdefault(partner.country_id, (party.agreement, partner))
    return found


def _events_ahead(country_ids: Collection[int], as_of: date) -> dict[int, Event]:
    """The next event known by the day that is held in the country, or of a forum in which its partners have taken part."""
    known_by = timezone.make_aware(datetime.combine(as_of + timedelta(days=1), time.min))
    ahead = Event.objects.live().filter(starts_on__gt=as_of, starts_on__lte=as_of + timedelta(days=EVENT_DAYS), created_at__lt=known_by)
    events = list(ahead.order_by("starts_on", "pk"))
    found: dict[int, Event] = {}
    for event in events:
        if event.country_id is not None and event.country_id in country_ids:
            found.setdefault(event.country_id, event)
    attending = _countries_by_forum({event.forum_id for event in events if event.forum_id}, country_ids, as_of)
    for event in events:
        for country_id in sorted(attending[event.forum_id or 0]):
            found.setdefault(country_id, event)
    return found


def _countries_by_forum(forum_ids: Iterable[int], country_ids: Collection[int], as_of: date) -> dict[int, set[int]]:
    """Forum → countries whose partners were met at one of its sessions, by counted exchanges."""
    found: dict[int, set[int]] = defaultdict(set)
    met = Participation.objects.filter(counted=True, day_no__lte=day_number(as_of), exchange__event__forum__in=set(forum_ids))
    rows = met.filter(partner__country__in=country_ids).order_by().values_list("exchange__event__forum", "partner__country").distinct()
    for forum_id, country_id in rows:
        found[forum_id].add(country_id)
    return found


def _occasions_ahead(country_ids: Collection[int], as_of: date) -> dict[int, Occurrence]:
    """The next national day, or day relations were set up, within two months."""
    kinds = [OccasionKind.NATIONAL_DAY, OccasionKind.RELATIONS, OccasionKind.FESTIVAL]
    kept = Occasion.objects.filter(country__in=country_ids, kind__in=kinds).select_related("country")
    found: dict[int, Occurrence] = {}
    for occurrence in occurrences(as_of + timedelta(days=1), as_of + timedelta(days=OCCASION_DAYS), kept):
        found.setdefault(occurrence.occasion.country_id or 0, occurrence)
    return found


def _associations(country_ids: Collection[int], as_of: date) -> dict[int, Unit]:
    """The unit of ours that is for the country: the highest in the tree, which is the central association."""
    units = Unit.objects.on(as_of).filter(country__in=country_ids)
    found: dict[int, Unit] = {}
    for unit in sorted(units, key=lambda unit: (unit.path.count("/"), unit.path)):
        found.setdefault(unit.country_id or 0, unit)
    return found


def _stewards(country_ids: Collection[int], as_of: date) -> dict[int, Unit]:
    """The unit that leads the most partners of the country."""
    kept = Stewardship.objects.live().on(as_of).filter(role=StewardRole.LEAD, partner__country__in=country_ids, partner__archived_at=None)
    counted = list(kept.order_by().values_list("partner__country", "unit").annotate(Count("pk")))
    units = Unit.objects.in_bulk({unit_id for _country, unit_id, _count in counted})
    found: dict[int, Unit] = {}
    for country_id, unit_id, _count in sorted(counted, key=lambda row: (-row[2], units[row[1]].path)):
        found.setdefault(country_id, units[unit_id])
    return found


def _meetings(country_ids: Collection[int], as_of: date) -> dict[int, UnitMeetings]:
    """The unit that met the country most often in 1095 days; among equals the one that did so last."""
    today = day_number(as_of)
    met = Participation.objects.filter(
        counted=True, two_way=True, day_no__gt=today - DEPTH_DAYS, day_no__lte=today, partner__country__in=country_ids
    )
    figures = {"times": Count("exchange", distinct=True), "last": Max("day_no")}
    counted = list(met.order_by().values_list("partner__country", "host_unit").annotate(**figures))
    units = Unit.objects.in_bulk({row[1] for row in counted})
    found: dict[int, UnitMeetings] = {}
    for country_id, unit_id, times, last in sorted(counted, key=lambda row: (-row[2], -row[3], units[row[1]].path)):
        found.setdefault(country_id, UnitMeetings(units[unit_id], times, day_of(last)))
    return found


def _colleagues(country_ids: Collection[int], as_of: date, reader: User) -> dict[int, Acquaintance]:
    """The colleague who met them last, of the exchanges that the reader may open."""
    seen = Exchange.objects.visible_to(reader).live().filter(status=ExchangeStatus.HELD, starts_on__lte=as_of)
    present = Attendance.objects.filter(
        side=Side.OURS, user__is_active=True, exchange__in=seen, exchange__participations__partner__country__in=country_ids
    )
    figures = {"times": Count("exchange", distinct=True), "last": Max("exchange__starts_on")}
    counted = list(present.order_by().values_list("exchange__participations__partner__country", "user").annotate(**figures))
    users = User.objects.in_bulk({row[1] for row in counted})
    found: dict[int, Acquaintance] = {}
    for country_id, user_id, times, last in sorted(counted, key=lambda row: (-row[3].toordinal(), -row[2], row[1])):
        found.setdefault(country_id, Acquaintance(users[user_id], times, last))
    return found


def _contacts(country_ids: Collection[int], as_of: date, reader: User) -> dict[int, Post]:
    """The person in office, first in protocol order, at the country's partners, of those the reader may see."""
    held = Post.objects.visible_to(reader).live().on(as_of).filter(partner__country__in=country_ids, partner__archived_at=None)
    order: Any = [F("rank"), F("partner__last_contact_on").desc(nulls_last=True), F("pk")]
    ranked = held.filter(Q(person__archived_at=None)).annotate(
        place=Window(RowNumber(), partition_by="partner__country", order_by=order), home=F("partner__country")
    )
    return {post.home: post for post in ranked.filter(place=1).select_related("person", "partner")}
