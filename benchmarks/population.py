"""The deterministic data set of the benchmarks: skewed as real networks are.

Full size: 100,000 partners in 200 countries, 250,000 people, 2,000,000 exchanges with 2.8 million participations
over six years. The first thousandth of the partners holds a third of the participations; two fifths hold none.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from activities.choices import Level, Sides, merit_code
from activities.models import Exchange, ExchangeKind
from crm.identifiers import new_public_id
from crm.models import Country, Unit
from crm.text import fold, sort_key
from partners.models import PartnerKind
from partners.models.partners import EPOCH

LAST_DAY = date(2026, 11, 20)
YEARS = 6
_WORDS = [
    "Hội Hữu nghị",
    "Viện",
    "Đại học",
    "Quỹ",
    "Trung tâm",
    "Liên hiệp",
    "Friendship",
    "Institute",
    "University",
    "Foundation",
    "Centre",
    "Union",
    "Alliance",
    "Société",
    "Association",
    "Общество",
    "Институт",
    "Federación",
    "Comité",
    "Council",
    "Academy",
    "Network",
    "Forum",
    "Chamber",
]
_NAMES = [
    "Lào",
    "Việt",
    "Mekong",
    "Hòa Bình",
    "Hoà Hợp",
    "Sông Hồng",
    "Angkor",
    "Luang",
    "Siam",
    "Andes",
    "Caribe",
    "Volga",
    "Danube",
    "Nordic",
    "Pacific",
    "Sakura",
    "Hangang",
    "Baltic",
    "Atlas",
    "Savane",
    "Delta",
    "Horizon",
    "Aurora",
    "Unity",
    "Bridge",
    "Lotus",
    "Bamboo",
    "Peace",
    "Đoàn Kết",
    "Ánh Sáng",
    "Youth",
    "Women",
    "Health",
    "Climate",
]


@dataclass(frozen=True)
class Size:
    """How many rows; ``scale`` 1.0 is the full size."""

    scale: float

    @property
    def partners(self) -> int:
        return int(100_000 * self.scale)

    @property
    def people(self) -> int:
        return int(250_000 * self.scale)

    @property
    def exchanges(self) -> int:
        return int(2_000_000 * self.scale)


class Population:
    """Rows as plain tuples in column order, for COPY or executemany. The same seed gives the same rows."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.random = random.Random(20261121)
        self.kinds = list(PartnerKind.objects.order_by("id").values_list("id", flat=True))
        self.countries = list(Country.objects.filter(kind="country").order_by("alpha2").values_list("id", flat=True)[:200])
        self.units = list(Unit.objects.order_by("id").values_list("id", flat=True))
        self.exchange_kinds = [kind for kind in ExchangeKind.objects.order_by("id") if kind.points_class is not None]
        self.now = f"{LAST_DAY}T09:00:00+07:00"

    def partners(self) -> Iterator[tuple[Any, ...]]:
        for number in range(1, self.size.partners + 1):
            name = f"{self.random.choice(_WORDS)} {self.random.choice(_NAMES)} {self.random.choice(_NAMES)} {number}"
            country = self.countries[min(int(self.random.expovariate(1 / 25)), len(self.countries) - 1)]
            kind = self.random.choice(self.kinds)
            yield (
                number,
                str(new_public_id()),
                1,
                self.now,
                self.now,
                name,
                "vi",
                kind,
                country,
                "",
                "",
                "active",
                "",
                False,
                fold(name),
                sort_key(name),
            )

    def people(self) -> Iterator[tuple[Any, ...]]:
        for number in range(1, self.size.people + 1):
            name = f"{self.random.choice(_NAMES)} {self.random.choice(_NAMES)} {number}"
            country = self.random.choice(self.countries)
            unit = self.random.choice(self.units)
            yield (
                number, str(new_public_id()), 1, self.now, self.now, name, "", "", "", "", "", "given_first", "", "", "", country, "", "",
                "", "", "", "not_asked", "network", unit, False, fold(name), sort_key(name),
            )  # fmt: skip

    def exchanges(self) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
        """Each exchange with its participations (1.4 on average) and, for three in ten, a person of theirs."""
        for number in range(1, self.size.exchanges + 1):
            kind = self.random.choice(self.exchange_kinds)
            day = LAST_DAY - timedelta(days=int(self.random.random() * 365 * YEARS))
            level = self.random.choices((Level.WORKING, Level.DEPUTY, Level.LEADER), (75, 20, 5))[0].value
            one_sided = self.random.random() < 0.15
            unit = self.random.choice(self.units)
            mask = 1 << self.random.randrange(45)
            direction = self.random.choice(("in", "out", "mutual"))
            sides = Sides.OURS if one_sided else Sides.BOTH
            row = (
                number, str(new_public_id()), 1, self.now, self.now, kind.pk, "", day.isoformat(), direction, level, sides, "held", "",
                unit, "", "", "unit", False, "",
            )  # fmt: skip
            merit = merit_code(kind.points_class or 0, level, one_sided=one_sided)
            facts = ((day - EPOCH).days, merit, not one_sided, direction, level, True, mask, unit)
            chosen = {self._partner() for _ in range(self.random.choices((1, 2, 3), (68, 24, 8))[0])}
            participations = [(number, partner, 1, *facts) for partner in sorted(chosen)]
            present = [(number, "theirs", self.random.randrange(1, self.size.people + 1), "", "", 1)] if self.random.random() < 0.3 else []
            yield row, participations, present

    def _partner(self) -> int:
        """A third of all from the first thousandth of partners, the rest from the next three fifths."""
        top = max(1, self.size.partners // 1000)
        if self.random.random() < 1 / 3:
            return self.random.randrange(1, top + 1)
        return self.random.randrange(top + 1, max(top + 2, int(self.size.partners * 0.6)))


PARTNER_COLUMNS = [
    "id",
    "public_id",
    "revision",
    "created_at",
    "updated_at",
    "name",
    "name_language",
    "kind_id",
    "country_id",
    "city",
    "website",
    "status",
    "interests",
    "is_demo",
    "search_key",
    "sort_key",
]
PERSON_COLUMNS = [
    "id",
    "public_id",
    "revision",
    "created_at",
    "updated_at",
    "full_name",
    "latin_name",
    "native_name",
    "family_name",
    "middle_name",
    "given_name",
    "name_order",
    "how_to_address",
    "salutation_en",
    "salutation_native",
    "country_id",
    "languages",
    "email",
    "phone",
    "protocol_notes",
    "purpose",
    "consent",
    "confidentiality",
    "unit_id",
    "is_demo",
    "search_key",
    "sort_key",
]
EXCHANGE_COLUMNS = [
    "id",
    "public_id",
    "revision",
    "created_at",
    "updated_at",
    "kind_id",
    "title",
    "starts_on",
    "direction",
    "level",
    "sides",
    "status",
    "place",
    "host_unit_id",
    "summary",
    "outcome",
    "confidentiality",
    "is_demo",
    "search_key",
]
PARTICIPATION_COLUMNS = [
    "exchange_id",
    "partner_id",
    "rank",
    "day_no",
    "merit",
    "two_way",
    "direction",
    "level",
    "counted",
    "field_mask",
    "host_unit_id",
]
ATTENDANCE_COLUMNS = ["exchange_id", "side", "person_id", "name", "title", "rank"]
EXCHANGE_TABLE = Exchange._meta.db_table
