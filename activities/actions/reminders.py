"""What the night tells people: what is due, what is coming, what ends, what is still to be completed.

Every key names the thing and its day, so that a run that is repeated, or that comes a day late, tells nobody twice.
Nothing here quotes a restricted text: notifications also go out by mail.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from activities.actions.agreement_reminders import agreements_near
from activities.actions.commitment_reminders import commitments_due
from activities.actions.follow_ups import reminder_key, text_to_tell
from activities.actions.recipients import may_be_told, officers_of
from activities.calendar.endings import last_day, registrations_ending, terms_ending
from activities.calendar.occurrences import Occurrence, occurrences
from activities.choices import OccasionKind
from activities.models import Exchange, FollowUp
from crm.actions.notifications import Telling, notify_of
from crm.choices import Confidentiality, NotificationTopic
from crm.models import User
from partners.models import Partner, Stewardship

OCCASION_DAYS = 14
# Told when the end is no further away than this: about six months, and again at about three.
ENDING_STEPS = {"6m": 183, "3m": 92}
MONDAY = 0

# In the language of whoever is told, so they are read only when the text is made.
_day: Callable[[date], Any] = lazy(lambda value: date_format(value, "SHORT_DATE_FORMAT"), str)
_kind: Callable[[Any], Any] = lazy(lambda registration: str(registration.get_kind_display()), str)
_name: Callable[[Occurrence], Any] = lazy(lambda occurrence: occurrence.occasion.name, str)


def remind(today: date) -> int:
    """Tell everybody what this day has to tell; return how many things there were."""
    tellings = [*follow_ups_due(today), *commitments_due(today), *agreements_near(today), *occasions_near(today), *endings_near(today)]
    tellings += exchanges_to_complete(today)
    notify_of(tellings)
    return len(tellings)


def follow_ups_due(today: date) -> Iterator[Telling]:
    """Follow-ups due today or overdue: to whoever has them, else to the unit's officers; overdue ones again every week."""
    due = FollowUp.objects.open().filter(due_on__lte=today).select_related("assignee", "unit")
    rows = list(due)
    officers = officers_of(row.unit_id for row in rows if row.assignee is None)
    for row in rows:
        told = [row.assignee] if row.assignee else may_be_told(row, officers.get(row.unit_id, []))
        days_late = (today - row.due_on).days  # type: ignore[operator]  # chosen by its day
        key = f"{reminder_key(row)}due:{row.due_on}:{days_late // 7 if days_late else 'today'}"
        text = format_lazy("{}: {}", _("Overdue") if days_late else _("Due today"), text_to_tell(row))
        yield Telling([user for user in told if user.is_active], NotificationTopic.FOLLOW_UP, key, text, row.get_absolute_url())


def occasions_near(today: date) -> Iterator[Telling]:
    """Occasions of a country in the next days: to those who keep its partners. Our own days are in everybody's calendar."""
    found = [row for row in occurrences(today, today + timedelta(days=OCCASION_DAYS)) if row.occasion.country_id is not None]
    keepers = keepers_of_countries({row.occasion.country_id for row in found})
    for row in found:
        key = f"occasion:{row.occasion.code}:{row.on}"
        users = keepers.get(row.occasion.country_id or 0, [])
        yield Telling(users, NotificationTopic.OCCASION, key, _occasion_text(row), row.get_absolute_url())


def _occasion_text(row: Occurrence) -> str | Promise:
    if row.occasion.kind == OccasionKind.FESTIVAL or row.number is None:
        return format_lazy("{}: {}", _day(row.on), _name(row))
    years = ngettext_lazy("%(number)s year", "%(number)s years", row.number) % {"number": row.number}
    return format_lazy("{}: {} · {}", _day(row.on), _name(row), years)


def endings_near(today: date) -> Iterator[Telling]:
    """Terms of office and certificates that end in six months, and again in three: to those who keep the partner."""
    until = today + timedelta(days=max(ENDING_STEPS.values()))
    terms: list[Any] = list(terms_ending(today, until))
    certificates: list[Any] = list(registrations_ending(today, until))
    keepers = keepers_of({row.partner_id for row in [*terms, *certificates]})
    for post in terms:
        # A person whom only one unit may see is not named to the others.
        who = post.person if post.person.confidentiality == Confidentiality.NETWORK else _("somebody in office")
        text = format_lazy(_("Term of {who} at {partner} ends on {day}"), who=who, partner=post.partner, day=_day(last_day(post)))
        yield from _ending("term", post, text, keepers, today)
    for row in certificates:
        text = format_lazy(_("{kind} of {partner} ends on {day}"), kind=_kind(row), partner=row.partner, day=_day(last_day(row)))
        yield from _ending("registration", row, text, keepers, today)


def _ending(noun: str, row: Any, text: Any, keepers: dict[int, list[User]], today: date) -> Iterator[Telling]:
    days = (last_day(row) - today).days
    step = min((step for step, limit in ENDING_STEPS.items() if days <= limit), key=lambda step: ENDING_STEPS[step])
    key = f"end:{noun}:{row.pk}:{row.valid_to}:{step}"
    yield Telling(keepers.get(row.partner_id, []), NotificationTopic.OCCASION, key, text, row.partner.get_absolute_url())


def exchanges_to_complete(today: date) -> Iterator[Telling]:
    """On Mondays: how many exchanges of one's own still lack something."""
    if today.weekday() != MONDAY:
        return
    counts = Exchange.objects.incomplete().order_by().values_list("created_by").annotate(Count("pk"))
    per_author = {pk: count for pk, count in counts if pk is not None}
    for user in User.objects.filter(pk__in=per_author, is_active=True, is_program=False):
        count = per_author[user.pk]
        text = ngettext_lazy("%(count)s exchange to complete", "%(count)s exchanges to complete", count) % {"count": count}
        yield Telling([user], NotificationTopic.TIDY_UP, f"tidy-up:{today}", text, reverse("activities:tidy-up"))


def keepers_of(partner_ids: Iterable[int]) -> dict[int, list[User]]:
    """Partner → the officers who keep it by name; where a unit names none, all its officers. Two queries."""
    held = list(Stewardship.objects.current().filter(partner__in=set(partner_ids)).select_related("officer"))
    officers = officers_of(row.unit_id for row in held if row.officer is None or not row.officer.is_active)
    keepers: dict[int, list[User]] = defaultdict(list)
    for row in held:
        users = [row.officer] if row.officer is not None and row.officer.is_active else officers.get(row.unit_id, [])
        keepers[row.partner_id] += [user for user in users if user not in keepers[row.partner_id]]
    return keepers


def keepers_of_countries(country_ids: Iterable[Any]) -> dict[int, list[User]]:
    """Country → those who keep one of its partners."""
    home = dict(Partner.objects.live().filter(country__in=set(country_ids), stewardships__isnull=False).values_list("pk", "country"))
    keepers: dict[int, list[User]] = defaultdict(list)
    for partner_id, users in keepers_of(home).items():
        country = keepers[home[partner_id]]
        country += [user for user in users if user not in country]
    return keepers
