"""M4, M6 and M8 as somebody would write them by hand for PostgreSQL alone, for the ratio of ``benchmarks.figures``.

Over ``bench_fact`` (points looked up, clustered by partner and day), without versions, archived rows, restricted rows, dated
duties and the cap on letters, so they do less than ours.
"""

HAND_WRITTEN_RISKS = (
    # R1, R2 and R7: silence, fading, verification.
    """
    WITH s AS (
        SELECT partner_id, {today} - MAX(day_no) FILTER (WHERE two_way) AS recency,
               SUM(points) FILTER (WHERE day_no > {now}) AS f1, SUM(points) FILTER (WHERE day_no > {season} AND day_no <= {year}) AS f2
        FROM bench_fact WHERE day_no <= {today} GROUP BY partner_id
    ), year_ago AS (
        SELECT f.partner_id, SUM(f.points * w.billionths) AS strength
        FROM bench_fact f JOIN reports_policyweight w ON w.policy_id = {policy} AND w.age = {year} - f.day_no
        WHERE f.day_no <= {year} GROUP BY f.partner_id
    )
    SELECT p.id, s.recency > 135, s.f1 - s.f2 <= -0.33 * (s.f1 + s.f2 + 500) AND y.strength >= 1e12,
           p.verified_on < now() - interval '1 year'
    FROM partners_partner p JOIN s ON s.partner_id = p.id LEFT JOIN year_ago y ON y.partner_id = p.id
    """,
    # R3: people on either side.
    """
    SELECT f.partner_id, a.side, COUNT(DISTINCT a.person_id)
    FROM bench_fact f JOIN activities_attendance a ON a.exchange_id = f.exchange_id
    WHERE f.day_no > {breadth} AND f.day_no <= {today} GROUP BY f.partner_id, a.side HAVING COUNT(DISTINCT a.person_id) <= 1
    """,
    # R6: the last three contacts, one-sided.
    """
    SELECT partner_id FROM (
        SELECT partner_id, two_way, ROW_NUMBER() OVER (PARTITION BY partner_id ORDER BY day_no DESC, exchange_id DESC) AS place
        FROM bench_fact WHERE day_no <= {today}
    ) AS latest WHERE place <= 3 GROUP BY partner_id HAVING COUNT(*) = 3 AND NOT bool_or(two_way)
    """,
    # M4 and R8: visits both ways, returns owed.
    """
    SELECT partner_id, COUNT(*) FILTER (WHERE direction = 'in'), COUNT(*) FILTER (WHERE direction = 'out')
    FROM activities_participation WHERE counted AND two_way AND merit < 6 AND day_no > {window} AND day_no <= {today} GROUP BY partner_id
    """,
    """
    SELECT DISTINCT v.partner_id FROM activities_participation v
    WHERE v.counted AND v.two_way AND v.merit < 6 AND v.direction IN ('in', 'out') AND v.day_no > {window} AND v.day_no < {breadth}
      AND NOT EXISTS (
          SELECT 1 FROM activities_participation b
          WHERE b.partner_id = v.partner_id AND b.counted AND b.two_way AND b.merit < 6 AND b.direction <> v.direction
            AND b.level >= v.level AND b.day_no > v.day_no AND b.day_no <= {today})
    """,
    # M8: exchanges and active partners of each country in a year.
    """
    SELECT p.country_id, COUNT(DISTINCT f.exchange_id), COUNT(DISTINCT f.partner_id), MAX(f.day_no)
    FROM bench_fact f JOIN partners_partner p ON p.id = f.partner_id
    WHERE f.two_way AND f.day_no > {year} AND f.day_no <= {today} GROUP BY p.country_id
    """,
)
