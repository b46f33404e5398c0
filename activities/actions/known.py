"""As known on a day: facts of participations and days of last contact follow the exchanges as they stood.

No version keeps them. They are worked out by the rule by which they are written, for every exchange of which anything
was written since.
"""

from typing import Any

from django.db import connection

from activities.actions.facts import FACT_COLUMNS, facts_of
from activities.models import Agreement, Commitment, Exchange, Participation
from crm.known.rules import ALSO_CHANGED, WORKED_OUT
from crm.known.tables import BATCH, KnownTables, run
from partners.models import Partner

# An exchange is touched when it, one of its participations, or the delegation it is a part of was written since.
_TOUCHED = """
CREATE TEMPORARY TABLE known_exchanges AS
WITH own AS (
    SELECT id FROM {gone_exchanges} UNION SELECT id FROM {old_exchanges}
    UNION SELECT base.exchange_id FROM {gone} AS gone JOIN {base} AS base ON base.id = gone.id
    UNION SELECT exchange_id FROM {old}
)
SELECT id AS exchange_id FROM own
UNION SELECT part.id FROM {exchanges} AS part JOIN own ON own.id = part.parent_id
UNION SELECT part.id FROM {old_exchanges} AS part JOIN own ON own.id = part.parent_id
"""
_STOOD = """
base.exchange_id IN (SELECT exchange_id FROM known_exchanges)
AND (base.exchange_id NOT IN (SELECT id FROM {gone}) OR base.exchange_id IN (SELECT id FROM {old}))
"""
_PARTNERS = """
base.id IN (
    SELECT partner_id FROM {old}
    UNION SELECT partner_id FROM {base} WHERE exchange_id IN (SELECT exchange_id FROM known_exchanges)
)
"""

_LAST_CONTACTS = """
UPDATE {partner} SET last_contact_on = {day}
FROM (
    SELECT touched.id AS partner_id, MAX(days.day_no) AS day_no FROM {partner} AS touched LEFT JOIN (
        SELECT fact.partner_id, fact.day_no FROM {facts} AS fact JOIN {partner} AS one ON one.id = fact.partner_id
        WHERE fact.counted AND fact.two_way
          AND NOT EXISTS (SELECT 1 FROM known_exchanges AS gone WHERE gone.exchange_id = fact.exchange_id)
        UNION ALL
        SELECT partner_id, day_no FROM {old} WHERE counted AND two_way
    ) AS days ON days.partner_id = touched.id
    GROUP BY touched.id
) AS last WHERE last.partner_id = {partner}.id
"""
_DAY = {"postgresql": "DATE '1970-01-01' + last.day_no", "sqlite": "date('1970-01-01', last.day_no || ' days')"}


def keep_participations_apart(tables: KnownTables) -> None:
    """Leave out all participations of exchanges that were touched, keep those that stood, and the partners of both."""
    exchanges, facts, partners = tables[Exchange], tables[Participation], tables[Partner]
    if not (exchanges.is_prepared or facts.is_prepared):
        return
    for table in (exchanges, facts):
        table.prepare()
    of_exchanges = {"exchanges": exchanges.names["base"], **{f"{name}_exchanges": exchanges.names[name] for name in ("gone", "old")}}
    run(_TOUCHED.format(**facts.names, **of_exchanges))
    run("CREATE INDEX known_exchanges_by_key ON known_exchanges (exchange_id)")
    if connection.vendor == "postgresql":
        run("ANALYZE known_exchanges")
    facts.keep(_STOOD.format(**exchanges.names))
    facts.hides_by = ("exchange_id", "known_exchanges")
    partners.keep(_PARTNERS.format(**facts.names))


def work_out_facts(tables: KnownTables) -> None:
    """Fill the facts of the participations kept apart, delegations before their parts, and the days of last contact."""
    facts = tables[Participation]
    if not facts.is_prepared:
        return
    touched = Exchange.objects.filter(pk__in=_touched()).select_related("kind").prefetch_related("participations", "fields")
    lean = touched.defer("summary", "outcome", "search_key", "title", "place").order_by("pk")
    for is_part in (False, True):
        exchanges = list(lean.filter(parent__isnull=not is_part))
        for start in range(0, len(exchanges), BATCH):
            facts.fill(FACT_COLUMNS, facts_of(exchanges[start : start + BATCH]))
    partner = tables[Partner].names
    day = _DAY[connection.vendor]
    run(_LAST_CONTACTS.format(partner=partner["old"], facts=facts.names["base"], old=facts.names["old"], day=day))


def _touched() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT exchange_id FROM known_exchanges")
        return [key for (key,) in cursor.fetchall()]


def work_out_keys(tables: KnownTables) -> None:
    """Fill what records are found by."""
    models: tuple[type[Any], ...] = (Exchange, Agreement, Commitment)
    for model in models:
        table = tables[model]
        for keys in table.restored() if table.is_prepared else ():
            rows = list(model._default_manager.filter(pk__in=keys))
            for row in rows:
                row.set_keys()
            table.fill(["search_key"], rows)


ALSO_CHANGED.append(keep_participations_apart)
WORKED_OUT.extend([work_out_facts, work_out_keys])
