"""What provinces became and what they were, step by step through every merger on record."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Province, ProvinceSuccession

# Of rows with a province: its name and what it became, through two mergers, without a query for each row.
BECAME = "successions__successor__successions__successor"


def today_of(province: Province) -> list[Province]:
    """Return the provinces of today in which the given one lies; itself where it still exists."""
    today, found, seen, waiting = timezone.localdate(), {}, {province.pk}, [province]
    while waiting:
        step = waiting.pop()
        following = [row.successor for row in step.successions.all() if row.happened_on <= today]
        if not following:
            found[step.pk] = step
        for successor in following:
            if successor.pk not in seen:
                seen.add(successor.pk)
                waiting.append(successor)
    return sorted(found.values(), key=lambda each: each.sort_key)


def told(province: Province) -> str:
    """The province as it was called, and what it is part of by now: “Hà Tây (now: Hà Nội)”."""
    today = today_of(province)
    if [each.name for each in today] == [province.name]:
        return province.name
    return _("%(former)s (now: %(today)s)") % {"former": province.name, "today": ", ".join(each.name for each in today)}


def kin_of(provinces: Iterable[Province]) -> set[int]:
    """Keys of the provinces given, of all that went into them and of all that they went into. One query."""
    after: dict[int, list[int]] = defaultdict(list)
    before: dict[int, list[int]] = defaultdict(list)
    for predecessor, successor in ProvinceSuccession.objects.values_list("predecessor", "successor"):
        after[predecessor].append(successor)
        before[successor].append(predecessor)
    return {pk for province in provinces for steps in (after, before) for pk in _reached(province.pk, steps)}


def _reached(start: int, steps: Mapping[int, list[int]]) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        for pk in steps.get(waiting.pop(), ()):
            if pk not in reached:
                reached.add(pk)
                waiting.append(pk)
    return reached
