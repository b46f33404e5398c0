"""What the night tells of commitments: before their day, on it, and every week after it, then also to the lead of the unit."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from activities.actions.commitments import commitment_key, words_to_tell
from activities.actions.recipients import leads_of, may_be_told, officers_of
from activities.choices import Side
from activities.models import Commitment
from crm.actions.notifications import Telling
from crm.choices import NotificationTopic

# How long before the day the first word is given, so that there is time to do something about it.
DAYS_BEFORE = 7

# In the language of whoever is told, so it is read only when the text is made.
_day: Callable[[date], Any] = lazy(lambda value: date_format(value, "SHORT_DATE_FORMAT"), str)


def commitments_due(today: date) -> Iterator[Telling]:
    """Commitments due within a week, today or overdue: to whoever has them, else to the unit's officers. Overdue ones come
    back every week, and then the unit's leads are told as well. Three queries."""
    due = Commitment.objects.unsettled().filter(due_on__lte=today + timedelta(days=DAYS_BEFORE))
    rows = list(due.select_related("assignee", "unit", "partner"))
    officers = officers_of(row.unit_id for row in rows if row.assignee is None)
    leads = leads_of(row.unit_id for row in rows if row.is_overdue(today))
    for row in rows:
        told = [row.assignee] if row.assignee else may_be_told(row, officers.get(row.unit_id, []))
        if row.is_overdue(today):
            told += [user for user in may_be_told(row, leads.get(row.unit_id, [])) if user not in told]
        link = row.get_absolute_url()
        yield Telling([user for user in told if user.is_active], NotificationTopic.COMMITMENT, _key(row, today), _text(row, today), link)


def _key(row: Commitment, today: date) -> str:
    """The same key tells nobody twice: once before, once on the day, once in each week after it."""
    days_late = (today - row.due_on).days  # type: ignore[operator]  # chosen by its day
    step = f"late{days_late // 7}" if days_late > 0 else "today" if days_late == 0 else "soon"
    return f"{commitment_key(row)}due:{row.due_on}:{step}"


def _text(row: Commitment, today: date) -> str | Promise:
    words = words_to_tell(row)
    if row.due_on == today:
        return format_lazy(_("We promised it by today: {}") if row.owed_by == Side.OURS else _("They promised it by today: {}"), words)
    if row.is_overdue(today):
        said = _("Overdue since {day}, promised by us: {words}"), _("Overdue since {day}, promised to us: {words}")
    else:
        said = _("We promised it by {day}: {words}"), _("They promised it by {day}: {words}")
    return format_lazy(said[row.owed_by != Side.OURS], day=_day(row.due_on), words=words)  # type: ignore[arg-type]  # it has a day
