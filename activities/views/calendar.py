"""The calendar: a month, or a list of days, of what is visible to the reader."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from activities.calendar.entries import Entry, EntryKind, Selection, Whose, entries, next_month, previous_month, weeks_of
from activities.views.months import month_of
from crm.forms import Combobox
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Unit
from crm.permissions import Permission, requires
from partners.forms.fields import PlainKeysMixin

IN_A_CELL = 4


class CalendarForm(PlainKeysMixin, forms.Form):
    """What of the calendar is shown; nothing ticked means every kind."""

    whose = forms.ChoiceField(label=_("Whose"), choices=Whose.choices, required=False)
    unit = forms.ModelChoiceField(
        label=_("Unit"), queryset=Unit.objects.all(), to_field_name="public_id", required=False,
        widget=Combobox("activities:unit-options", hint=_("Type a unit's name")),
    )  # fmt: skip
    kind = forms.MultipleChoiceField(label=_("Show"), choices=EntryKind.choices, required=False, widget=forms.CheckboxSelectMultiple)


@require_safe
@requires(Permission.SIGNED_IN)
def calendar(request: SignedInRequest) -> HttpResponse:
    """``?month=2027-02`` is the month, ``?view=agenda`` shows it as a list of days."""
    today = timezone.localdate()
    month = month_of(request.GET.get("month")) or today.replace(day=1)
    form = CalendarForm(request.GET)
    found = entries(_selection(request, form, month)) if form.is_valid() else []
    as_agenda = request.GET.get("view") == "agenda"
    context: dict[str, Any] = {
        "form": form,
        "month": month,
        "today": today,
        "previous": previous_month(month),
        "next": next_month(month),
        "this_month": today.replace(day=1),
        "as_agenda": as_agenda,
        "days": _days_of(month, found) if as_agenda else [],
        "weeks": [] if as_agenda else _cells(weeks_of(month, found), month),
        "weekdays": [date(2026, 6, day) for day in range(1, 8)],  # A week from a Monday on, for the names of its days.
        "is_empty": not found,
    }
    return render(request, "activities/calendar.html", context, status=200 if form.is_valid() else UNPROCESSABLE)


def _selection(request: SignedInRequest, form: CalendarForm, month: date) -> Selection:
    asked = form.cleaned_data
    whose = Whose(asked["whose"] or (Whose.ALL if request.user.scope.central else Whose.UNITS))
    kinds = frozenset(EntryKind(kind) for kind in asked["kind"]) or frozenset(EntryKind)
    # A month of the page shows the ends of the weeks round it as well.
    since, until = month - timedelta(days=month.weekday()), next_month(month) + timedelta(days=6)
    return Selection(request.user, since, until, whose, asked["unit"], kinds)


def _cells(weeks: list[list[tuple[date, list[Entry]]]], month: date) -> list[list[dict[str, Any]]]:
    return [
        [
            {
                "day": day,
                "entries": found[:IN_A_CELL],
                "rest": found[IN_A_CELL:],
                "outside": (day.year, day.month) != (month.year, month.month),
            }
            for day, found in week
        ]
        for week in weeks
    ]


def _days_of(month: date, found: list[Entry]) -> list[tuple[date, list[Entry]]]:
    """Days of the month with their entries; one that began before stands on the first."""
    last = next_month(month) - timedelta(days=1)
    shown = sorted(((max(entry.on, month), entry) for entry in found if entry.on <= last and entry.last >= month), key=lambda pair: pair[0])
    return [(day, [entry for _day, entry in pairs]) for day, pairs in groupby(shown, key=lambda pair: pair[0])]
