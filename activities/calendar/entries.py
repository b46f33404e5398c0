"""What stands on the days of a calendar, of whatever kind, in one shape for page and feed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.calendar.endings import agreements_ending, countries_of, kept_by, last_day, registrations_ending, terms_ending
from activities.calendar.occurrences import Occurrence, occasions_for, occurrences
from activities.choices import ExchangeStatus, Side
from activities.models import Agreement, AgreementParty, Attendance, Commitment, Exchange, FollowUp
from crm.choices import Confidentiality
from crm.models import Unit, User
from crm.permissions import Permission
from partners.models import Person


class EntryKind(models.TextChoices):
    EXCHANGE = "exchange", gettext_lazy("Exchanges")
    FOLLOW_UP = "follow_up", gettext_lazy("Follow-ups")
    COMMITMENT = "commitment", gettext_lazy("Commitments due")
    OCCASION = "occasion", gettext_lazy("Occasions")
    ENDING = "ending", gettext_lazy("Terms, certificates and agreements ending")


class Whose(models.TextChoices):
    MINE = "mine", gettext_lazy("Mine")
    UNITS = "units", gettext_lazy("My units'")
    ALL = "all", gettext_lazy("Everyone's")


@dataclass(frozen=True)
class Entry:
    """Something on a day, or on several: ``on`` to ``last``, both included.

    ``status`` is a code of the sign shown with it. ``identity`` and ``revision`` tell a calendar program that the same
    thing was changed; ``changed_at`` is when, where that is known.
    """

    kind: EntryKind
    on: date
    last: date
    title: str
    url: str
    identity: str
    status: str = ""
    detail: str = ""
    place: str = ""
    revision: int = 0
    changed_at: datetime | None = None
    row: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Selection:
    """Which entries are asked for: by whom, between which days (both included), whose, of which unit and kinds."""

    user: User
    since: date
    until: date
    whose: Whose = Whose.UNITS
    unit: Unit | None = None
    kinds: frozenset[EntryKind] = frozenset(EntryKind)
    # What leaves the site carries nothing restricted, and tells programs of what was called off.
    outside: bool = False

    @cached_property
    def unit_ids(self) -> Iterable[int]:
        """The unit asked for and all below it; without one the account's own."""
        if self.unit is not None:
            return list(Unit.objects.below([self.unit]).values_list("pk", flat=True))
        return self.user.scope.unit_ids

    @property
    def kept_partners(self) -> Any:
        """Numbers of the partners whose occasions and endings are asked for; None: of all."""
        if self.unit is None and self.whose == Whose.MINE:
            return kept_by(officer=self.user)
        return None if self.unit is None and self.whose == Whose.ALL else kept_by(unit_ids=self.unit_ids)


def entries(selection: Selection) -> list[Entry]:
    """The entries by day. At most eight queries, whatever their number."""
    found: list[Entry] = []
    for kind, read in _READERS.items():
        if kind in selection.kinds:
            found.extend(read(selection))
    return sorted(found, key=lambda entry: (entry.on, _ORDER[entry.kind], entry.title))


def _exchanges(asked: Selection) -> Iterator[Entry]:
    if not asked.user.may(Permission.EXCHANGE_VIEW):
        return
    rows: QuerySet[Exchange] = Exchange.objects.visible_to(asked.user).live().exclude(status=ExchangeStatus.DRAFT)
    rows = rows.filter(starts_on__lte=asked.until).filter(Q(starts_on__gte=asked.since) | Q(ends_on__gte=asked.since))
    rows = rows.exclude(confidentiality=Confidentiality.RESTRICTED) if asked.outside else rows.exclude(status=ExchangeStatus.CANCELLED)
    for exchange in _exchanges_of(asked, rows).select_related("kind", "host_unit").prefetch_related("participations__partner"):
        partners = ", ".join(row.partner.name for row in exchange.participations.all()[:3])
        yield Entry(
            kind=EntryKind.EXCHANGE, on=exchange.starts_on, last=exchange.ends_on or exchange.starts_on,
            title=exchange.title or f"{exchange.kind}: {partners}", url=exchange.get_absolute_url(),
            identity=str(exchange.public_id), status=exchange.status, detail=partners, place=exchange.place,
            revision=exchange.revision, changed_at=exchange.updated_at, row=exchange,
        )  # fmt: skip


def _exchanges_of(asked: Selection, rows: Any) -> Any:
    if asked.unit is not None or asked.whose == Whose.UNITS:
        return rows.of_units(asked.unit_ids)
    if asked.whose == Whose.MINE:
        present = Exists(Attendance.objects.filter(exchange=OuterRef("pk"), user=asked.user))
        return rows.filter(Q(present) | Q(created_by=asked.user))
    return rows


def _follow_ups(asked: Selection) -> Iterator[Entry]:
    if not asked.user.may(Permission.FOLLOW_UP_VIEW):
        return
    rows = FollowUp.objects.visible_to(asked.user).open().filter(due_on__gte=asked.since, due_on__lte=asked.until)
    if asked.outside:
        rows = rows.exclude(confidentiality=Confidentiality.RESTRICTED)
    if asked.unit is not None:
        rows = rows.filter(unit__in=asked.unit_ids)
    elif asked.whose == Whose.MINE:
        rows = rows.assigned_to(asked.user)
    elif asked.whose == Whose.UNITS:
        rows = rows.filter(Q(unit__in=asked.unit_ids) | Q(assignee=asked.user))
    for row in rows.select_related("partner", "assignee", "unit"):
        due: date = row.due_on  # type: ignore[assignment]  # those without a day were left out
        about = row.partner.name if row.partner else ""
        yield Entry(
            kind=EntryKind.FOLLOW_UP, on=due, last=due, title=row.text, url=row.get_absolute_url(), identity=str(row.public_id),
            status="overdue" if row.is_overdue else "open", detail=" · ".join(filter(None, [about, str(row.assignee or row.unit.display)])),
            revision=row.revision, changed_at=row.updated_at, row=row,
        )  # fmt: skip


def _commitments(asked: Selection) -> Iterator[Entry]:
    """What is still to be kept, by either side, on the day it is due."""
    if not asked.user.may(Permission.COMMITMENT_VIEW):
        return
    rows = Commitment.objects.visible_to(asked.user).unsettled().filter(due_on__gte=asked.since, due_on__lte=asked.until)
    if asked.outside:
        rows = rows.exclude(confidentiality=Confidentiality.RESTRICTED)
    if asked.unit is not None:
        rows = rows.filter(unit__in=asked.unit_ids)
    elif asked.whose == Whose.MINE:
        rows = rows.filter(assignee=asked.user)
    elif asked.whose == Whose.UNITS:
        rows = rows.filter(Q(unit__in=asked.unit_ids) | Q(assignee=asked.user))
    for row in rows.select_related("partner", "assignee", "unit"):
        due: date = row.due_on  # type: ignore[assignment]  # those without a day were left out
        title = _("We promised: %(text)s") if row.owed_by == Side.OURS else _("They promised: %(text)s")
        yield Entry(
            kind=EntryKind.COMMITMENT, on=due, last=due, title=title % {"text": row.text}, url=row.get_absolute_url(),
            identity=str(row.public_id), status=row.standing_today, detail=f"{row.partner.name} · {row.assignee or row.unit.display}",
            revision=row.revision, changed_at=row.updated_at, row=row,
        )  # fmt: skip


def _occasions(asked: Selection) -> Iterator[Entry]:
    kept = asked.kept_partners
    chosen = None if kept is None else occasions_for(countries_of(kept))
    for occurrence in occurrences(asked.since, asked.until, chosen):
        yield entry_of(occurrence)


def entry_of(occurrence: Occurrence) -> Entry:
    country = occurrence.occasion.country
    return Entry(
        kind=EntryKind.OCCASION, on=occurrence.on, last=occurrence.on, title=occurrence.title, url=occurrence.get_absolute_url(),
        identity=f"occasion-{occurrence.occasion.code}-{occurrence.on.year}", status="occasion",
        detail=country.name if country else "", row=occurrence,
    )  # fmt: skip


def _endings(asked: Selection) -> Iterator[Entry]:
    terms, certificates = terms_ending(asked.since, asked.until), registrations_ending(asked.since, asked.until)
    if (kept := asked.kept_partners) is not None:
        terms, certificates = terms.filter(partner__in=kept), certificates.filter(partner__in=kept)
    if asked.user.may(Permission.PERSON_VIEW):
        for post in terms.filter(person__in=Person.objects.visible_to(asked.user).values("pk")):
            title = _("End of term: %(who)s, %(title)s") % {"who": post.person, "title": post.title}
            yield _ending(post, title, post.person.get_absolute_url())
    for registration in certificates:
        yield _ending(
            registration, _("End of certificate: %(partner)s") % {"partner": registration.partner}, registration.partner.get_absolute_url()
        )
    if asked.user.may(Permission.AGREEMENT_VIEW):
        yield from map(_ending_agreement, _agreements(asked))


def _agreements(asked: Selection) -> QuerySet[Agreement]:
    """Agreements ending that the account may read: of the unit asked for, of its own, with a partner that it keeps, or all."""
    ending = agreements_ending(asked.since, asked.until)
    rows = ending.filter(pk__in=Agreement.objects.visible_to(asked.user).values("pk"))
    if asked.outside:
        rows = rows.exclude(confidentiality=Confidentiality.RESTRICTED)
    if (kept := asked.kept_partners) is None:
        return rows
    with_kept = Q(pk__in=AgreementParty.objects.filter(partner__in=kept).values("agreement"))
    return rows.filter(with_kept if asked.whose == Whose.MINE and asked.unit is None else with_kept | Q(unit__in=asked.unit_ids))


def _ending_agreement(agreement: Agreement) -> Entry:
    on = last_day(agreement)
    return Entry(
        kind=EntryKind.ENDING, on=on, last=on, title=_("End of agreement: %(title)s") % {"title": agreement},
        url=agreement.get_absolute_url(), identity=f"end-{agreement.public_id}", status="ending", detail=agreement.unit.display,
        revision=agreement.revision, changed_at=agreement.updated_at, row=agreement,
    )  # fmt: skip


def _ending(row: Any, title: str, url: str) -> Entry:
    on = last_day(row)
    return Entry(
        kind=EntryKind.ENDING, on=on, last=on, title=title, url=url, identity=f"end-{row.public_id}", status="ending",
        detail=row.partner.name, revision=row.revision, changed_at=row.updated_at, row=row,
    )  # fmt: skip


_READERS: dict[EntryKind, Callable[[Selection], Iterator[Entry]]] = {
    EntryKind.OCCASION: _occasions,
    EntryKind.EXCHANGE: _exchanges,
    EntryKind.ENDING: _endings,
    EntryKind.COMMITMENT: _commitments,
    EntryKind.FOLLOW_UP: _follow_ups,
}
_ORDER = {kind: place for place, kind in enumerate(_READERS)}


def weeks_of(month: date, found: Iterable[Entry]) -> list[list[tuple[date, list[Entry]]]]:
    """The weeks that touch the month, Monday first, each day with its entries; one of several days stands on each."""
    first = month.replace(day=1)
    monday = first - timedelta(days=first.weekday())
    last = next_month(first) - timedelta(days=1)
    days = [monday + timedelta(days=count) for count in range((last - monday).days + 7 - last.weekday())]
    on_day: dict[date, list[Entry]] = {day: [] for day in days}
    for entry in found:
        for count in range((min(entry.last, days[-1]) - max(entry.on, days[0])).days + 1):
            on_day[max(entry.on, days[0]) + timedelta(days=count)].append(entry)
    return [[(day, on_day[day]) for day in days[start : start + 7]] for start in range(0, len(days), 7)]


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def previous_month(month: date) -> date:
    """The first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)
