"""What stands on a partner's timeline, from several tables, a page at a time.

Each source is a query with a ``day``. A page takes the newest of each, merges them, and keeps as many as it shows, so its
cost does not grow with the years. Its place is (day, rank of the source, key), which no two items share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import Case, DateField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from activities.choices import AgreementState, ExchangeStatus, FollowUpState
from activities.columns.commitments import with_what_is_seen
from activities.models import Agreement, Commitment, Exchange, FollowUp
from activities.views.follow_ups import with_context
from crm.models import Unit, User
from crm.paging import InvalidCursorError
from partners.models import Partner, Post, Registration


@dataclass(frozen=True)
class Place:
    """Where a page ends: the next one begins after it, going back in time."""

    day: date
    rank: int
    key: int

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.rank}.{self.key}"

    @classmethod
    def read(cls, cursor: str) -> "Place":
        """Raises InvalidCursorError for anything that ``__str__`` has not written."""
        try:
            day, rank, key = cursor.split(".")
            place = cls(date.fromisoformat(day), int(rank), int(key))
        except ValueError as error:
            raise InvalidCursorError(cursor[:80]) from error
        if str(place) != cursor or not 0 <= place.key < 2**63:
            raise InvalidCursorError(cursor[:80])
        return place


@dataclass(frozen=True)
class Source:
    """One kind of item. ``sort``: what the filter calls it; ``template``: how it is shown; ``rank`` orders a day's items."""

    rank: int
    sort: str
    template: str
    rows: QuerySet[Any]

    def past(self, until: date, after: Place | None, size: int) -> list["Item"]:
        rows = self.rows.filter(day__lte=until)
        if after is not None:
            same_day = Q(day=after.day, pk__lt=after.key) if self.rank == after.rank else Q(day=after.day)
            rows = rows.filter(Q(day__lt=after.day) | same_day if self.rank <= after.rank else Q(day__lt=after.day))
        return [Item(self, row) for row in rows.order_by("-day", "-pk")[:size]]

    def ahead(self, today: date, size: int) -> list["Item"]:
        return [Item(self, row) for row in self.rows.filter(day__gt=today).order_by("day", "pk")[:size]]


@dataclass(frozen=True)
class Item:
    """One row on the timeline."""

    source: Source
    row: Any

    @property
    def place(self) -> Place:
        return Place(self.row.day, self.source.rank, self.row.pk)

    @property
    def order(self) -> tuple[int, int, int]:
        return (-self.row.day.toordinal(), -self.source.rank, -self.row.pk)

    @property
    def template(self) -> str:
        return f"activities/timeline/{self.source.template}.html"


def page_of(sources: Sequence[Source], *, until: date, after: Place | None, size: int) -> tuple[list[Item], Place | None]:
    """The items of one page, newest first, and where the next one begins; None where there is none. One query per source."""
    found = merge(*(source.past(until, after, size + 1) for source in sources), key=lambda item: item.order)
    items = list(islice(found, size + 1))
    return items[:size], items[size - 1].place if len(items) > size else None


def ahead_of(sources: Sequence[Source], *, today: date, size: int) -> list[Item]:
    """What is planned, the farthest day first, as it stands above the line of today; of more than ``size`` the nearest."""
    found = sorted((item for source in sources for item in source.ahead(today, size)), key=lambda item: item.order, reverse=True)
    return found[:size][::-1]


def exchange_source(exchanges: QuerySet[Exchange], today: date) -> Source:
    """Exchanges. One planned for today still stands above the line."""
    planned_today = Q(status=ExchangeStatus.PLANNED, starts_on=today)
    day = Case(When(planned_today, then=Value(today + timedelta(days=1))), default=F("starts_on"), output_field=DateField())
    return Source(5, "exchange", "exchange", exchanges.annotate(day=day))


def follow_up_source(partner: Partner, exchanges: QuerySet[Exchange], user: User) -> Source:
    """Tasks: open ones on the day they are due, closed ones on the day they were closed."""
    closed_on = TruncDate("closed_at", tzinfo=timezone.get_default_timezone())
    day = Case(When(state=FollowUpState.OPEN, then=F("due_on")), default=closed_on, output_field=DateField())
    about = Q(partner=partner) | Q(exchange__in=exchanges.values("pk"))
    rows = with_context(FollowUp.objects.visible_to(user).live().filter(about), user)
    return Source(4, "follow_up", "follow_up", rows.annotate(day=day).filter(day__isnull=False))


def post_sources(partner: Partner, user: User) -> list[Source]:
    """People who took up a post and who left it, as far as the account may see them."""
    seen = Post.objects.live().visible_to(user).filter(partner=partner, person__archived_at=None).select_related("person")
    began = seen.exclude(valid_from=None).annotate(day=F("valid_from"))
    ended = seen.exclude(valid_to=None).annotate(day=F("valid_to"))
    return [Source(3, "post", "post_began", began), Source(2, "post", "post_ended", ended)]


def registration_sources(partner: Partner) -> list[Source]:
    """Certificates that began; and, where nothing renews them, that end."""
    rows = Registration.objects.live().filter(partner=partner)
    began = rows.exclude(valid_from=None).select_related("renews").annotate(day=F("valid_from"))
    ends = rows.filter(renewal=None).exclude(valid_to=None).annotate(day=F("valid_to"))
    return [Source(1, "registration", "registration_began", began), Source(0, "registration", "registration_ends", ends)]


def agreement_sources(partner: Partner, user: User, *, unit: Unit | None = None) -> list[Source]:
    """Agreements and renewals that were signed; and, where no signed one renews them, that end."""
    seen = Agreement.objects.visible_to(user).live().with_partners([partner.pk]).exclude(state=AgreementState.NEGOTIATED)
    seen = (seen.filter(unit=unit) if unit else seen).select_related("kind", "unit")
    signed = seen.annotate(day=F("signed_on"))
    ends = seen.without_signed_renewal().filter(renews_itself=False).exclude(valid_to=None).annotate(day=F("valid_to"))
    return [Source(11, "agreement", "agreement_signed", signed), Source(10, "agreement", "agreement_ends", ends)]


def commitment_sources(partner: Partner, user: User, *, unit: Unit | None = None) -> list[Source]:
    """What was promised, on that day; and the same on the day it is due, once settled on the day it was settled."""
    seen = Commitment.objects.visible_to(user).live().filter(partner=partner)
    rows = with_what_is_seen(seen.filter(unit=unit) if unit else seen, user).select_related("unit", "assignee")
    made = rows.annotate(day=F("promised_on"))
    kept = rows.annotate(day=Coalesce("settled_on", "due_on")).filter(day__isnull=False)
    return [Source(13, "commitment", "commitment_made", made), Source(12, "commitment", "commitment", kept)]
