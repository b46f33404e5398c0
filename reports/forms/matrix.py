"""What the address of the coverage matrix says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from crm.models import Field, Tier
from reports.choices import Axis
from reports.forms.days import chosen_day
from reports.forms.moments import Moment, chosen_moment
from reports.metrics.days import policy_on

# An axis with more columns than this stands down the page, where names have room, and the rows go across.
MOST_ACROSS = 8


@dataclass(frozen=True)
class Look:
    """How the matrix is looked at; one address is one look.

    ``compared``: a second, usually earlier day, with which every cell is compared. ``map_of_today``: provinces as of today
    rather than of T. ``turned``: columns stand down the page; None as it fits.
    """

    moment: Moment
    compared: date | None = None
    axis: Axis = Axis.QUARTER
    by_country: bool = False
    tier: Tier | None = None
    group: Field | None = None
    map_of_today: bool = False
    turned: bool | None = None

    @property
    def as_of(self) -> date:
        return self.moment.as_of

    @property
    def known_on(self) -> date | None:
        return self.moment.known_on

    @property
    def shows_countries(self) -> bool:
        return self.by_country or self.tier is not None

    def query(self, *, group_code: str = "", **changes: Any) -> str:
        """The address of this look, or of one that differs from it so; ``group_code`` opens a group of fields."""
        look = replace(self, **changes)
        group = group_code or (look.group.code if look.group else "")
        parameters = {
            "as_of": look.as_of.isoformat(),
            "with": look.compared and look.compared.isoformat(),
            "known_on": look.known_on and look.known_on.isoformat(),
            "axis": look.axis.value if look.axis != Axis.QUARTER else "",
            "rows": "countries" if look.by_country and look.tier is None else "",
            "tier": look.tier and look.tier.code,
            "group": group if look.axis == Axis.FIELD else "",
            "map": "today" if look.map_of_today and look.axis == Axis.PROVINCE else "",
            "turned": "" if look.turned is None else str(look.turned).lower(),
        }
        return urlencode({name: value for name, value in parameters.items() if value})


def read_look(parameters: Mapping[str, str]) -> Look:
    """Read what the address says; words that name nothing are passed over. Raises ValidationError for days that are none."""
    moment = chosen_moment(parameters)
    compared = _compared(parameters)
    axis, turned = parameters.get("axis", ""), parameters.get("turned", "")
    return Look(
        moment=moment,
        compared=compared if compared != moment.as_of else None,
        axis=Axis(axis) if axis in Axis.values else Axis.QUARTER,
        by_country=parameters.get("rows") == "countries",
        tier=_by_code(Tier, parameters.get("tier", "")),
        group=_by_code(Field, parameters.get("group", "")),
        map_of_today=parameters.get("map") == "today",
        turned={"true": True, "false": False}.get(turned),
    )


def _compared(parameters: Mapping[str, str]) -> date | None:
    """The second day; None without one. Raises ValidationError as ``chosen_day`` does, and for a day without a policy."""
    if not parameters.get("with"):
        return None
    day = chosen_day({"as_of": parameters["with"]})
    policy_on(day)
    return day


def _by_code(model: Any, code: str) -> Any:
    """The row of the code; None without one, or for a code of nothing."""
    return model._default_manager.filter(code=code).first() if code and "\x00" not in code else None
