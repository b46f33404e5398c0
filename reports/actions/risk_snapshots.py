"""Storing M6: the reason codes of a day, from the figures that were stored for the same day just before."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from reports.metrics.engagement import FIGURES, engagement_statement
from reports.metrics.risks import risks_statement
from reports.models import EngagementSnapshot, PolicyVersion, RiskSnapshot


def store_risks(
    policy: PolicyVersion, day: date, partner_ids: Collection[int] | None = None, parameters: dict[str, Any] | None = None
) -> int:
    """Replace the stored risks of the day, of all partners or of those given; return how many rows. Inside a transaction.

    ``parameters``: those of the engagement statement, where it ran just before.
    """
    rows = RiskSnapshot.objects.filter(policy=policy, day=day)
    (rows if partner_ids is None else rows.filter(partner__in=partner_ids)).delete()
    narrowed = "" if partner_ids is None else "AND partner_id IN (SELECT partner_id FROM live)"
    stored = _STORED.format(columns=", ".join(FIGURES), table=EngagementSnapshot._meta.db_table, narrowed=narrowed)
    figures = stored, parameters or engagement_statement(policy, day, partner_ids)[1]
    statement, parameters = risks_statement(policy, day, partner_ids, stored=figures)
    with connection.cursor() as cursor:
        if partner_ids is None and connection.vendor == "postgresql":
            # The figures of the day were written in this transaction: without a look at them, it is planned for a handful of rows.
            cursor.execute(f"ANALYZE {EngagementSnapshot._meta.db_table}")
        cursor.execute(_INSERT.format(table=RiskSnapshot._meta.db_table, statement=statement), parameters)
        return int(cursor.rowcount)


_STORED = "SELECT {columns} FROM {table} WHERE policy_id = %(policy)s AND day = %(day)s {narrowed}"
_INSERT = """
INSERT INTO {table} (policy_id, day, partner_id, mask, alarm)
SELECT %(policy)s, %(day)s, partner_id, mask, alarm FROM ({statement}) AS found
"""
