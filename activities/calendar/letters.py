"""Who is written to on an occasion, and whether that was done."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from activities.calendar.endings import kept_by
from activities.calendar.occurrences import Occurrence
from activities.choices import Direction, ExchangeFamily, ExchangeStatus
from activities.models import Exchange, Participation
from crm.models import User
from crm.models.records import reads_english
from partners.choices import PartnerStatus
from partners.models import Partner, Person, Post, Stewardship
from partners.models.partners import EPOCH

# A letter counts as written for an occasion when it is dated in these days round it.
DAYS_BEFORE = 30
DAYS_AFTER = 15


@dataclass(frozen=True)
class Addressee:
    """A partner to be written to: to whom, with the title of that day, and the letter where there is one."""

    partner: Partner
    head: Post | None
    letter: Exchange | None

    @property
    def salutation(self) -> str:
        """How the letter begins, in the reader's language where it is known."""
        if self.head is None:
            return ""
        person = self.head.person
        return (person.salutation_en if reads_english() else person.how_to_address) or person.how_to_address or person.salutation_en

    @property
    def languages(self) -> str:
        return self.head.person.languages if self.head else ""


def window_of(occurrence: Occurrence) -> tuple[date, date]:
    """The first and the last day of a letter that counts for the occasion."""
    return occurrence.on - timedelta(days=DAYS_BEFORE), occurrence.on + timedelta(days=DAYS_AFTER)


def partners_to_write_to(occurrence: Occurrence, user: User, *, only_own: bool) -> QuerySet[Partner]:
    """Partners of the occasion's country that still exist; for an occasion of no country those that own units keep."""
    partners: QuerySet[Partner] = Partner.objects.visible_to(user).live().exclude(status=PartnerStatus.CLOSED)
    if occurrence.occasion.country_id is not None:
        partners = partners.filter(country=occurrence.occasion.country_id)
    if only_own or occurrence.occasion.country_id is None:
        partners = partners.filter(pk__in=kept_by(unit_ids=user.scope.unit_ids))
    return partners


def still_to_write_to(occurrence: Occurrence, user: User, *, only_own: bool) -> QuerySet[Partner]:
    """Those of ``partners_to_write_to`` whom nobody has written to yet."""
    partners: QuerySet[Partner] = _marked(occurrence, user, only_own=only_own).filter(is_written=False)
    return partners


def letters_to(partner: Any, occurrence: Occurrence, user: User) -> QuerySet[Participation]:
    """Participations of letters and messages of ours to the partner in the days that count, the nearest day last."""
    first, last = window_of(occurrence)
    readable = Exchange.objects.visible_to(user).live().filter(kind__family=ExchangeFamily.MESSAGE)
    sent = readable.exclude(status=ExchangeStatus.CANCELLED).exclude(direction=Direction.IN)
    return Participation.objects.filter(
        partner=partner, day_no__gte=(first - EPOCH).days, day_no__lte=(last - EPOCH).days, exchange__in=sent.values("pk")
    ).order_by("-day_no", "-exchange")


def addressees(occurrence: Occurrence, user: User, *, only_own: bool, written: bool, limit: int) -> list[Addressee]:
    """Those written to, or those still to be written to, at most ``limit``, by name. Six queries, whatever their number."""
    rows = _marked(occurrence, user, only_own=only_own).filter(is_written=written)
    rows = rows.annotate(letter_id=Subquery(letters_to(OuterRef("pk"), occurrence, user).values("exchange")[:1]))
    posts = Post.objects.live().on(occurrence.on).filter(person__in=Person.objects.visible_to(user).live().values("pk"))
    heads = Prefetch("posts", posts.select_related("person").order_by("rank", "id"), to_attr="heads")
    stewards = Prefetch("stewardships", Stewardship.objects.current().select_related("unit", "officer"), to_attr="stewards")
    found: list[Any] = list(rows.select_related("kind").prefetch_related(heads, stewards).order_by("sort_key", "id")[:limit])
    letters = Exchange.objects.select_related("kind").in_bulk([partner.letter_id for partner in found if partner.letter_id])
    return [Addressee(partner, partner.heads[0] if partner.heads else None, letters.get(partner.letter_id)) for partner in found]


def counts(occurrence: Occurrence, user: User, *, only_own: bool) -> tuple[int, int]:
    """How many partners have been written to, and how many not."""
    marks = list(_marked(occurrence, user, only_own=only_own).order_by().values_list("is_written", flat=True))
    return sum(marks), len(marks) - sum(marks)


def _marked(occurrence: Occurrence, user: User, *, only_own: bool) -> Any:
    written = Exists(letters_to(OuterRef("pk"), occurrence, user))
    return partners_to_write_to(occurrence, user, only_own=only_own).annotate(is_written=written)
