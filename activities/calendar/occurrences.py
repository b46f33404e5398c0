"""Occasions in a year: on which day they fall, and how big the anniversary is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Occasion

LEAP_DAY = (2, 29)


class AnniversaryClass(models.TextChoices):
    """The decrees sort anniversaries by the last digit of their number; texts use the words for it differently."""

    TEN = "ten", gettext_lazy("Year ending in 0")
    FIVE = "five", gettext_lazy("Year ending in 5")
    OTHER = "other", gettext_lazy("Other year")


@dataclass(frozen=True)
class Occurrence:
    """An occasion in one year."""

    occasion: Occasion
    on: date

    @property
    def number(self) -> int | None:
        """How many years since it began; None where that is not known or there is none to count yet."""
        since = self.occasion.year
        return self.on.year - since if since and self.on.year > since else None

    @property
    def anniversary_class(self) -> AnniversaryClass | None:
        if self.number is None:
            return None
        return {0: AnniversaryClass.TEN, 5: AnniversaryClass.FIVE}.get(self.number % 10, AnniversaryClass.OTHER)

    @property
    def is_moved(self) -> bool:
        """Whether the day is 29 February, kept on 28 February in a year that has none."""
        return (self.occasion.month, self.occasion.day) == LEAP_DAY and self.on.day != LEAP_DAY[1]

    @property
    def size(self) -> str:
        """``50 years``; empty where there is no number."""
        return "" if self.number is None else _("%(number)s years") % {"number": self.number}

    @property
    def title(self) -> str:
        return f"{self.occasion.name} · {self.size}" if self.number else self.occasion.name

    def get_absolute_url(self) -> str:
        return reverse("activities:occasion-day", args=[self.occasion.code, self.on.year])


def day_in(occasion: Occasion, year: int) -> date:
    """The day of the occasion in the year; 29 February is kept on 28 February where the year has none."""
    try:
        return date(year, occasion.month, occasion.day)
    except ValueError:
        return date(year, occasion.month, occasion.day - 1)


def occurrences(since: date, until: date, occasions: Iterable[Occasion] | None = None) -> list[Occurrence]:
    """Occasions that are kept on some day from ``since`` to ``until``, both included, by day. One query over a small table."""
    kept = Occasion.objects.select_related("country") if occasions is None else occasions
    found = [
        Occurrence(occasion, on)
        for occasion in kept
        for year in range(since.year, until.year + 1)
        if since <= (on := day_in(occasion, year)) <= until and not _is_over(occasion, on)
    ]
    return sorted(found, key=lambda occurrence: (occurrence.on, occurrence.occasion.code))


def occasions_for(countries: Iterable[int]) -> Any:
    """Occasions of the countries, and those of no country, which are everybody's."""
    return Occasion.objects.filter(Q(country__in=countries) | Q(country__isnull=True)).select_related("country")


def class_label(occurrence: Occurrence) -> str | Promise:
    found = occurrence.anniversary_class
    return found.label if found else ""


def _is_over(occasion: Occasion, on: date) -> bool:
    return (occasion.retired_on is not None and on >= occasion.retired_on) or (occasion.year is not None and on.year < occasion.year)
