"""What plan lines ask of fields, provinces and kinds of partner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reports.choices import Axis
from reports.models import PlanLine

# Which column of a plan line names a column of the axis. Quarters are asked for by duties, not by targets.
NAMED_BY = {Axis.FIELD: "field", Axis.PROVINCE: "province", Axis.PARTNER_KIND: "partner_kind"}


@dataclass(frozen=True)
class Targets:
    """N exchanges in 365 days by (country, column) and by (tier, column); None where the line exempts.

    A tier's target is asked of each of its countries, as its duty is; a country's own goes before it. ``of_all``: what
    is asked of a column with nobody named, of all countries together.
    """

    of_countries: Mapping[tuple[int, int], int | None]
    of_tiers: Mapping[tuple[int, int], int | None]
    of_all: Mapping[int, int]

    @classmethod
    def on(cls, as_of: date, axis: Axis) -> "Targets":
        """Read the lines that hold on the day and name a column of the axis and nothing else but a tier or country. One query."""
        if axis not in NAMED_BY:
            return cls({}, {}, {})
        named = NAMED_BY[axis]
        others = {f"{name}__isnull": True for name in NAMED_BY.values() if name != named}
        of_countries: dict[tuple[int, int], int | None] = {}
        of_tiers: dict[tuple[int, int], int | None] = {}
        of_all: dict[int, int] = {}
        lines = PlanLine.objects.live().targets().on(as_of).filter(**{f"{named}__isnull": False}, **others).order_by("id")
        for country, tier, column, required, exempt in lines.values_list("country", "tier", named, "required", "exempt"):
            asked = None if exempt else required
            if country is not None:
                of_countries[country, column] = asked
            elif tier is not None:
                of_tiers[tier, column] = asked
            elif asked is not None:
                of_all[column] = asked
        return cls(of_countries, of_tiers, of_all)

    def asked(self, country_id: int, tier_id: int, column: int) -> tuple[int | None, bool]:
        """N for a country as a member of a tier, None where nothing is asked; and whether a line exempts it."""
        for lines, key in ((self.of_countries, (country_id, column)), (self.of_tiers, (tier_id, column))):
            if key in lines:
                return lines[key], lines[key] is None
        return None, False
