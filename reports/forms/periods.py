from collections.abc import Mapping
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from reports.choices import PeriodKind
from reports.forms.days import refuse_too_early
from reports.metrics.completeness import USUAL_PERIOD
from reports.metrics.periods import CALENDAR_KINDS, Period, last_over, period_of


def chosen_period(parameters: Mapping[str, str], as_of: date) -> Period:
    """Return the period of ``kind`` that ``start`` belongs to; without ``start`` the last one over on the day.

    Raises ValidationError for a kind or a day that there is not.
    """
    kinds = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in CALENDAR_KINDS],
        required=False,
        error_messages={"invalid_choice": _("“%(value)s” is no period. Choose week, month, quarter, half_year or year.")},
    )
    days = forms.DateField(
        required=False,
        error_messages={"invalid": _("“From” is not a day. Write it as 01/07/2025 or 2025-07-01.")},
    )
    kind = PeriodKind(kinds.clean(parameters.get("kind", "")) or USUAL_PERIOD)
    start: date | None = days.clean(parameters.get("start", ""))
    refuse_too_early(start)
    return period_of(kind, start) if start else last_over(kind, as_of)
