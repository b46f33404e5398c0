"""Priority tiers, and who is in them when."""

import csv
from functools import cache
from pathlib import Path

from crm.models import Country, Tier, TierMembership
from crm.reference.files import Row
from crm.reference.tables import Table, columns, no_overlap

FOLDER = Path(__file__).parent
_TIERS_FILE = FOLDER / "tiers.csv"


@cache
def _exclusive_groups() -> dict[str, str]:
    """Tier code → its group, for the groups in which a country holds at most one tier at a time."""
    with _TIERS_FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["group"] for row in csv.DictReader(file) if row["exclusive_in_group"] == "True"}


def _step_of_an_exclusive_ladder(row: Row) -> tuple[str, str] | None:
    group = _exclusive_groups().get(row.cells["tier"])
    return (group, row.cells["country"]) if group else None


TIERS = (
    Table(
        model=Tier,
        path=_TIERS_FILE,
        columns=columns("code group exclusive_in_group rank label_vi label_en label_ru label_fr source confidence note"),
        key=("code",),
    ),
    Table(
        model=TierMembership,
        path=FOLDER / "tier_membership.csv",
        columns=columns("tier country valid_from valid_to precision label_vi label_en source confidence note"),
        key=("tier", "country", "valid_from"),
        references={"tier": Tier, "country": Country},
        pair_by=("tier", "country"),
        checks=(no_overlap(_step_of_an_exclusive_ladder),),
    ),
)
