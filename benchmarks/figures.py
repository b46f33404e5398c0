"""Full recompute and small refreshes of the engagement figures, against one hand-written statement.

The hand-written statement reads a table made for it alone: one row per participation with its points already
looked up, clustered by partner and day. It asks for the same figures except what SQL cannot say in one statement
(the recursive cap on letters), so it does slightly less.
"""

import random
import resource
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.db import connection

from activities.models import Participation
from benchmarks.measure import heading, interleaved, line, ms, queries_of
from benchmarks.population import LAST_DAY
from benchmarks.risks_by_hand import HAND_WRITTEN_RISKS
from reports.actions.snapshots import take_snapshots
from reports.metrics.commitments import kept_by_partner
from reports.metrics.coverage import country_coverage
from reports.metrics.days import day_number, policy_on
from reports.metrics.engagement import engagement_statement
from reports.metrics.reciprocity import reciprocity
from reports.metrics.risks import risks_statement

# As many partners at once as the night takes (reports.jobs.partners_in_parts).
PART = 2000


def run(*, rounds: int) -> None:
    policy = policy_on(LAST_DAY)
    _make_best_layout(policy.pk)
    take_snapshots(LAST_DAY)
    _full(rounds)
    _everything(rounds)
    _partial(rounds)
    _scaling(rounds)


def _full(rounds: int) -> None:
    timings = interleaved(
        {
            "hand-written, read": lambda: _read(_HAND_WRITTEN.format(**_days(LAST_DAY))),
            "ours, read": lambda: _read(*engagement_statement(policy_on(LAST_DAY), LAST_DAY)),
            "ours, stored": lambda: take_snapshots(LAST_DAY),
        },
        rounds=rounds,
    )
    bare = timings["hand-written, read"].median
    heading(f"All engagement figures of {Participation.objects.values('partner').distinct().count():,} partners with facts")
    line("", "median", "ratio")
    for name, timing in timings.items():
        line(name, ms(timing.median), f"{timing.median / bare:.2f} x")
    line("(goals: read <= 1.5 x, stored <= 2 x)")


def _everything(rounds: int) -> None:
    """All figures of one day, M1 to M8, against SQL by hand over the same tables in their best layout, risks included."""
    by_hand = [_HAND_WRITTEN.format(**_days(LAST_DAY)), *(part.format(**_days(LAST_DAY)) for part in HAND_WRITTEN_RISKS)]
    timings = interleaved(
        {
            "hand-written, read": lambda: [_read(statement) for statement in by_hand],
            "ours, read": lambda: _all_figures(None),
            "ours, stored": lambda: take_snapshots(LAST_DAY),
        },
        rounds=rounds,
    )
    bare = timings["hand-written, read"].median
    heading("All figures of one day: engagement, visits, risks, commitments, coverage")
    line("", "median", "ratio")
    for name, timing in timings.items():
        line(name, ms(timing.median), f"{timing.median / bare:.2f} x")
    line("(goal: <= 2 x)")


def _all_figures(partner_ids: list[int] | None) -> None:
    """M1 to M3 and M5; M4; M6; M7; M8."""
    policy = policy_on(LAST_DAY)
    _read(*engagement_statement(policy, LAST_DAY, partner_ids))
    reciprocity(LAST_DAY, partner_ids)
    _read(*risks_statement(policy, LAST_DAY, partner_ids))
    kept_by_partner(LAST_DAY, partner_ids)
    country_coverage(policy, LAST_DAY)


def _scaling(rounds: int) -> None:
    """All figures of the first tenth, half and all of the partners with facts, who hold about that share of the rows."""
    ids = list(Participation.objects.values_list("partner", flat=True).distinct().order_by("partner"))
    random.Random(11).shuffle(ids)
    shares = {"10 %": ids[: len(ids) // 10], "50 %": ids[: len(ids) // 2], "100 %": ids}
    timings = interleaved({name: partial(_all_of, chosen) for name, chosen in shares.items()}, rounds=max(1, rounds // 2))
    whole = timings["100 %"].median
    heading("All figures of a share of the partners, drawn by lot, in parts of 2,000 as the night does them")
    line("", "median", "per partner", "most memory")
    for name, timing in timings.items():
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        line(name, ms(timing.median), f"{timing.median / len(shares[name]) * 1e6:.0f} µs", f"{memory:.0f} MiB")
    line(f"(linear: 10 % in {timings['10 %'].median / whole:.2f} of the whole, 50 % in {timings['50 %'].median / whole:.2f})")


def _all_of(partner_ids: list[int]) -> None:
    for start in range(0, len(partner_ids), PART):
        part = partner_ids[start : start + PART]
        policy = policy_on(LAST_DAY)
        _read(*engagement_statement(policy, LAST_DAY, part))
        _read(*risks_statement(policy, LAST_DAY, part))
        reciprocity(LAST_DAY, part)
        kept_by_partner(LAST_DAY, part)


def _partial(rounds: int) -> None:
    generator = random.Random(7)
    ids = list(Participation.objects.values_list("partner", flat=True).distinct().order_by("partner"))
    usual = ids[len(ids) // 100 :]
    sets = {
        "partners of one new exchange (2)": [generator.sample(usual, 2) for _ in range(rounds + 1)],
        "100 partners": [generator.sample(usual, 100) for _ in range(rounds + 1)],
        "the 100 most active partners": [ids[:100]] * (rounds + 1),
    }
    ways: dict[str, Callable[[], object]] = {name: _taker(list(choices)) for name, choices in sets.items()}
    timings = interleaved({**ways, "all": lambda: take_snapshots(LAST_DAY)}, rounds=rounds)
    heading("Refreshing stored figures: engagement, risks and coverage of their countries together")
    line("", "median", "of the full one", "statements")
    for name, timing in timings.items():
        chosen = sets[name][0] if name in sets else None
        line(
            name,
            ms(timing.median),
            f"1/{timings['all'].median / timing.median:.0f}",
            str(queries_of(partial(take_snapshots, LAST_DAY, chosen))),
        )
    line("(goals: one exchange <= 50 ms of database time with its risks, 100 partners <= 1/20)")


def _taker(choices: list[list[int]]) -> Callable[[], object]:
    return lambda: take_snapshots(LAST_DAY, choices.pop() if len(choices) > 1 else choices[0])


def coverage(reader: object, *, rounds: int) -> None:
    """The coverage page of a stored day and of one that must be computed."""
    from django.test import Client

    client = Client()
    client.force_login(reader)  # type: ignore[arg-type]  # a User
    stored, live = LAST_DAY, date(LAST_DAY.year, LAST_DAY.month - 1, 15)
    timings = interleaved(
        {
            "a stored day (goal <= 100 ms)": lambda: (
                client.get(f"/reports/coverage/?as_of={stored}", headers={"host": "localhost"}).content
            ),
            "a day without snapshots": lambda: client.get(f"/reports/coverage/?as_of={live}", headers={"host": "localhost"}).content,
        },
        rounds=rounds,
    )
    heading("Coverage page")
    for name, timing in timings.items():
        line(name, ms(timing.median))


def _read(statement: str, parameters: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return len(cursor.fetchall())


def _days(as_of: date) -> dict[str, int]:
    today = day_number(as_of)
    return {
        "today": today, "window": today - 1095, "breadth": today - 730, "year": today - 365, "now": today - 180,
        "before": today - 360, "season": today - 545, "policy": policy_on(as_of).pk,
    }  # fmt: skip


def _make_best_layout(policy_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_fact")
        cursor.execute(
            "CREATE TABLE bench_fact AS SELECT f.partner_id, f.day_no, p.hundredths AS points, "
            "CASE WHEN f.level > 0 THEN p.hundredths ELSE 0 END AS high, f.two_way, f.field_mask, f.host_unit_id, f.exchange_id "
            "FROM activities_participation f JOIN reports_policypoints p ON p.merit = f.merit AND p.policy_id = %s "
            "WHERE f.counted ORDER BY f.partner_id, f.day_no",
            [policy_id],
        )
        cursor.execute("CREATE INDEX bench_fact_order ON bench_fact (partner_id, day_no)")
        cursor.execute("ANALYZE bench_fact")


_HAND_WRITTEN = """
WITH day AS (
    SELECT partner_id, day_no, SUM(points) AS points, SUM(high) AS high, MAX(CASE WHEN two_way THEN day_no END) AS two_way_day,
           day_no - LAG(day_no) OVER (PARTITION BY partner_id ORDER BY day_no) AS gap
    FROM bench_fact WHERE day_no <= {today} GROUP BY partner_id, day_no
), capped AS (
    SELECT day.*, CASE WHEN points > 1200 THEN 1200 ELSE points END AS counted, w.billionths
    FROM day LEFT JOIN reports_policyweight w ON w.policy_id = {policy} AND w.age = {today} - day_no
), strength AS (
    SELECT partner_id, SUM(counted * billionths) AS strength, {today} - MAX(two_way_day) AS recency,
           COUNT(CASE WHEN two_way_day > {year} THEN 1 END) AS frequency,
           SUM(CASE WHEN day_no > {window} THEN high ELSE 0 END) AS high, SUM(CASE WHEN day_no > {window} THEN points ELSE 0 END) AS points,
           MIN(day_no) AS first_day, MAX(gap) AS longest_gap,
           SUM(CASE WHEN day_no > {now} THEN counted ELSE 0 END) AS now_points,
           SUM(CASE WHEN day_no > {before} AND day_no <= {now} THEN counted ELSE 0 END) AS before_points,
           SUM(CASE WHEN day_no > {season} AND day_no <= {year} THEN counted ELSE 0 END) AS season_points
    FROM capped GROUP BY partner_id
), breadth AS (
    SELECT partner_id, bit_or(field_mask) AS fields FROM bench_fact WHERE day_no > {breadth} AND day_no <= {today} GROUP BY partner_id
), people AS (
    SELECT f.partner_id, COUNT(DISTINCT a.person_id) AS people
    FROM bench_fact f JOIN activities_attendance a ON a.exchange_id = f.exchange_id
    WHERE f.day_no > {breadth} AND f.day_no <= {today} AND a.side = 'theirs' GROUP BY f.partner_id
), units AS (
    SELECT partner_id, COUNT(*) AS units FROM (
        SELECT partner_id, host_unit_id FROM bench_fact WHERE day_no > {breadth} AND day_no <= {today}
        UNION
        SELECT f.partner_id, u.unit_id FROM bench_fact f JOIN activities_exchangeunit u ON u.exchange_id = f.exchange_id
        WHERE f.day_no > {breadth} AND f.day_no <= {today}
    ) AS pairs GROUP BY partner_id
)
SELECT s.*, breadth.fields, people.people, units.units FROM strength s
LEFT JOIN breadth ON breadth.partner_id = s.partner_id
LEFT JOIN people ON people.partner_id = s.partner_id
LEFT JOIN units ON units.partner_id = s.partner_id
ORDER BY s.partner_id
"""
