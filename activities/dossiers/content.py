"""What stands in a dossier: only what both the receiver and the reader may see."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber

from activities.actions.hand_overs import COMMITMENT, CONTACT, FOLLOW_UP, PLANNED, STEWARDSHIP
from activities.calendar.endings import last_day, registrations_ending, terms_ending
from activities.calendar.occurrences import Occurrence, occasions_for, occurrences
from activities.choices import ExchangeStatus
from activities.models import Commitment, Exchange, FollowUp, Participation
from activities.models.commitments import UNSETTLED
from crm.models import ChangeSet, User
from partners.models import Partner, Person, Post, Stewardship

LAST_EXCHANGES = 5
DAYS_AHEAD = 180


@dataclass
class PartnerPages:
    """One partner: who is there, what was done last, what was promised, what is ahead."""

    partner: Partner
    posts: list[Post] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    commitments: list[Commitment] = field(default_factory=list)
    ahead: list[tuple[date, Any]] = field(default_factory=list)

    @property
    def rows(self) -> list[Any]:
        """Every record that the pages quote."""
        return [*self.exchanges, *self.follow_ups, *self.commitments, *(post.person for post in self.posts)]


@dataclass
class Dossier:
    """All that one receiver takes over from one person."""

    person: User
    receiver: User
    made_on: date
    handed_over_on: date
    partners: list[PartnerPages]
    follow_ups: list[FollowUp]
    commitments: list[Commitment]
    planned: list[Exchange]
    contacts: list[Person]

    @property
    def restricted_rows(self) -> list[Any]:
        """Every record shown, for the trace of who read restricted ones."""
        pages = [row for page in self.partners for row in page.rows]
        return [*pages, *self.follow_ups, *self.commitments, *self.planned, *self.contacts]


def receivers_of(change_set: ChangeSet) -> list[User]:
    """Who received something, in the order of their accounts."""
    return list(User.objects.filter(pk__in=set(change_set.plan.get("items", {}).values())).order_by("pk"))


def dossier_of(change_set: ChangeSet, receiver: User, *, reader: User, today: date) -> Dossier:
    """Read the dossier anew: it always shows how things stand today. About fifteen queries, whatever the number of partners."""
    items = [item.partition(":") for item, pk in change_set.plan.get("items", {}).items() if pk == receiver.pk]
    chosen = {noun: [identifier for each, _colon, identifier in items if each == noun] for noun, _colon, _identifier in items}
    reading = _Reading(receiver, reader, today)
    kept = Stewardship.objects.filter(public_id__in=chosen.get(STEWARDSHIP, [])).values("partner")
    partners = list(Partner.objects.visible_to(reader).filter(pk__in=kept).select_related("country", "kind").order_by("sort_key", "id"))
    handed = reading.follow_ups().filter(public_id__in=chosen.get(FOLLOW_UP, [])).exclude(partner__in=partners)
    promised = reading.commitments().filter(public_id__in=chosen.get(COMMITMENT, [])).exclude(partner__in=partners)
    held = Prefetch("posts", reading.posts(), to_attr="held")
    contacts = reading.people().filter(public_id__in=chosen.get(CONTACT, []))
    return Dossier(
        person=User.objects.get(pk=change_set.plan["person"]),
        receiver=receiver,
        made_on=today,
        handed_over_on=change_set.created_at.date(),
        partners=reading.pages_of(partners),
        follow_ups=list(handed.select_related("partner")),
        commitments=list(promised),
        planned=list(reading.exchanges().filter(public_id__in=chosen.get(PLANNED, [])).order_by("starts_on", "id")),
        contacts=list(contacts.prefetch_related(held).order_by("sort_key", "id")),
    )


class _Reading:
    """The rows that receiver and reader may both see."""

    def __init__(self, receiver: User, reader: User, today: date) -> None:
        self.receiver, self.reader, self.today = receiver, reader, today

    def _both(self, manager: Any) -> Any:
        return manager.visible_to(self.receiver).live().filter(pk__in=manager.visible_to(self.reader).values("pk"))

    def exchanges(self) -> QuerySet[Exchange]:
        rows: QuerySet[Exchange] = self._both(Exchange.objects).select_related("kind")
        return rows.prefetch_related(Prefetch("participations", Participation.objects.select_related("partner")))

    def follow_ups(self) -> QuerySet[FollowUp]:
        rows: QuerySet[FollowUp] = self._both(FollowUp.objects).filter(state="open").select_related("assignee")
        return rows

    def commitments(self) -> QuerySet[Commitment]:
        rows: QuerySet[Commitment] = self._both(Commitment.objects).filter(state__in=UNSETTLED).select_related("assignee", "partner")
        return rows

    def people(self) -> QuerySet[Person]:
        rows: QuerySet[Person] = self._both(Person.objects)
        return rows

    def posts(self) -> QuerySet[Post]:
        held = Post.objects.live().on(self.today).filter(person__in=self.people().values("pk"))
        rows: QuerySet[Post] = held.select_related("person", "partner").order_by("rank", "id")
        return rows

    def pages_of(self, partners: list[Partner]) -> list[PartnerPages]:
        pages = {partner.pk: PartnerPages(partner) for partner in partners}
        for post in self.posts().filter(partner__in=pages):
            pages[post.partner_id].posts.append(post)
        for partner_id, exchange in self._last_exchanges(pages):
            pages[partner_id].exchanges.append(exchange)
        for follow_up in self.follow_ups().filter(partner__in=pages):
            pages[follow_up.partner_id].follow_ups.append(follow_up)  # type: ignore[index]  # chosen by it
        for commitment in self.commitments().filter(partner__in=pages):
            pages[commitment.partner_id].commitments.append(commitment)
        self._look_ahead(pages)
        return list(pages.values())

    def _last_exchanges(self, partner_ids: Any) -> list[tuple[int, Exchange]]:
        """(partner, exchange) of the last few exchanges held with each, the newest first."""
        seen = self.exchanges().filter(status=ExchangeStatus.HELD).order_by().values("pk")
        place = Window(RowNumber(), partition_by=F("partner"), order_by=[F("day_no").desc(), F("exchange").desc()])
        rows = Participation.objects.filter(partner__in=list(partner_ids), exchange__in=seen).annotate(place=place)
        pairs = list(rows.filter(place__lte=LAST_EXCHANGES).order_by("partner", "place").values_list("partner", "exchange"))
        exchanges = self.exchanges().in_bulk([exchange_id for _partner, exchange_id in pairs])
        return [(partner_id, exchanges[exchange_id]) for partner_id, exchange_id in pairs]

    def _look_ahead(self, pages: dict[int, PartnerPages]) -> None:
        until = self.today + timedelta(days=DAYS_AHEAD)
        countries = {page.partner.country_id for page in pages.values() if page.partner.country_id}
        found = occurrences(self.today, until, occasions_for(countries).filter(country__isnull=False)) if countries else []
        people = self.people().values("pk")
        for page in pages.values():
            page.ahead += [(row.on, row) for row in found if row.occasion.country_id == page.partner.country_id]
        for post in terms_ending(self.today, until).filter(partner__in=pages, person__in=people):
            pages[post.partner_id].ahead.append((last_day(post), post))
        for registration in registrations_ending(self.today, until).filter(partner__in=pages):
            pages[registration.partner_id].ahead.append((last_day(registration), registration))
        for page in pages.values():
            page.ahead.sort(key=lambda pair: pair[0])


def words_for(ahead: Any) -> str:
    """What is ahead, said in one line."""
    if isinstance(ahead, Occurrence):
        return ahead.title
    return str(ahead)
