"""M1 to M3 and M5 of every partner as of a day, in one statement over the facts; the same on both databases.

M2: E(p, T) = sum over days d in (T − 1095, T] of capped points(p, d) × weight(T − d). Points are whole hundredths,
weights whole billionths from the policy's published table, so E is an exact integer in units of 10^-11 points.

A partner has a row from its first counted exchange on. Without one there are no data, and no row.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection

from activities.choices import LEVELS, SIDES_STEPS, Side
from activities.models import Attendance, ExchangeUnit, Participation
from reports.choices import Band
from reports.metrics.caps import CUTS, cuts_on, keep_at_hand
from reports.metrics.days import ACTIVE_DAYS, BREADTH_DAYS, DEPTH_DAYS, MOMENTUM_DAYS, YEAR_DAYS, day_number, day_of
from reports.metrics.rounding import rounded
from reports.metrics.strength import band_of, engagement_index, momentum
from reports.models import PolicyPoints, PolicyVersion, PolicyWeight


@dataclass(frozen=True)
class Engagement:
    """The exact figures of one partner as of a day, named as the columns of a snapshot.

    ``strength``: E in 10^-11 points. ``recency_days``: days since the last two-way exchange. ``frequency``: days with
    a two-way exchange in 365 d. ``high_level_points`` of ``all_points``: hundredths before caps in 1095 d.
    ``field_mask``, ``people_met`` (theirs), ``units_involved`` (ours): in 730 d. ``longest_gap_days``: between two
    exchanges that followed each other. ``points_…``: capped hundredths of 180 days.
    """

    partner_id: int
    strength: int
    recency_days: int | None
    frequency: int
    high_level_points: int
    all_points: int
    field_mask: int
    people_met: int
    units_involved: int
    first_day_no: int
    longest_gap_days: int | None
    points_now: int
    points_before: int
    points_year_ago: int

    def index(self, policy: PolicyVersion) -> Decimal:
        return engagement_index(self.strength, policy)

    def band(self, policy: PolicyVersion) -> Band:
        return band_of(self.index(policy), policy)

    @property
    def depth(self) -> Decimal | None:
        """Share of points at leader or deputy level in 1095 d, before caps; None without points."""
        return rounded(Fraction(self.high_level_points, self.all_points), 3) if self.all_points else None

    @property
    def fields_touched(self) -> int | None:
        """None where exchanges of 730 d name no field: that is no data, not a breadth of zero."""
        return self._known(self.field_mask.bit_count())

    @property
    def people_known(self) -> int | None:
        """``people_met``, or None where exchanges of 730 d name nobody."""
        return self._known(self.people_met)

    def _known(self, count: int) -> int | None:
        return None if count == 0 and self.units_involved else count

    @property
    def first_day(self) -> date:
        return day_of(self.first_day_no)

    @property
    def momentum_sequential(self) -> Decimal | None:
        """M5: the last 180 days against the 180 days before."""
        return momentum(self.points_now, self.points_before)

    @property
    def momentum_seasonal(self) -> Decimal | None:
        """M5: the last 180 days against the same 180 days a year earlier."""
        return momentum(self.points_now, self.points_year_ago)


FIGURES = tuple(field.name for field in fields(Engagement))


def engagement(
    policy: PolicyVersion, as_of: date, partner_ids: Collection[int] | None = None, *, without: int | None = None
) -> Iterator[Engagement]:
    """Yield the figures as of the day, by partner: of all partners, or of those given. Two statements.

    ``without``: the key of an exchange that is left out, to tell what it does.
    """
    statement, parameters = engagement_statement(policy, as_of, partner_ids, without=without)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for row in cursor:
            yield Engagement(*row)


def engagement_of(policy: PolicyVersion, as_of: date, partner_id: int) -> Engagement | None:
    """Return the figures of one partner; None where there are no data."""
    return next(engagement(policy, as_of, [partner_id]), None)


def engagement_statement(
    policy: PolicyVersion, as_of: date, partner_ids: Collection[int] | None = None, *, without: int | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the figures, columns as in ``FIGURES``, with its parameters. Runs one query, for the letter cap.

    A snapshot inserts from this same statement, so what is stored and what is computed cannot differ.
    """
    today = day_number(as_of)
    partners, parameters = narrowed_to(partner_ids, without=without)
    cuts = cuts_on(policy, today=today, partners=partners, parameters=parameters)
    keep_at_hand(cuts)
    parameters |= {
        "cuts": json.dumps(cuts),
        "policy": policy.pk,
        "day_cap": policy.day_cap,
        "theirs": Side.THEIRS.value,
        "today": today,
        "active": today - ACTIVE_DAYS,
        "breadth": today - BREADTH_DAYS,
        "depth": today - DEPTH_DAYS,
        "now": today - MOMENTUM_DAYS,
        "before": today - 2 * MOMENTUM_DAYS,
        "year_ago": today - YEAR_DAYS,
        "season": today - YEAR_DAYS - MOMENTUM_DAYS,
    }
    return _STATEMENT.format(capped_days=capped_days(partners), partners=partners, **NAMES), parameters


def capped_days(partners: str) -> str:
    """Return the CTEs that end in ``capped``: each day of contact of each partner with the hundredths that count on it."""
    return _CAPPED_DAYS.format(cuts=CUTS[connection.vendor], partners=partners, **NAMES)


def narrowed_to(partner_ids: Collection[int] | None, *, without: int | None = None) -> tuple[str, dict[str, Any]]:
    """Return SQL that narrows the facts ``f`` to the partners, and leaves an exchange out, with its parameters."""
    kept, parameters = ("", {}) if without is None else ("AND f.exchange_id <> %(without)s", {"without": without})
    if partner_ids is None:
        return kept, parameters
    names = {f"partner_{number}": partner_id for number, partner_id in enumerate(sorted(partner_ids))}
    listed = ", ".join(f"%({name})s" for name in names) or "NULL"
    return f"AND f.partner_id IN ({listed}) {kept}", {**parameters, **names}


NAMES = {
    "facts": Participation._meta.db_table,
    "points": PolicyPoints._meta.db_table,
    "weights": PolicyWeight._meta.db_table,
    "attendances": Attendance._meta.db_table,
    "co_units": ExchangeUnit._meta.db_table,
    "levels": LEVELS,
    "sides_steps": SIDES_STEPS,
}

_CAPPED_DAYS = """
cuts AS ({cuts}),
points AS (
    SELECT merit, hundredths, CASE WHEN merit / {sides_steps} %% {levels} > 0 THEN hundredths ELSE 0 END AS high_level
    FROM {points} WHERE policy_id = %(policy)s
), contact_day AS (
    SELECT f.partner_id, f.day_no,
           CAST(SUM(points.hundredths) AS integer) AS points,
           CAST(SUM(points.high_level) AS integer) AS high_level,
           MAX(CASE WHEN f.two_way THEN f.day_no END) AS two_way_day,
           f.day_no - LAG(f.day_no) OVER (PARTITION BY f.partner_id ORDER BY f.day_no) AS gap
    FROM {facts} f JOIN points ON points.merit = f.merit
    WHERE f.counted AND f.day_no <= %(today)s {partners}
    GROUP BY f.partner_id, f.day_no
), letters_capped AS (
    SELECT d.*, d.points - COALESCE(cuts.cut, 0) AS uncut, w.billionths
    FROM contact_day d
    LEFT JOIN cuts ON cuts.partner_id = d.partner_id AND cuts.day_no = d.day_no
    LEFT JOIN {weights} w ON w.policy_id = %(policy)s AND w.age = %(today)s - d.day_no
), capped AS (
    SELECT l.*, CASE WHEN uncut > %(day_cap)s THEN %(day_cap)s ELSE uncut END AS counted FROM letters_capped l
)"""

_STATEMENT = """
WITH {capped_days}, strengths AS (
    SELECT partner_id,
           COALESCE(SUM(counted * billionths), 0) AS strength,
           %(today)s - MAX(two_way_day) AS recency_days,
           COUNT(CASE WHEN two_way_day > %(active)s THEN 1 END) AS frequency,
           SUM(CASE WHEN day_no > %(depth)s THEN high_level ELSE 0 END) AS high_level_points,
           SUM(CASE WHEN day_no > %(depth)s THEN points ELSE 0 END) AS all_points,
           MIN(day_no) AS first_day_no,
           MAX(gap) AS longest_gap_days,
           SUM(CASE WHEN day_no > %(now)s THEN counted ELSE 0 END) AS points_now,
           SUM(CASE WHEN day_no > %(before)s AND day_no <= %(now)s THEN counted ELSE 0 END) AS points_before,
           SUM(CASE WHEN day_no > %(season)s AND day_no <= %(year_ago)s THEN counted ELSE 0 END) AS points_year_ago
    FROM capped GROUP BY partner_id
), people AS (
    SELECT f.partner_id, COUNT(DISTINCT a.person_id) AS people_met
    FROM {facts} f JOIN {attendances} a ON a.exchange_id = f.exchange_id
    WHERE f.counted AND f.day_no > %(breadth)s AND f.day_no <= %(today)s {partners}
      AND a.side = %(theirs)s AND (a.partner_id IS NULL OR a.partner_id = f.partner_id)
    GROUP BY f.partner_id
), unit_list AS (
    SELECT f.partner_id, f.host_unit_id AS unit_id, bit_or(f.field_mask) AS field_mask
    FROM {facts} f
    WHERE f.counted AND f.day_no > %(breadth)s AND f.day_no <= %(today)s {partners}
    GROUP BY f.partner_id, f.host_unit_id
    UNION ALL
    SELECT f.partner_id, u.unit_id, 0 AS field_mask
    FROM {facts} f JOIN {co_units} u ON u.exchange_id = f.exchange_id
    WHERE f.counted AND f.day_no > %(breadth)s AND f.day_no <= %(today)s {partners}
), units AS (
    SELECT partner_id, COUNT(DISTINCT unit_id) AS units_involved, bit_or(field_mask) AS field_mask
    FROM unit_list GROUP BY partner_id
)
SELECT s.partner_id,
       CAST(s.strength AS bigint) AS strength,
       s.recency_days, s.frequency,
       CAST(s.high_level_points AS bigint) AS high_level_points,
       CAST(s.all_points AS bigint) AS all_points,
       COALESCE(units.field_mask, 0) AS field_mask,
       COALESCE(people.people_met, 0) AS people_met,
       COALESCE(units.units_involved, 0) AS units_involved,
       s.first_day_no, s.longest_gap_days,
       CAST(s.points_now AS bigint) AS points_now,
       CAST(s.points_before AS bigint) AS points_before,
       CAST(s.points_year_ago AS bigint) AS points_year_ago
FROM strengths s
LEFT JOIN people ON people.partner_id = s.partner_id
LEFT JOIN units ON units.partner_id = s.partner_id
ORDER BY s.partner_id
"""
