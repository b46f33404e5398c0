"""A unit says that it has nothing to report for a period, or takes that back; and silent units are reminded (M9)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from activities.actions.recipients import officers_of
from crm.actions.notifications import Telling, notify_of, settle
from crm.actions.records import archive_record, save_record
from crm.choices import NotificationTopic
from crm.models import Unit, User
from crm.permissions import Permission
from reports.metrics.completeness import completeness_of, exchanges_of, is_due, with_those_below
from reports.metrics.periods import Period
from reports.models import NothingToReport

# Before the last days of a period nobody can know that it brings nothing.
EARLIEST_DAYS = 7

# In the language of whoever is told, so they are read only when the text is made.
_in_words: Callable[[Period], Any] = lazy(str, str)
_day: Callable[[date], Any] = lazy(lambda value: date_format(value, "SHORT_DATE_FORMAT"), str)


@transaction.atomic
def declare_nothing(unit: Unit, *, by: User, period: Period, remark: str = "") -> NothingToReport:
    """Put on record that the unit had nothing to report for the period; its officers need not be reminded any more.

    Raises PermissionDenied outside the author's units. Raises ValidationError where the unit is not asked, where the
    period still has more than a week to go, where exchanges of it are on record, and where it was said already.
    """
    if not by.may(Permission.DECLARE_NOTHING) or not by.scope.may_write_for(unit.pk):
        raise PermissionDenied
    if not is_due(unit):
        message = _("%(unit)s reports through the unit above it, so there is nothing to declare.")
        raise ValidationError(message, code="not-due", params={"unit": unit.display})
    if timezone.localdate() < period.end - timedelta(days=EARLIEST_DAYS):
        message = _("%(period)s still has more than a week to go. Declare it from %(day)s on.")
        day = _day(period.end - timedelta(days=EARLIEST_DAYS))
        raise ValidationError(message, code="too-early", params={"period": period, "day": day})
    _refuse_with_exchanges(unit, period, by=by)
    declaration = NothingToReport(unit=unit, period_from=period.start, period_to=period.end, remark=remark)
    save_record(declaration, by=by)
    settle(officers_of([unit.pk]).get(unit.pk, []), key=reminder_key(unit, period.start, period.end))
    return declaration


def withdraw_nothing(declaration: NothingToReport, *, by: User) -> None:
    """Take a declaration back: the unit counts as silent again, until it reports. It stays on record."""
    if not by.may(Permission.DECLARE_NOTHING) or not by.scope.may_write_for(declaration.unit_id):
        raise PermissionDenied
    archive_record(declaration, by=by)


def remind_silent(period: Period, *, by: User) -> tuple[int, list[Unit]]:
    """Tell the officers of every unit that is silent for the period; return how many units, and those without anybody to tell.

    Once a day at most, however often it is asked. Raises PermissionDenied for all but the secretariat, ValidationError for a
    period that is not over.
    """
    if not by.may(Permission.REMIND_UNITS):
        raise PermissionDenied
    today = timezone.localdate()
    if not period.is_over(today):
        message = _("%(period)s is not over yet. Remind the units after its last day.")
        raise ValidationError(message, code="not-over", params={"period": period})
    silent = completeness_of(period, today).silent
    officers = officers_of(unit.pk for unit in silent)
    told = [unit for unit in silent if unit.pk in officers]
    link = f"{reverse('reports:reporting')}?kind={period.kind}&start={period.start}"
    notify_of(
        Telling(
            users=officers[unit.pk],
            topic=NotificationTopic.REPORT,
            key=f"{reminder_key(unit, period.start, period.end)}{today}",
            text=format_lazy(_("{unit}: nothing is on record for {period}. Log what was held, or declare that there was nothing."),
                             unit=unit.display, period=_in_words(period)),
            link=link,
        )
        for unit in told
    )  # fmt: skip
    return len(told), [unit for unit in silent if unit.pk not in officers]


def reminder_key(unit: Unit, period_from: date, period_to: date) -> str:
    """How the keys of all reminders of a unit for a period begin."""
    return f"report:{unit.pk}:{period_from}:{period_to}:"


def _refuse_with_exchanges(unit: Unit, period: Period, *, by: User) -> None:
    """Only exchanges that the author may read speak against it: a refusal must not give a restricted one away."""
    held = exchanges_of(with_those_below(unit), period.start, period.end).visible_to(by).order_by("starts_on", "pk")
    if (count := held.count()) == 0:
        return
    message = ngettext_lazy(
        "%(unit)s has %(count)d exchange on record in this period, so there is something to report: “%(title)s” of %(day)s.",
        "%(unit)s has %(count)d exchanges on record in this period, so there is something to report; the first: “%(title)s” of %(day)s.",
        count,
    )
    first = held.select_related("kind")[0]
    params = {"unit": unit.display, "count": count, "title": first.title or first.kind.label, "day": _day(first.starts_on)}
    raise ValidationError(message % params, code="has-exchanges")
