"""The rows that the matrix adds up: each counted two-way exchange as one country's, and in each province it names.

One statement says what they are. The stored rows are its answer, kept by ``reports.actions.contacts``; where nothing is
stored yet, or another state of the records is read, figures read the statement itself, with the same result.
"""

from dataclasses import dataclass
from typing import Any

from crm.known import known_on
from reports.models import CountryContact, ProvinceContact

COUNTRY_COLUMNS = ("exchange_id", "country_id", "partner_kind_id", "day_no", "level", "field_mask", "counts", "counts_for_kind")
PROVINCE_COLUMNS = ("exchange_id", "country_id", "province_id", "day_no", "several")

# A part of a delegation repeats the delegation for a country that the delegation's own partners are of.
_COUNTRY_ROWS = """
SELECT exchange_id, country_id, partner_kind_id, day_no, level, field_mask,
       NOT repeats AND partner_kind_id = MIN(partner_kind_id) OVER (PARTITION BY exchange_id, country_id) AS counts,
       NOT repeats AS counts_for_kind
FROM (
    SELECT f.exchange_id, p.country_id, p.kind_id AS partner_kind_id, f.day_no, f.level, f.field_mask,
           e.parent_id IS NOT NULL AND EXISTS (
               SELECT 1 FROM activities_participation df JOIN partners_partner dp ON dp.id = df.partner_id
               WHERE df.exchange_id = e.parent_id AND dp.country_id = p.country_id AND df.counted AND df.two_way
           ) AS repeats
    FROM activities_participation f
    JOIN partners_partner p ON p.id = f.partner_id
    JOIN activities_exchange e ON e.id = f.exchange_id
    WHERE f.counted AND f.two_way AND p.country_id IS NOT NULL{condition}
    GROUP BY f.exchange_id, e.parent_id, p.country_id, p.kind_id, f.day_no, f.level, f.field_mask
) AS held
"""
_PROVINCE_ROWS = """
SELECT c.exchange_id, c.country_id, p.province_id, c.day_no, COUNT(*) OVER (PARTITION BY c.exchange_id, c.country_id) > 1 AS several
FROM ({contacts}) AS c LEFT JOIN activities_exchange_provinces p ON p.exchange_id = c.exchange_id
WHERE c.counts
"""


@dataclass(frozen=True)
class Source:
    """Where contacts are read: names of tables, or statements in parentheses, to stand after FROM."""

    countries: str
    provinces: str
    is_stored: bool


def country_rows(condition: str = "") -> str:
    """The statement for contacts with countries; ``condition`` on the facts ``f``, such as ``f.day_no > 20000``."""
    return _COUNTRY_ROWS.format(condition=f" AND {condition}" if condition else "")


def province_rows(condition: str = "") -> str:
    """The statement for contacts in provinces, under the same condition."""
    return _PROVINCE_ROWS.format(contacts=country_rows(condition))


def are_stored() -> bool:
    """Whether stored contacts may be read: an empty table says nothing, and none says what was known on another day."""
    return known_on() is None and CountryContact.objects.exists()


def source(first_day_no: int, last_day_no: int, *, stored: bool | None = None) -> Source:
    """Return where to read the contacts of the days ``[first, last]``: stored rows, or the statement. At most one query."""
    if are_stored() if stored is None else stored:
        return Source(CountryContact._meta.db_table, ProvinceContact._meta.db_table, is_stored=True)
    days = f"f.day_no BETWEEN {int(first_day_no)} AND {int(last_day_no)}"
    return Source(f"({country_rows(days)})", f"({province_rows(days)})", is_stored=False)


def fetch(cursor: Any, statement: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    """Execute and return all rows."""
    cursor.execute(statement, parameters)
    return list(cursor.fetchall())
