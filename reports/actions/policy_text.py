"""Writing a policy version as its file, the text that ``load_policy`` reads."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from activities.choices import Level, PointsClass, merit_code
from reports.actions.policy_files import PolicyFile
from reports.models import PolicyVersion

# The tables of a file, and what stands before them.
HEAD = ("code", "name", "effective_from", "approved_on", "approver", "reason", "half_life_days", "window_days", "half_index_points")
TABLES = ("base_points", "level_factors", "sides_factors", "caps", "bands")


def policy_text(content: Mapping[str, Any]) -> str:
    """Return the file of the values and tables: numbers as they are, days bare, texts in quotes."""
    return "\n".join(_lines(content)) + "\n"


def text_of(policy: PolicyVersion) -> str:
    """The file of a stored version: the one it was loaded from, else one that means the same."""
    return policy.source or policy_text(content_of(policy))


def content_of(policy: PolicyVersion) -> dict[str, Any]:
    """The values and tables of a stored version, as its file has them; numbers exact."""
    return PolicyFile(policy.source).content if policy.source else _from_rows(policy)


def as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """The tables and whole numbers of a version without its name and days, as a draft keeps them: exact numbers as texts."""
    chosen = {name: content[name] for name in ("half_life_days", "window_days", "half_index_points", *TABLES, "cadences")}
    kept: dict[str, Any] = json.loads(json.dumps(chosen, default=_plain))
    for table in ("base_points", "level_factors", "sides_factors"):
        kept[table] = {key: str(value) for key, value in kept[table].items()}
    for cap in ("day_points", "letter_points"):
        kept["caps"][cap] = str(kept["caps"][cap])
    return kept


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    for key in HEAD:
        if key in content:
            yield f"{key} = {_written(content[key])}"
    for table in TABLES:
        yield from _table(table, content[table])
    for code, asked in content["cadences"].items():
        yield from _table(f"cadences.{code}", asked)


def _table(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"[{name}]"
    for key, value in values.items():
        # Exact numbers are kept as texts in JSON; only these tables have levels, which are words.
        yield f"{key} = {_written(value) if key == 'least_level' else _bare(value)}"


def _bare(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _written(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _from_rows(policy: PolicyVersion) -> dict[str, Any]:
    """Take the products of the points apart again: of the working level, both sides, comes the base."""
    hundredths = dict(policy.points.values_list("merit", "hundredths"))

    def points(points_class: int, level: int, *, one_sided: bool = False) -> int:
        return hundredths[merit_code(points_class, level, one_sided=one_sided)]

    known = next(member for member in PointsClass if points(member, Level.WORKING))
    whole = points(known, Level.WORKING)
    cadences = policy.cadences.select_related("tier").order_by("tier__rank", "tier_id")
    return {
        **{name: getattr(policy, name) for name in HEAD},
        "approved_on": policy.approved_on or policy.effective_from,
        "approver": policy.approver or str(policy.approved_by or ""),
        "base_points": {member.name.lower(): _exact(points(member, Level.WORKING), 100) for member in PointsClass},
        "level_factors": {level.name.lower(): _exact(points(known, level), whole) for level in Level},
        "sides_factors": {"both": Decimal(1), "one": _exact(points(known, Level.WORKING, one_sided=True), whole)},
        "caps": {
            "day_points": _exact(policy.day_cap, 100),
            "letter_points": _exact(policy.letter_cap, 100),
            "letter_days": policy.letter_cap_days,
        },
        "bands": {"thin": policy.band_thin, "kept": policy.band_kept, "close": policy.band_close},
        "cadences": {
            row.tier.code: {
                "required": row.required,
                "cadence_days": row.cadence_days,
                "least_level": Level(row.least_level).name.lower(),
            }
            for row in cadences
        },
    }


def _exact(part: int, whole: int) -> Decimal:
    value = Fraction(part, whole)
    return Decimal(value.numerator) / Decimal(value.denominator)
