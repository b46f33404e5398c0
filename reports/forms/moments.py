"""The two days of a figure: the day that it is of, and the day on which its records stood so in the system."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.known import as_known_on
from reports.metrics.days import policy_on
from reports.models import PolicyVersion


@dataclass(frozen=True)
class Moment:
    """``as_of``: what had happened by then counts. ``known_on``: as the records stood then; None: as they stand now."""

    as_of: date
    known_on: date | None
    policy: PolicyVersion

    def reading(self) -> AbstractContextManager[None]:
        """Read the figures, and draw the page, inside this."""
        return as_known_on(self.known_on) if self.known_on else nullcontext()

    @property
    def is_known_before(self) -> bool:
        """Whether records are asked for from before the day itself, when later days were plans at most."""
        return self.known_on is not None and self.known_on < self.as_of

    @property
    def query(self) -> str:
        """The two days as an address says them."""
        known = {"known_on": self.known_on.isoformat()} if self.known_on else {}
        return urlencode({"as_of": self.as_of.isoformat(), **known})


def chosen_moment(parameters: Mapping[str, str], *, as_of: date | None = None, known_on: date | None = None) -> Moment:
    """Return the days of ``as_of`` and ``known_on`` in an address, as staff or machines write them.

    Where they are missing, the days given here; without those, today and as known now. Raises ValidationError for what is
    no day, for days still to come, and where no policy is in force.
    """
    today = timezone.localdate()
    chosen = _DayForm(parameters)
    if not chosen.is_valid():
        raise ValidationError([error for errors in chosen.errors.as_data().values() for error in errors])
    day: date = chosen.cleaned_data["as_of"] or as_of or today
    known: date | None = chosen.cleaned_data["known_on"] or known_on
    if known is not None and known > today:
        text = _("“As known on” %(day)s is still to come. Choose a day up to today.")
        raise ValidationError(text, code="future", params={"day": f"{known:%d/%m/%Y}"})
    return Moment(day, None if known == today else known, policy_on(day))


class _DayForm(forms.Form):
    as_of = forms.DateField(required=False, error_messages={"invalid": _("“As of” is not a day. Write it as 30/09/2025 or 2025-09-30.")})
    known_on = forms.DateField(
        required=False, error_messages={"invalid": _("“As known on” is not a day. Write it as 30/09/2025 or 2025-09-30.")}
    )
