"""The SQL that both databases understand, with the names of our own tables and columns to be filled in.

Of a row that was written since, ``why`` says 0: a version says so; 1: it was made since; 2: it is kept apart as it is.
"""

GONE = "CREATE TEMPORARY TABLE {gone} ({pk} bigint PRIMARY KEY, why integer NOT NULL)"
OLD = "CREATE TEMPORARY TABLE {old} ({shaped}, known_version bigint, PRIMARY KEY ({pk}))"

CHANGED_SINCE = "INSERT INTO {gone} ({pk}, why) SELECT DISTINCT {pk}, 0 FROM {history} WHERE history_date >= %s"
MADE_SINCE = "INSERT INTO {gone} ({pk}, why) SELECT {pk}, 1 FROM {base} WHERE created_at >= %s ON CONFLICT ({pk}) DO UPDATE SET why = 1"

LAST_VERSIONS = """
INSERT INTO {old} ({tracked}, known_version)
SELECT {tracked}, history_id FROM {history} WHERE history_id IN (
    SELECT history_id FROM (
        SELECT history_id, history_type,
               ROW_NUMBER() OVER (PARTITION BY {pk} ORDER BY history_date DESC, history_id DESC) AS place
        FROM {history} WHERE history_date < %s AND {pk} IN (SELECT {pk} FROM {gone})
    ) AS ranked WHERE place = 1 AND history_type <> '-'
)
"""

# A row that was loaded without a version is known by its first one, unless that tells of its making.
EARLIEST_VERSIONS = """
INSERT INTO {old} ({tracked}, known_version)
SELECT {tracked}, history_id FROM {history} WHERE history_id IN (
    SELECT history_id FROM (
        SELECT history_id, history_type, history_date,
               ROW_NUMBER() OVER (PARTITION BY {pk} ORDER BY history_date, history_id) AS place
        FROM {history} WHERE {pk} IN (SELECT {pk} FROM {gone} WHERE why = 0)
    ) AS ranked WHERE place = 1 AND history_type <> '+' AND history_date >= %s
)
"""

# What is restricted by now was never to be read: the stricter level of then and now holds.
STRICTER = """
UPDATE {old} SET confidentiality = now.confidentiality FROM {base} AS now
WHERE now.{pk} = {old}.{pk} AND (now.confidentiality = %s OR (now.confidentiality = %s AND {old}.confidentiality <> %s))
"""

KEPT = "INSERT INTO {old} ({columns}) SELECT {columns} FROM {base} AS base WHERE ({condition}) AND NOT EXISTS ({already})"
ALREADY = "SELECT 1 FROM {gone} AS gone WHERE gone.{pk} = base.{pk}"
NOTED = "INSERT INTO {gone} ({pk}, why) SELECT {pk}, 2 FROM {old} WHERE known_version IS NULL ON CONFLICT ({pk}) DO NOTHING"

RESTORED = "SELECT {pk} FROM {old} WHERE known_version IS NOT NULL {also} ORDER BY 1"
FILLED = "UPDATE {old} SET {assigned} WHERE {pk} = %s"

VIEW = """
CREATE TEMPORARY VIEW {view} AS
SELECT {columns} FROM {base} AS base WHERE NOT EXISTS (SELECT 1 FROM {hidden} AS hidden WHERE hidden.{column} = base.{column})
UNION ALL
SELECT {columns} FROM {old}
"""

LINKS = """
CREATE TEMPORARY VIEW {view} AS
SELECT {columns} FROM {base} AS base WHERE NOT EXISTS (SELECT 1 FROM {gone} AS gone WHERE gone.{pk} = base.{owner} AND gone.why < 2)
UNION ALL
SELECT {columns} FROM {kept} WHERE history_id IN (SELECT known_version FROM {old} WHERE known_version IS NOT NULL)
"""
