"""The SQL of M6, one CTE for each code, in the words that PostgreSQL and SQLite share."""

DUTY_OF_NOBODY = "SELECT CAST(NULL AS bigint) AS column1, CAST(NULL AS integer) AS column2 WHERE 1 = 0"

# ``live``: partners asked on the day; ``verified_on``: the last day on which the profile was verified by then, read from the
# versions where it was verified again since. A partner not verified yet counts as verified when it was entered.
STATEMENT = """
WITH live AS (
    SELECT p.id AS partner_id, p.country_id, p.created_at,
           CASE WHEN p.verified_on > %(day)s
                THEN (SELECT MAX(h.verified_on) FROM {versions} h WHERE h.id = p.id AND h.verified_on <= %(day)s)
                ELSE p.verified_on END AS verified_on
    FROM {partner} p
    WHERE p.archived_at IS NULL AND p.status <> %(closed)s {given}
), figures AS (
    {figures}
), silent AS (
    SELECT l.partner_id
    FROM live l JOIN figures g ON g.partner_id = l.partner_id
    JOIN ({duties}) duty ON duty.column1 = l.country_id
    WHERE 2 * COALESCE(g.recency_days, %(today)s - g.first_day_no) > 3 * duty.column2
), fading AS (
    SELECT partner_id FROM figures
    WHERE 100 * (points_now - points_year_ago) <= %(fading)s * (points_now + points_year_ago + 500)
), {capped_days}, faded AS (
    SELECT d.partner_id
    FROM capped d JOIN {weights} w ON w.policy_id = %(policy)s AND w.age = %(year_ago_window)s - d.day_no
    GROUP BY d.partner_id HAVING SUM(d.counted * w.billionths) >= %(faded_from)s
), post_of AS (
    SELECT p.partner_id, p.person_id, MAX(CASE WHEN p.valid_to IS NULL OR p.valid_to > %(day)s THEN 1 ELSE 0 END) AS holds
    FROM {post} p JOIN live l ON l.partner_id = p.partner_id
    WHERE p.archived_at IS NULL AND (p.valid_from IS NULL OR p.valid_from <= %(day)s)
    GROUP BY p.partner_id, p.person_id
), present AS NOT MATERIALIZED (
    SELECT f.partner_id, a.side, a.person_id, a.user_id, a.name
    FROM {facts} f JOIN {attendance} a ON a.exchange_id = f.exchange_id
    WHERE f.counted AND f.day_no > %(met_since)s AND f.day_no <= %(today)s {partners}
      AND (a.partner_id IS NULL OR a.partner_id = f.partner_id)
), theirs AS (
    SELECT partner_id, person_id, NULL AS name FROM post_of
    UNION ALL
    SELECT partner_id, person_id, NULLIF(name, '') FROM present WHERE side = %(theirs)s
), thin_theirs AS (
    SELECT t.partner_id
    FROM theirs t
    LEFT JOIN {person} who ON who.id = t.person_id
    LEFT JOIN post_of ON post_of.partner_id = t.partner_id AND post_of.person_id = t.person_id
    WHERE who.id IS NULL OR who.confidentiality <> %(restricted)s
    GROUP BY t.partner_id
    HAVING COUNT(DISTINCT t.name) + COUNT(DISTINCT CASE
        WHEN COALESCE(post_of.holds, 1) = 1 AND who.archived_at IS NULL THEN t.person_id END) <= 1
), stewards AS (
    SELECT s.partner_id, s.officer_id AS user_id, MAX(CASE WHEN s.valid_to IS NULL OR s.valid_to > %(day)s THEN 1 ELSE 0 END) AS holds
    FROM {stewardship} s JOIN live l ON l.partner_id = s.partner_id
    WHERE s.archived_at IS NULL AND s.officer_id IS NOT NULL AND (s.valid_from IS NULL OR s.valid_from <= %(day)s)
    GROUP BY s.partner_id, s.officer_id
), ours AS (
    SELECT partner_id, user_id, NULL AS name, holds FROM stewards
    UNION ALL
    SELECT partner_id, user_id, NULLIF(name, ''), 1 FROM present WHERE side = %(ours)s
), serving AS (
    SELECT DISTINCT m.user_id FROM {membership} m
    WHERE (m.valid_from IS NULL OR m.valid_from <= %(day)s) AND (m.valid_to IS NULL OR m.valid_to > %(day)s)
), thin_ours AS (
    SELECT o.partner_id
    FROM ours o LEFT JOIN serving ON serving.user_id = o.user_id
    GROUP BY o.partner_id
    HAVING COUNT(DISTINCT o.name) + COUNT(DISTINCT CASE WHEN o.holds = 1 THEN serving.user_id END) <= 1
), single AS (
    SELECT partner_id FROM thin_theirs UNION SELECT partner_id FROM thin_ours
), promised AS (
    SELECT DISTINCT c.partner_id FROM {commitment} c JOIN live l ON l.partner_id = c.partner_id
    WHERE c.archived_at IS NULL AND c.confidentiality <> %(restricted)s AND c.owed_by <> %(theirs)s
      AND c.promised_on <= %(day)s AND c.due_on < %(promises_before)s AND (c.settled_on IS NULL OR c.settled_on > %(day)s)
), ending AS (
    SELECT party.partner_id
    FROM live l JOIN {agreementparty} party ON party.partner_id = l.partner_id JOIN {agreement} a ON a.id = party.agreement_id
    WHERE a.archived_at IS NULL AND a.confidentiality <> %(restricted)s AND a.state = 'signed' AND NOT a.renews_itself
      AND a.signed_on <= %(day)s AND (a.valid_from IS NULL OR a.valid_from <= %(day)s)
      AND a.valid_to > %(day)s AND a.valid_to <= %(ends_by)s
      AND NOT EXISTS (
          SELECT 1 FROM {agreement} n
          WHERE n.renews_id = a.id AND n.archived_at IS NULL AND n.confidentiality <> %(restricted)s
            AND (n.signed_on <= %(day)s OR n.created_at < %(day_over)s))
    UNION
    SELECT r.partner_id
    FROM {registration} r JOIN live l ON l.partner_id = r.partner_id
    WHERE r.archived_at IS NULL AND (r.valid_from IS NULL OR r.valid_from <= %(day)s)
      AND r.valid_to > %(day)s AND r.valid_to <= %(ends_by)s
      AND NOT EXISTS (
          SELECT 1 FROM {registration} n
          WHERE n.renews_id = r.id AND n.archived_at IS NULL AND (n.valid_from <= %(day)s OR n.created_at < %(day_over)s))
), alone AS MATERIALIZED (
    SELECT f.partner_id, f.exchange_id, f.day_no, COUNT(*) OVER (PARTITION BY f.partner_id) AS contacts
    FROM figures g
    JOIN {facts} f ON f.partner_id = g.partner_id AND f.counted AND NOT f.two_way AND f.day_no <= %(today)s
                   AND f.day_no > COALESCE(%(today)s - g.recency_days, -1000000)
), one_sided AS (
    SELECT a.partner_id, a.day_no, e.sides, MAX(CASE WHEN e.sides = 'theirs' THEN a.day_no END) OVER (PARTITION BY a.partner_id) AS answered
    FROM alone a JOIN {exchange} e ON e.id = a.exchange_id
    WHERE a.contacts >= %(unanswered)s
), unanswered AS (
    SELECT partner_id FROM one_sided WHERE sides = 'ours' AND (answered IS NULL OR day_no > answered)
    GROUP BY partner_id HAVING COUNT(*) >= %(unanswered)s
), unverified AS (
    SELECT l.partner_id
    FROM live l JOIN figures g ON g.partner_id = l.partner_id
    WHERE COALESCE(l.verified_on < %(verified_since)s, l.created_at < %(entered_since)s)
), visit AS NOT MATERIALIZED (
    SELECT f.partner_id, f.day_no, f.level, f.direction FROM {facts} f
    WHERE f.counted AND f.two_way AND f.merit < {levels} * {sides_steps} AND f.direction IN ('in', 'out')
      AND f.day_no > %(visits_since)s AND f.day_no <= %(today)s {partners}
), owed AS (
    SELECT DISTINCT v.partner_id FROM visit v
    WHERE v.day_no < %(visits_late)s AND NOT EXISTS (
        SELECT 1 FROM visit back
        WHERE back.partner_id = v.partner_id AND back.direction <> v.direction AND back.level >= v.level AND back.day_no > v.day_no)
), found AS (
    SELECT partner_id, %(code_silent)s AS code FROM silent
    UNION ALL SELECT partner_id, %(code_fading)s FROM faded
    UNION ALL SELECT partner_id, %(code_single_thread)s FROM single WHERE partner_id IN (SELECT partner_id FROM figures)
    UNION ALL SELECT partner_id, %(code_promise_overdue)s FROM promised
    UNION ALL SELECT partner_id, %(code_ending)s FROM ending
    UNION ALL SELECT partner_id, %(code_unanswered)s FROM unanswered
    UNION ALL SELECT partner_id, %(code_not_verified)s FROM unverified
    UNION ALL SELECT partner_id, %(code_return_owed)s FROM owed
), coded AS (
    SELECT partner_id, CAST(SUM(code) AS integer) AS mask FROM found
    WHERE partner_id IN (SELECT partner_id FROM live) GROUP BY partner_id
)
SELECT partner_id, mask, CASE WHEN (mask & 1) = 1 OR (mask & (mask - 1)) <> 0 THEN 'red' ELSE 'amber' END AS alarm
FROM coded ORDER BY partner_id
"""
