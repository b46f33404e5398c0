"""Which partners the names of a list mean: exactly, without marks and case, by any of their names."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from crm.text import fold
from partners.models import Partner

# So many names are asked for in one query.
NAMES_ASKED = 50


@dataclass
class NamedPartners:
    """Partners in use by folded name, loaded by the names that a list has. One query for every fifty new names."""

    _by_name: dict[str, list[Partner]] = field(default_factory=lambda: defaultdict(list))
    _asked: set[str] = field(default_factory=set)

    def load(self, names: Iterable[str]) -> None:
        missing = sorted({folded for name in names if (folded := fold(name))} - self._asked)
        self._asked.update(missing)
        for start in range(0, len(missing), NAMES_ASKED):
            some = missing[start : start + NAMES_ASKED]
            held = Q(pk__in=[])
            for name in some:
                held |= Q(search_key__contains=name)
            for partner in Partner.objects.live().filter(held).order_by("pk"):
                for line in set(partner.search_key.split("\n")) & set(some):
                    self._by_name[line].append(partner)

    def called(self, name: str, *, country_id: int | None = None) -> list[Partner]:
        """Return the partners called so, of the country where one is given; load them before."""
        found = self._by_name.get(fold(name), [])
        return [partner for partner in found if country_id is None or partner.country_id == country_id]
