"""M6, the proof: for each reason code of a partner the very rows that make it, as a reader may see them.

A row that the reader may not open stands without what it says: that there is one, and its day where the figures show it anyway.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.choices import LEVELS, SIDES_STEPS, AgreementState, Direction, PointsClass, Side, Sides
from activities.models import Agreement, Attendance, Commitment, Exchange, Participation
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner, Person, Post, Registration, Stewardship
from reports.choices import Risk
from reports.metrics.commitments import known_by
from reports.metrics.days import BREADTH_DAYS, MOMENTUM_DAYS, YEAR_DAYS, day_number, policy_on
from reports.metrics.duties import Duties
from reports.metrics.engagement import engagement_of
from reports.metrics.reciprocity import RETURN_DAYS, VISIT_DAYS
from reports.metrics.risks import ENDING_DAYS, PROMISE_DAYS, UNANSWERED_CONTACTS, risk_of
from reports.metrics.rounding import strength_points

ROWS_SHOWN = 12


@dataclass(frozen=True)
class Proof:
    """One row behind a code. Without ``url`` the reader may not open it; ``day``: None where the row has none."""

    text: str
    day: date | None = None
    url: str = ""


@dataclass
class Evidence:
    """One code of a partner: what makes it, said in a sentence with its figures, and the rows. ``more``: rows not listed."""

    code: Risk
    because: str
    rows: list[Proof] = field(default_factory=list)
    more: int = 0

    @property
    def short(self) -> str:
        """R1 to R8, as the page and the papers name it."""
        return f"R{self.code.bit_length()}"


def evidence_of(partner: Partner, as_of: date, reader: User) -> list[Evidence]:
    """Return the codes of the partner as of the day, each with the rows that prove it. A few queries for each code.

    Raises ValidationError for a day without a policy or still to come.
    """
    found = risk_of(policy_on(as_of), as_of, partner.pk)
    reading = _Reading(partner, as_of, reader)
    return [_PROOFS[code](reading) for code in (found.codes if found else [])]


class _Reading:
    """What is asked of one partner, on one day, by one reader."""

    def __init__(self, partner: Partner, as_of: date, reader: User) -> None:
        self.partner, self.as_of, self.reader, self.today = partner, as_of, reader, day_number(as_of)

    def facts(self) -> QuerySet[Participation]:
        rows = Participation.objects.filter(partner=self.partner, counted=True, day_no__lte=self.today)
        return rows.select_related("exchange__kind").order_by("-day_no", "-exchange")

    def exchanges(self, facts: Iterable[Participation]) -> list[Proof]:
        """Without right a row shows its day and kind, as in the ledger."""
        facts = list(facts)
        readable = Exchange.objects.visible_to(self.reader).filter(pk__in=[fact.exchange_id for fact in facts])
        open_ids = set(readable.values_list("pk", flat=True))
        return [self._exchange(fact.exchange, fact.exchange_id in open_ids) for fact in facts]

    def _exchange(self, exchange: Exchange, may_open: bool) -> Proof:
        if not may_open:
            return Proof(str(exchange.kind), exchange.starts_on)
        return Proof(exchange.title or str(exchange.kind), exchange.starts_on, exchange.get_absolute_url())


def _silent(reading: _Reading) -> Evidence:
    duty = Duties.on(reading.as_of, policy_on(reading.as_of)).for_partner(reading.partner, reading.as_of)
    last = list(reading.facts().filter(two_way=True)[:1])
    since = last or list(reading.facts().order_by("day_no", "exchange")[:1])
    days = (reading.as_of - since[0].exchange.starts_on).days
    words = _("%(days)d days without a two-way exchange; asked is one every %(cadence)d, and one and a half times that is the limit.")
    if not last:
        words = _("No two-way exchange in the %(days)d days since the first contact; asked is one every %(cadence)d.")
    return Evidence(Risk.SILENT, words % {"days": days, "cadence": duty.cadence_days if duty else 0}, reading.exchanges(since))


def _fading(reading: _Reading) -> Evidence:
    policy = policy_on(reading.as_of)
    figures = engagement_of(policy, reading.as_of, reading.partner.pk)
    before = engagement_of(policy, reading.as_of - timedelta(days=YEAR_DAYS), reading.partner.pk)
    today = reading.today
    now, season = Q(day_no__gt=today - MOMENTUM_DAYS), Q(day_no__gt=today - YEAR_DAYS - MOMENTUM_DAYS, day_no__lte=today - YEAR_DAYS)
    rows = list(reading.facts().filter(now | season))
    words = _("Momentum %(momentum)s against the same half-year a year ago; a year ago the strength was %(strength)s points.")
    because = words % {
        "momentum": figures and figures.momentum_seasonal,
        "strength": strength_points(before.strength) if before else 0,
    }
    return Evidence(Risk.FADING, because, reading.exchanges(rows[:ROWS_SHOWN]), more=max(0, len(rows) - ROWS_SHOWN))


def _single(reading: _Reading) -> Evidence:
    day = reading.as_of
    posts = Post.objects.live().on(day).filter(partner=reading.partner).exclude(person__confidentiality=Confidentiality.RESTRICTED)
    readable = set(Person.objects.visible_to(reading.reader).filter(posts__in=posts).values_list("pk", flat=True))
    rows = [
        Proof(f"{post.person}, {post.title}", post.valid_from, post.person.get_absolute_url())
        if post.person_id in readable
        else Proof(_("Somebody you may not see"), post.valid_from)
        for post in posts.select_related("person").order_by("rank", "id")
    ]
    met = _met(reading, Side.THEIRS).exclude(person__in=posts.values("person")).exclude(person__confidentiality=Confidentiality.RESTRICTED)
    rows += _people(reading, met)
    kept = Stewardship.objects.live().on(day).filter(partner=reading.partner, officer__isnull=False).select_related("officer", "unit")
    rows += [Proof(f"{row.officer}, {row.unit.display}", row.valid_from, reading.partner.get_absolute_url()) for row in kept]
    rows += _people(reading, _met(reading, Side.OURS).exclude(user__in=kept.values("officer")))
    words = _("On one side or the other at most one living thread is left. Those on record, of both sides:")
    return Evidence(Risk.SINGLE_THREAD, words, rows[:ROWS_SHOWN], more=max(0, len(rows) - ROWS_SHOWN))


def _met(reading: _Reading, side: Side) -> QuerySet[Attendance]:
    exchanges = reading.facts().filter(day_no__gt=reading.today - BREADTH_DAYS).order_by().values("exchange")
    rows = Attendance.objects.filter(side=side, exchange__in=exchanges)
    return rows.filter(Q(partner__isnull=True) | Q(partner=reading.partner)).select_related("exchange", "person", "user")


def _people(reading: _Reading, rows: QuerySet[Attendance]) -> list[Proof]:
    """Each person once, with the last exchange they were at; named where the reader may open the exchange and see the person."""
    rows = rows.annotate(on=F("exchange__starts_on")).order_by("-on", "id")
    known = set(Person.objects.visible_to(reading.reader).filter(pk__in=rows.values("person")).values_list("pk", flat=True))
    readable = set(Exchange.objects.visible_to(reading.reader).filter(pk__in=rows.values("exchange")).values_list("pk", flat=True))
    found: dict[Any, Proof] = {}
    for row in rows[: ROWS_SHOWN * 5]:
        may_open = row.exchange_id in readable and (row.person_id is None or row.person_id in known)
        proof = Proof(str(row), row.on, row.exchange.get_absolute_url()) if may_open else Proof(_("Somebody you may not see"), row.on)
        found.setdefault(row.person_id or row.user_id or row.name, proof)
    return list(found.values())


def _promise(reading: _Reading) -> Evidence:
    overdue = known_by(reading.as_of).filter(
        Q(settled_on__isnull=True) | Q(settled_on__gt=reading.as_of),
        partner=reading.partner, owed_by=Side.OURS, due_on__lt=reading.as_of - timedelta(days=PROMISE_DAYS),
    )  # fmt: skip
    rows = list(overdue.order_by("due_on", "id"))
    words = ngettext(
        "%(n)d promise of ours is overdue by more than %(days)d days.",
        "%(n)d promises of ours are overdue by more than %(days)d days.",
        len(rows),
    )
    open_ids = set(Commitment.objects.visible_to(reading.reader).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    shown = [
        Proof(row.text, row.due_on, row.get_absolute_url()) if row.pk in open_ids else Proof(_("A promise of another unit"))
        for row in rows[:ROWS_SHOWN]
    ]
    return Evidence(Risk.PROMISE_OVERDUE, words % {"n": len(rows), "days": PROMISE_DAYS}, shown, more=max(0, len(rows) - ROWS_SHOWN))


def _ending(reading: _Reading) -> Evidence:
    agreements = list(agreements_ending(reading.as_of).filter(parties__partner=reading.partner).order_by("valid_to", "id"))
    readable = Agreement.objects.visible_to(reading.reader).filter(pk__in=[row.pk for row in agreements])
    open_ids = set(readable.values_list("pk", flat=True))
    rows = [
        Proof(row.title, row.valid_to, row.get_absolute_url()) if row.pk in open_ids else Proof(_("An agreement of another unit"))
        for row in agreements
    ]
    registrations = registrations_ending(reading.as_of).filter(partner=reading.partner).order_by("valid_to", "id")
    rows += [Proof(str(row), row.valid_to, reading.partner.get_absolute_url()) for row in registrations]
    return Evidence(Risk.ENDING, _("Ends within %(days)d days, and no step to a renewal is on record.") % {"days": ENDING_DAYS}, rows)


def agreements_ending(as_of: date) -> QuerySet[Agreement]:
    """Signed agreements in force that end in ``(T, T + 180]`` and that nothing on record by T renews. Restricted ones are left out."""
    counted = Agreement.objects.live().exclude(confidentiality=Confidentiality.RESTRICTED)
    renewals = counted.filter(renews__isnull=False).filter(Q(signed_on__lte=as_of) | Q(created_at__date__lte=as_of))
    ending = counted.on(as_of).filter(signed_on__lte=as_of, valid_to__lte=as_of + timedelta(days=ENDING_DAYS))
    return ending.filter(state=AgreementState.SIGNED, renews_itself=False).exclude(pk__in=renewals.values("renews"))


def registrations_ending(as_of: date) -> QuerySet[Registration]:
    """Certificates in force that end in ``(T, T + 180]`` and that nothing on record by T renews."""
    renewals = Registration.objects.live().filter(renews__isnull=False)
    renewals = renewals.filter(Q(valid_from__lte=as_of) | Q(created_at__date__lte=as_of))
    ending = Registration.objects.live().on(as_of).filter(valid_to__lte=as_of + timedelta(days=ENDING_DAYS))
    return ending.exclude(pk__in=renewals.values("renews"))


def _unanswered(reading: _Reading) -> Evidence:
    answered = reading.facts().filter(Q(two_way=True) | Q(exchange__sides=Sides.THEIRS)).aggregate(last=Max("day_no"))["last"]
    rows = reading.facts().filter(day_no__gt=answered) if answered is not None else reading.facts()
    words = _("Our last %(n)d contacts had no answer.")
    shown = reading.exchanges(rows[:ROWS_SHOWN])
    return Evidence(Risk.UNANSWERED, words % {"n": max(len(shown), UNANSWERED_CONTACTS)}, shown)


def _not_verified(reading: _Reading) -> Evidence:
    day = verified_by(reading.partner, reading.as_of)
    url = reading.partner.get_absolute_url()
    if day is None:
        entered = timezone.localtime(reading.partner.created_at).date()
        return Evidence(Risk.NOT_VERIFIED, _("The profile was never verified since it was entered."), [Proof(_("Profile"), entered, url)])
    days = (reading.as_of - day).days
    return Evidence(
        Risk.NOT_VERIFIED, _("The profile was last verified %(days)d days ago.") % {"days": days}, [Proof(_("Profile"), day, url)]
    )


def verified_by(partner: Partner, as_of: date) -> date | None:
    """The last day on which the profile had been verified by T; from the versions where it was verified again since."""
    if partner.verified_on is None or partner.verified_on <= as_of:
        return partner.verified_on
    last: date | None = partner.history.filter(verified_on__lte=as_of).aggregate(last=Max("verified_on"))["last"]
    return last


def _return(reading: _Reading) -> Evidence:
    visits = Participation.objects.filter(
        counted=True, two_way=True, direction__in=[Direction.IN, Direction.OUT], day_no__gt=reading.today - VISIT_DAYS,
        day_no__lte=reading.today, partner=reading.partner, merit__lt=(PointsClass.DELEGATION + 1) * LEVELS * SIDES_STEPS,
    )  # fmt: skip
    back = visits.filter(level__gte=OuterRef("level"), day_no__gt=OuterRef("day_no")).exclude(direction=OuterRef("direction"))
    waiting = visits.filter(day_no__lt=reading.today - RETURN_DAYS).annotate(back=Subquery(back.values("pk")[:1])).filter(back__isnull=True)
    rows = list(waiting.select_related("exchange__kind").order_by("day_no", "exchange"))
    owed = {_("we owe it") if row.direction == Direction.IN else _("they owe it") for row in rows}
    words = _("A visit has waited for a return for more than 24 months: %(by)s.") % {"by": ", ".join(sorted(owed))}
    return Evidence(Risk.RETURN_OWED, words, reading.exchanges(rows[:ROWS_SHOWN]), more=max(0, len(rows) - ROWS_SHOWN))


_PROOFS: dict[Risk, Callable[[_Reading], Evidence]] = {
    Risk.SILENT: _silent,
    Risk.FADING: _fading,
    Risk.SINGLE_THREAD: _single,
    Risk.PROMISE_OVERDUE: _promise,
    Risk.ENDING: _ending,
    Risk.UNANSWERED: _unanswered,
    Risk.NOT_VERIFIED: _not_verified,
    Risk.RETURN_OWED: _return,
}
