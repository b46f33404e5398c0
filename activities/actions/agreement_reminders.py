"""What the night tells of agreements that end: twelve, six and three months before, to the unit that keeps each."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from activities.actions.agreements import reminder_key
from activities.actions.recipients import may_be_told, officers_of
from activities.calendar.endings import agreements_ending, last_day
from activities.models import Agreement
from crm.actions.notifications import Telling
from crm.choices import Confidentiality, NotificationTopic

# Told when the end is no further away than so many days.
STEPS = {"12m": 366, "6m": 183, "3m": 92}

# In the language of whoever is told, so it is read only when the text is made.
_day: Callable[[date], Any] = lazy(lambda value: date_format(value, "SHORT_DATE_FORMAT"), str)


def agreements_near(today: date) -> Iterator[Telling]:
    """Agreements that end in the next twelve months and that no signed one renews, once for each step. Three queries."""
    rows = list(agreements_ending(today, today + timedelta(days=max(STEPS.values()))))
    officers = officers_of(row.unit_id for row in rows)
    for row in rows:
        days = (last_day(row) - today).days
        step = min((step for step, limit in STEPS.items() if days <= limit), key=lambda step: STEPS[step])
        told = may_be_told(row, officers.get(row.unit_id, []))
        yield Telling(told, NotificationTopic.AGREEMENT, f"{reminder_key(row)}{row.valid_to}:{step}", _text(row), row.get_absolute_url())


def _text(agreement: Agreement) -> str | Promise:
    title = _("a restricted item") if agreement.confidentiality == Confidentiality.RESTRICTED else agreement.title
    if agreement.renews_itself:
        return format_lazy(_("{title} goes on after {day} unless somebody ends it"), title=title, day=_day(last_day(agreement)))
    return format_lazy(_("{title} ends on {day}: renew it, or say that it ends"), title=title, day=_day(last_day(agreement)))
