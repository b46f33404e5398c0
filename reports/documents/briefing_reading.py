"""The rows of briefings, as one reader may see them on a day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from activities.calendar.occurrences import occasions_for, occurrences
from activities.choices import ExchangeStatus
from activities.models import Agreement, AgreementParty, Attendance, Commitment, Delegation, Exchange, Participation
from crm.models import TierMembership, User
from crm.permissions import Permission
from partners.choices import NoteKind
from partners.models import Partner, Person, PersonNote, Post, Registration, Stewardship
from reports.choices import Alarm
from reports.documents import briefing_lines as say
from reports.documents.briefing import Line
from reports.metrics.commitments import Kept, Promises
from reports.metrics.days import day_number

DAYS_AHEAD = 60
SENSITIVE = (NoteKind.SENSITIVITY, NoteKind.PROTOCOL, NoteKind.INTEREST)
GIFTS = (NoteKind.GIFT_GIVEN, NoteKind.GIFT_TAKEN)
NEWEST_PARTS = (300, 30_000, None)
CANDIDATES = 60  # More rows than two pages hold; how many lie behind them is not counted beyond.


@dataclass(frozen=True)
class Reading:
    """What is in use and open to the reader. ``partner_ids``: the partners that a paper is about."""

    reader: User
    today: date
    partner_ids: Collection[int]

    def exchanges(self, ids: Any = None) -> list[Line]:
        """The last held exchanges, the newest first; of the partners, or those given."""
        held = self._open_exchanges().filter(status=ExchangeStatus.HELD, starts_on__lte=self.today).order_by("-starts_on", "-id")
        return self._with_partners(self._latest(held) if ids is None else held.filter(pk__in=ids)[:CANDIDATES])

    def _latest(self, held: QuerySet[Exchange]) -> list[Exchange]:
        """Those of the partners: looked for among their newest parts, in growing numbers until enough of them are open to the reader."""
        parts = self._parts().filter(day_no__lte=day_number(self.today)).order_by("-day_no", "-exchange")
        found: list[Exchange] = []
        for number in NEWEST_PARTS:
            found = list(held.filter(pk__in=parts.values("exchange")[:number])[:CANDIDATES])
            if len(found) == CANDIDATES or number is None or not parts[number : number + 1].exists():
                break
        return found

    def _open_exchanges(self) -> QuerySet[Exchange]:
        return Exchange.objects.visible_to(self.reader).live().select_related("kind")

    def _parts(self) -> QuerySet[Participation]:
        return Participation.objects.filter(partner__in=self.partner_ids)

    def _with_partners(self, rows: Iterable[Exchange]) -> list[Line]:
        found = list(rows)
        if len(self.partner_ids) == 1:
            return [say.exchange(row) for row in found]
        names: dict[int, list[str]] = {}
        for row in Participation.objects.filter(exchange__in=found).select_related("partner").order_by("rank", "id"):
            names.setdefault(row.exchange_id, []).append(row.partner.name)
        return [say.exchange(row, with_partners=names.get(row.pk, [])[:2]) for row in found]

    def commitments(self, rows: QuerySet[Commitment] | None = None) -> list[Line]:
        """Open promises both ways, the most overdue first."""
        if not self.reader.may(Permission.COMMITMENT_VIEW):
            return []
        chosen = Commitment.objects.filter(partner__in=self.partner_ids) if rows is None else rows
        unsettled = chosen.filter(pk__in=Commitment.objects.visible_to(self.reader).unsettled().values("pk"))
        ordered = unsettled.select_related("unit", "partner").order_by(F("due_on").asc(nulls_last=True), "id")
        return [say.commitment(row, self.today, with_partner=len(self.partner_ids) > 1) for row in ordered[:CANDIDATES]]

    def posts(self) -> list[Post]:
        """Who holds a post on the day, in protocol order."""
        people = Person.objects.visible_to(self.reader).live()
        held = Post.objects.live().on(self.today).filter(partner__in=self.partner_ids, person__in=people.values("pk"))
        return list(held.select_related("person__country", "partner__country").order_by("rank", "id")[:CANDIDATES])

    def agreements(self) -> list[Line]:
        """Agreements in force, those that end first at the top."""
        if not self.reader.may(Permission.AGREEMENT_VIEW):
            return []
        signed = AgreementParty.objects.filter(partner__in=self.partner_ids).values("agreement")
        rows = Agreement.objects.in_force(self.today).filter(pk__in=signed)
        rows = rows.filter(pk__in=Agreement.objects.visible_to(self.reader).values("pk")).select_related("kind")
        return [say.agreement(row, self.today) for row in rows.order_by(F("valid_to").asc(nulls_last=True), "id")[:CANDIDATES]]

    def registrations(self) -> list[Line]:
        rows = Registration.objects.visible_to(self.reader).live().on(self.today).filter(partner__in=self.partner_ids)
        return [say.registration(row) for row in rows.order_by("valid_to", "id")[:CANDIDATES]]

    def gifts(self, people: Iterable[Person], ids: Any = None) -> list[Line]:
        """Gifts at delegations, of the partners or those given, and in notes on the people, the newest first."""
        of_partners: Any = Participation.objects.filter(partner__in=self.partner_ids).values("exchange") if ids is None else ids
        seen = Exchange.objects.visible_to(self.reader).live().filter(pk__in=of_partners)
        with_gifts = Delegation.objects.filter(exchange__in=seen.values("pk")).exclude(gifts_given="", gifts_received="")
        rows = with_gifts.select_related("exchange").order_by("-exchange__starts_on", "-pk")[:CANDIDATES]
        lines = [line for row in rows for line in say.gifts(row)] + [say.note(row) for row in self._notes(people, GIFTS)]
        return sorted(lines, key=lambda line: line.day or date.min, reverse=True)

    def sensitivities(self, people: Iterable[Person]) -> list[Line]:
        """What to mind about the people: notes at their own level, and protocol notes of the profile."""
        people = list(people)
        of_profile = [Line(person.protocol_notes, str(person), None, person) for person in people if person.protocol_notes]
        notes = sorted(self._notes(people, SENSITIVE), key=lambda row: SENSITIVE.index(NoteKind(row.kind)))
        return [say.note(row) for row in notes] + of_profile

    def _notes(self, people: Iterable[Person], kinds: Collection[str]) -> QuerySet[PersonNote]:
        rows = PersonNote.objects.visible_to(self.reader).live().filter(person__in=list(people), kind__in=kinds)
        return rows.select_related("person").order_by("kind", F("on").desc(nulls_last=True), "-id")[:CANDIDATES]

    def ahead(self, country_id: int | None) -> list[Line]:
        """What is planned and which days of the country are coming, the next first."""
        return sorted(self._planned() + self._occasions(country_id), key=lambda line: line.day or date.max)

    def _planned(self) -> list[Line]:
        parts = self._parts().filter(day_no__gte=day_number(self.today))
        rows = self._open_exchanges().filter(status=ExchangeStatus.PLANNED, starts_on__gte=self.today, pk__in=parts.values("exchange"))
        return self._with_partners(rows.order_by("starts_on", "id")[:CANDIDATES])

    def _occasions(self, country_id: int | None) -> list[Line]:
        if country_id is None:
            return []
        of_country = occasions_for([country_id]).filter(country__isnull=False)
        return [say.occasion(row) for row in occurrences(self.today, self.today + timedelta(days=DAYS_AHEAD), of_country)]

    def stewards(self) -> str:
        rows = Stewardship.objects.live().on(self.today).filter(partner__in=self.partner_ids).select_related("unit", "officer")
        return say.joined(say.joined([row.unit.display, row.officer], ", ") for row in rows.order_by("role", "id")[:4])

    def tiers(self, country_id: int | None) -> str:
        """The tiers of the country on the day, each with the day since when."""
        rows = TierMembership.objects.on(self.today).filter(country=country_id).select_related("tier").order_by("tier__rank", "id")
        return say.joined(f"{row.tier} ({say.day(row.valid_from)})" if row.valid_from else str(row.tier) for row in rows)

    def met(self, person: Person) -> list[int]:
        """The exchanges that the person was at."""
        return list(
            Attendance.objects.filter(person=person).order_by("-exchange__starts_on").values_list("exchange", flat=True)[:CANDIDATES]
        )


def kept_in_words(promises: Promises) -> str:
    """``ours 3/5 (60 %; 23–88 %)``, and theirs; empty without data."""
    sides = [(_("ours"), promises.ours), (_("theirs"), promises.theirs)]
    return say.joined(f"{label} {_share(kept)}" for label, kept in sides if kept.n)


def _share(kept: Kept) -> str:
    share, low, high = (round((value or 0) * 100) for value in (kept.share, kept.low, kept.high))
    return f"{kept.on_time}/{kept.n} ({share} %; {low}–{high} %)"


def alarm_in_words(alarm: Alarm, codes: Iterable[Any]) -> str:
    return f"{alarm.label}: {say.joined((code.label for code in codes), ', ')}"


def names_of(partner: Partner) -> str:
    """Every name but the first, as the register has them, each in its own script."""
    return say.joined((row.name for row in partner.names.all()), " · ")
