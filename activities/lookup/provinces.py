"""What provinces became and what they were, step by step through every merger on record."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Province, ProvinceSuccession


class ProvinceLineage:
    """The successions of provinces up to a day, read in one query when first asked for."""

    def __init__(self, day: date | None = None) -> None:
        self.day = day or timezone.localdate()
        self._after: dict[int, list[Province]] | None = None
        self._before: dict[int, list[Province]] = defaultdict(list)

    def today_of(self, province: Province) -> list[Province]:
        """Return the provinces of the day in which the given one lies; itself where it still exists."""
        after = self._following()
        if province.pk not in after:
            return [province]
        ways = {following.pk: following for found in _reached(province.pk, after) for following in after.get(found, [])}
        return sorted((found for found in ways.values() if found.pk not in after), key=lambda found: found.sort_key)

    def told(self, province: Province) -> str:
        """The province as it was called, and what it is part of by now: “Hà Tây (now: Hà Nội)”."""
        today = self.today_of(province)
        if today == [province]:
            return province.name
        return _("%(former)s (now: %(today)s)") % {"former": province.name, "today": ", ".join(each.name for each in today)}

    def kin_of(self, provinces: Iterable[Province]) -> set[int]:
        """Keys of the provinces given, of all that went into them and of all that they went into."""
        after = self._following()
        return {key for province in provinces for key in (*_reached(province.pk, after), *_reached(province.pk, self._before))}

    def _following(self) -> dict[int, list[Province]]:
        if self._after is None:
            self._after = {}
            rows = ProvinceSuccession.objects.filter(happened_on__lte=self.day).select_related("predecessor", "successor")
            for row in rows.order_by("happened_on", "id"):
                self._after.setdefault(row.predecessor_id, []).append(row.successor)
                self._before[row.successor_id].append(row.predecessor)
        return self._after


def _reached(start: int, steps: Mapping[int, list[Province]]) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        for province in steps.get(waiting.pop(), []):
            if province.pk not in reached:
                reached.add(province.pk)
                waiting.append(province.pk)
    return reached
