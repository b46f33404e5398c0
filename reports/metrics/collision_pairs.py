"""The statements of the collision radar: which houses met which partner, and each two of them that hold nothing together.

A house is its place in the order of paths here, so that two of them are a pair one way only. Two meetings held lie in the
same 90 days, so they collide in any case, and are counted without being looked at; only where something is planned must the
nearest two be found to count, and for the rows that are shown.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from activities.choices import LEVELS, SIDES_STEPS, ExchangeStatus, PointsClass
from crm.choices import Confidentiality
from reports.metrics.days import day_number

RADAR_DAYS = 90


@dataclass(frozen=True)
class Window:
    """The days around T, and the houses: ``places`` is unit → place of its house, ``own`` the places that are asked about; None for all."""

    as_of: date
    places: dict[int, int]
    own: Collection[int] | None = None


@dataclass(frozen=True)
class Pair:
    """The two meetings of two houses with a partner that lie nearest to each other: places, days, exchanges."""

    partner_id: int
    one: int
    other: int
    one_day: int
    other_day: int
    one_exchange: int
    other_exchange: int


@dataclass(frozen=True)
class Counted:
    """How many pairs have a meeting still ahead, how many have not; and country → partners that two houses met."""

    ahead: int
    held: int
    overlap: dict[int | None, int]


def count_pairs(window: Window) -> Counted:
    """Count the collisions of the window; the overlap is of all houses. Two statements."""
    own, with_ahead = _own(window), _AMONG.format(partners=_AHEAD)
    sure = _MET.format(places=_places(window), among="", latest="") + _SURE.format(own=own)
    unsure = _MET.format(places=_places(window), among=with_ahead, latest="") + _NEAREST.format(own=own, chosen=_SOME_AHEAD, later="")
    with connection.cursor() as cursor:
        cursor.execute(sure, _parameters(window))
        by_country = cursor.fetchall()
        cursor.execute(unsure + _COUNT, _parameters(window))
        ahead, held = cursor.fetchone()
    return Counted(
        ahead=ahead or 0,
        held=(held or 0) + sum(int(pairs) for _country, pairs, _partners in by_country),
        overlap={country_id: int(partners) for country_id, _pairs, partners in by_country if partners},
    )


def nearest_pairs(window: Window, *, ahead: bool | None, limit: int, latest: int | None = None) -> list[Pair]:
    """The collisions in the order of the page: what can still be joined by day, then what was held, the latest first.

    ``ahead``: only those, or only the others. ``latest``: of what was held look at so many of the latest days of partners
    only, which gives the first rows of the list and maybe not ``limit`` of them. One statement.
    """
    wanted = {None: "", True: "WHERE later > %(today)s", False: "WHERE later <= %(today)s"}[ahead]
    met, chosen = {"among": "", "latest": ""}, {"chosen": "1 = 1", "later": ""}
    if latest is not None:
        partners = f"SELECT partner_id FROM latest UNION {_AHEAD}"  # noqa: S608  (two texts of our own)
        met, chosen = {"among": _AMONG.format(partners=partners), "latest": _LATEST}, {"chosen": _SINCE, "later": _LATER_SINCE}
    statement = _MET.format(places=_places(window), **met) + _NEAREST.format(own=_own(window), **chosen) + _LIST.format(wanted=wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_parameters(window), "latest": latest, "limit": limit})
        return [Pair(*row) for row in cursor.fetchall()]


def _places(window: Window) -> str:
    """Unit and place of its house, as rows of VALUES."""
    return ", ".join(f"({int(unit)}, {int(place)})" for unit, place in sorted(window.places.items())) or "(0, 0)"


def _own(window: Window) -> str:
    """The condition that one of the houses ``a`` and ``b`` is asked about."""
    if window.own is None:
        return "1 = 1"
    places = ", ".join(str(int(place)) for place in sorted(window.own)) or "NULL"
    return f"(a.place IN ({places}) OR b.place IN ({places}))"


def _parameters(window: Window) -> dict[str, Any]:
    day, today = window.as_of, day_number(window.as_of)
    return {
        "today": today,
        "first": today - RADAR_DAYS,
        "radar": RADAR_DAYS,
        "letter": int(PointsClass.LETTER),
        "letters_from": PointsClass.LETTER * LEVELS * SIDES_STEPS,
        "after": day.isoformat(),
        "since": (day - timedelta(days=RADAR_DAYS)).isoformat(),
        "until": (day + timedelta(days=RADAR_DAYS)).isoformat(),
        "known_by": _as_stored(timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))),
        "planned": ExchangeStatus.PLANNED.value,
        "was_held": ExchangeStatus.HELD.value,
        "restricted": Confidentiality.RESTRICTED.value,
    }


def _as_stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


# Two-way meetings: held and counted, by the index of facts alone; parts that their delegation counts for; and planned.
_MET = """
WITH houses (unit_id, place) AS (VALUES {places}),
parts AS (SELECT id, parent_id FROM activities_exchange WHERE parent_id IS NOT NULL),
met_by_any AS (
    SELECT f.partner_id, f.day_no, f.exchange_id, f.host_unit_id, parts.parent_id
    FROM activities_participation f LEFT JOIN parts ON parts.id = f.exchange_id
    WHERE f.counted AND f.two_way AND f.day_no > %(first)s AND f.day_no <= %(today)s AND f.merit < %(letters_from)s
    UNION ALL
    SELECT f.partner_id, f.day_no, f.exchange_id, f.host_unit_id, e.parent_id
    FROM activities_exchange e JOIN activities_participation f ON f.exchange_id = e.id
    JOIN activities_exchangekind k ON k.id = e.kind_id
    WHERE f.two_way AND e.archived_at IS NULL AND e.confidentiality <> %(restricted)s
      AND k.points_class IS NOT NULL AND k.points_class <> %(letter)s
      AND e.parent_id IS NOT NULL AND NOT f.counted
      AND e.starts_on > %(since)s AND e.starts_on <= %(after)s AND e.status = %(was_held)s
    UNION ALL
    SELECT f.partner_id, f.day_no, f.exchange_id, f.host_unit_id, e.parent_id
    FROM activities_exchange e JOIN activities_participation f ON f.exchange_id = e.id
    JOIN activities_exchangekind k ON k.id = e.kind_id
    WHERE f.two_way AND e.archived_at IS NULL AND e.confidentiality <> %(restricted)s
      AND k.points_class IS NOT NULL AND k.points_class <> %(letter)s
      AND e.starts_on > %(after)s AND e.starts_on <= %(until)s
      AND e.created_at < %(known_by)s AND e.status IN (%(planned)s, %(was_held)s)
),
met AS (
    SELECT m.partner_id, m.day_no, m.exchange_id, m.parent_id, COALESCE(m.parent_id, m.exchange_id) AS root, m.host_unit_id, p.country_id
    FROM met_by_any m JOIN partners_partner p ON p.id = m.partner_id WHERE p.archived_at IS NULL
){latest},
held_by (root, unit_id) AS (
    SELECT root, host_unit_id FROM met
    UNION
    SELECT met.root, e.host_unit_id FROM met JOIN activities_exchange e ON e.id = met.parent_id WHERE e.confidentiality <> %(restricted)s
    UNION
    SELECT met.root, u.unit_id FROM activities_exchangeunit u JOIN met ON met.exchange_id = u.exchange_id
    UNION
    SELECT met.root, u.unit_id FROM activities_exchangeunit u JOIN met ON met.parent_id = u.exchange_id
    JOIN activities_exchange e ON e.id = u.exchange_id WHERE e.confidentiality <> %(restricted)s
),
holders AS (SELECT DISTINCT held_by.root, houses.place FROM held_by JOIN houses ON houses.unit_id = held_by.unit_id),
attended AS (
    SELECT met.partner_id, met.country_id, holders.place, met.day_no, met.exchange_id, met.root
    FROM met JOIN holders ON holders.root = met.root{among}
),
seen AS (
    SELECT partner_id, country_id, place, MIN(day_no) AS first_day, MAX(day_no) AS last_day
    FROM attended GROUP BY partner_id, country_id, place
),
several AS (SELECT root FROM holders GROUP BY root HAVING COUNT(*) > 1),
shared AS (
    SELECT DISTINCT a.partner_id, a.place AS one, b.place AS other
    FROM several JOIN attended a ON a.root = several.root
    JOIN attended b ON b.root = a.root AND b.partner_id = a.partner_id AND b.place > a.place
)
"""
_SURE = """,
pairs AS (
    SELECT a.partner_id, a.country_id, a.place AS one, b.place AS other,
           a.first_day <= %(today)s AND b.first_day <= %(today)s AS both_held,
           {own} AND a.last_day <= %(today)s AND b.last_day <= %(today)s AS is_sure
    FROM seen a JOIN seen b ON b.partner_id = a.partner_id AND b.place > a.place
)
SELECT country_id, SUM(CASE WHEN is_sure THEN 1 ELSE 0 END), COUNT(DISTINCT CASE WHEN both_held THEN c.partner_id END)
FROM pairs c LEFT JOIN shared s ON s.partner_id = c.partner_id AND s.one = c.one AND s.other = c.other
WHERE s.one IS NULL GROUP BY country_id
"""
# The list is in the order of the later meeting's day and of the partner's name, so the first of these hold its first rows.
_LATEST = """,
latest AS (
    SELECT DISTINCT met.day_no, p.sort_key, met.partner_id
    FROM met JOIN partners_partner p ON p.id = met.partner_id
    WHERE met.day_no <= %(today)s AND met.day_no >= (
        SELECT MIN(day_no) FROM (SELECT day_no FROM met WHERE day_no <= %(today)s ORDER BY day_no DESC LIMIT %(latest)s) AS days
    )
    ORDER BY met.day_no DESC, p.sort_key, met.partner_id LIMIT %(latest)s
)"""
_AHEAD = " SELECT partner_id FROM met WHERE day_no > %(today)s"
_AMONG = " WHERE met.partner_id IN ({partners})"
_SOME_AHEAD = "(a.last_day > %(today)s OR b.last_day > %(today)s)"
_SINCE = f"({_SOME_AHEAD} OR a.last_day >= (SELECT MIN(day_no) FROM latest) OR b.last_day >= (SELECT MIN(day_no) FROM latest))"  # noqa: S608  (the same)
_LATER_SINCE = "AND (later > %(today)s OR (r.partner_id, later) IN (SELECT partner_id, day_no FROM latest))"
# Of those as near as each other the latest, which may still be ahead.
_NEAREST = """,
dated AS (SELECT partner_id, place, day_no, exchange_id, MAX(day_no) OVER (PARTITION BY partner_id, place) AS last_day FROM attended),
ranked AS (
    SELECT a.partner_id, a.place AS one, b.place AS other, a.day_no AS one_day, b.day_no AS other_day,
           a.exchange_id AS one_exchange, b.exchange_id AS other_exchange,
           CASE WHEN a.day_no > b.day_no THEN a.day_no ELSE b.day_no END AS later,
           CASE WHEN a.day_no < b.day_no OR a.day_no = b.day_no AND a.exchange_id <= b.exchange_id THEN a.place ELSE b.place END AS earlier,
           ROW_NUMBER() OVER (
               PARTITION BY a.partner_id, a.place, b.place
               ORDER BY ABS(a.day_no - b.day_no), a.day_no DESC, a.exchange_id, b.day_no, b.exchange_id
           ) AS nearness
    FROM dated a JOIN dated b ON b.partner_id = a.partner_id AND b.place > a.place
    WHERE {own} AND ABS(a.day_no - b.day_no) <= %(radar)s AND {chosen}
),
nearest AS (
    SELECT r.* FROM ranked r LEFT JOIN shared s ON s.partner_id = r.partner_id AND s.one = r.one AND s.other = r.other
    WHERE r.nearness = 1 AND s.one IS NULL {later}
)
"""
_COUNT = """
SELECT SUM(CASE WHEN later > %(today)s THEN 1 ELSE 0 END), SUM(CASE WHEN later > %(today)s THEN 0 ELSE 1 END) FROM nearest
"""
_LIST = """
SELECT n.partner_id, n.one, n.other, n.one_day, n.other_day, n.one_exchange, n.other_exchange
FROM nearest n JOIN partners_partner p ON p.id = n.partner_id {wanted}
ORDER BY CASE WHEN later > %(today)s THEN 0 ELSE 1 END, CASE WHEN later > %(today)s THEN later ELSE -later END,
         p.sort_key, n.partner_id, earlier, one + other
LIMIT %(limit)s
"""
