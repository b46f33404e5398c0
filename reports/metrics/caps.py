"""The caps of M1: most points per partner and day, and most points of letters per partner in 30 days.

Letters first. A day on which letters were exchanged counts

    counted(d) = min(letters(d), cap − sum of counted(d') over the 29 days before d)

in the order of days, from the partner's first letter on. So what a day counts depends on that day and earlier ones
alone: never on the day the figure is asked for, nor on anything dated later. Then the day: letters as counted and
all other points together count at most the day cap.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from activities.choices import PointsClass
from activities.models import Participation
from reports.metrics.days import MOMENTUM_DAYS, YEAR_DAYS
from reports.models import PolicyPoints, PolicyVersion

# (partner, day number, hundredths of a point)
LetterDay = tuple[int, int, int]


def letter_cuts(letter_days: Iterable[LetterDay], *, cap: int, days: int) -> Iterator[LetterDay]:
    """Yield (partner, day, hundredths that do not count) for each day cut short; input sorted by partner and day."""
    partner: int | None = None
    counted: deque[tuple[int, int]] = deque()
    total = 0
    for partner_id, day_no, points in letter_days:
        if partner_id != partner:
            partner, total = partner_id, 0
            counted.clear()
        while counted and counted[0][0] <= day_no - days:
            total -= counted.popleft()[1]
        counts = min(points, cap - total)
        counted.append((day_no, counts))
        total += counts
        if counts < points:
            yield partner_id, day_no, points - counts


def cuts_on(policy: PolicyVersion, *, today: int, partners: str, parameters: Mapping[str, Any]) -> list[LetterDay]:
    """Return (partner, day, hundredths of letters that do not count) for the days that the figures of ``today`` look at.

    Those reach back a window, and a window and a year for the strength of a year ago (R2).

    ``partners``: SQL that narrows the facts ``f``, or nothing. The rule is recursive (what counts depends on what
    counted before), which SQL windows cannot say. But a day whose 30 days of letters stay within the cap
    uncapped is never cut. So one statement finds the partners with a day that exceeds it, and brings only
    their letters here.
    """
    statement = _LETTERS_OF_PARTNERS_ABOVE_THE_CAP.format(
        facts=Participation._meta.db_table, points=PolicyPoints._meta.db_table, before=policy.letter_cap_days - 1, partners=partners
    )
    start = today - YEAR_DAYS - max(policy.window_days, MOMENTUM_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                **parameters,
                "policy": policy.pk,
                "letter": PointsClass.LETTER.value,
                "cap": policy.letter_cap,
                "today": today,
                "lead_in": start - policy.letter_cap_days + 1,
                "start": start,
            },
        )
        cuts = letter_cuts(cursor, cap=policy.letter_cap, days=policy.letter_cap_days)
        return [cut for cut in cuts if cut[1] > start]


# The cuts as rows (partner_id, day_no, cut), in the words of the database. PostgreSQL reads them from the parameter ``cuts``, a
# JSON list. SQLite would look through such a list for every contact day (36 times slower, measured), so there they stand in
# an indexed table of this connection alone.
CUTS = {
    "postgresql": (
        "SELECT CAST(item->>0 AS bigint) AS partner_id, CAST(item->>1 AS integer) AS day_no, CAST(item->>2 AS integer) AS cut "
        "FROM json_array_elements(CAST(%(cuts)s AS json)) AS items(item)"
    ),
    "sqlite": "SELECT partner_id, day_no, cut FROM letter_cuts",
}


def keep_at_hand(cuts: Sequence[LetterDay]) -> None:
    """Fill the table that ``CUTS`` reads on SQLite; PostgreSQL needs none."""
    if connection.vendor == "postgresql":
        return
    database = connection.connection
    database.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS letter_cuts "
        "(partner_id INTEGER, day_no INTEGER, cut INTEGER, PRIMARY KEY (partner_id, day_no)) WITHOUT ROWID"
    )
    database.execute("DELETE FROM letter_cuts")
    database.executemany("INSERT INTO letter_cuts VALUES (?, ?, ?)", cuts)


_LETTERS_OF_PARTNERS_ABOVE_THE_CAP = """
WITH letter_day AS (
    SELECT f.partner_id, f.day_no, SUM(p.hundredths) AS points
    FROM {facts} f JOIN {points} p ON p.policy_id = %(policy)s AND p.merit = f.merit AND p.points_class = %(letter)s
    WHERE f.counted AND f.day_no > %(lead_in)s AND f.day_no <= %(today)s {partners}
    GROUP BY f.partner_id, f.day_no
), in_30_days AS (
    SELECT partner_id, day_no,
           SUM(points) OVER (PARTITION BY partner_id ORDER BY day_no RANGE BETWEEN {before:d} PRECEDING AND CURRENT ROW) AS points
    FROM letter_day
), above AS (
    SELECT DISTINCT partner_id FROM in_30_days WHERE points > %(cap)s AND day_no > %(start)s
)
SELECT f.partner_id, f.day_no, SUM(p.hundredths) AS points
FROM above
JOIN {facts} f ON f.partner_id = above.partner_id
JOIN {points} p ON p.policy_id = %(policy)s AND p.merit = f.merit AND p.points_class = %(letter)s
WHERE f.counted AND f.day_no <= %(today)s
GROUP BY f.partner_id, f.day_no
ORDER BY f.partner_id, f.day_no
"""
