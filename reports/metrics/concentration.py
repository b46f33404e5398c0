"""M8, concentration: how far exchanges lie on few partners, countries or units of ours; the sum of squared shares."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db import connection, models
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from activities.models import Participation
from partners.models import Partner
from reports.metrics.days import YEAR_DAYS, day_number
from reports.metrics.rounding import rounded

# Above these the shares of a market are called concentrated; the words are for reading, nothing is computed from them.
SOMEWHAT_FROM = Fraction(15, 100)
STRONGLY_FROM = Fraction(25, 100)


class Spread(models.TextChoices):
    """The reading in plain words."""

    WIDE = "wide", _("widely spread")
    SOMEWHAT = "somewhat", _("somewhat concentrated")
    STRONG = "strong", _("concentrated on few")


@dataclass(frozen=True)
class Concentration:
    """``index``: the sum of squared shares, from 1/n (all alike) to 1 (all on one). ``among``: over how many shares.

    ``alike``: as if so many had equal shares, which is 1 / index.
    """

    index: Decimal
    alike: Decimal
    among: int
    spread: Spread


@dataclass(frozen=True)
class Concentrations:
    """Of the exchanges of 365 days with some countries; each None where there was no exchange, which is no zero."""

    partners: Concentration | None
    countries: Concentration | None
    units: Concentration | None


@dataclass(frozen=True)
class _Sums:
    """Of the partners of a country: how many took part, how often together, and the sum of squares."""

    count: int
    total: int
    squares: int


@dataclass(frozen=True)
class Shares:
    """Everything that concentrations are made of, by country."""

    partners: Mapping[int, _Sums]
    units: Mapping[int, Counter[int]]

    def of(self, country_ids: Collection[int]) -> Concentrations:
        """The concentrations of the exchanges with these countries; one with two of them counts with each."""
        of_partners = [self.partners[pk] for pk in country_ids if pk in self.partners]
        by_country = [sum(self.units[pk].values()) for pk in country_ids if pk in self.units]
        by_unit: Counter[int] = Counter()
        for pk in country_ids:
            by_unit.update(self.units.get(pk, Counter()))
        total, squares = sum(row.total for row in of_partners), sum(row.squares for row in of_partners)
        return Concentrations(
            partners=_concentration(total, squares, sum(row.count for row in of_partners)),
            countries=_of_counts(by_country),
            units=_of_counts(by_unit.values()),
        )


def shares(as_of: date) -> Shares:
    """Read the shares of the counted two-way exchanges in ``(T − 365, T]``. Two queries."""
    return Shares(_partner_sums(as_of), _unit_counts(as_of))


def _concentration(total: int, squares: int, among: int) -> Concentration | None:
    if not total:
        return None
    index = Fraction(squares, total * total)
    spread = Spread.WIDE if index < SOMEWHAT_FROM else Spread.SOMEWHAT if index < STRONGLY_FROM else Spread.STRONG
    return Concentration(rounded(index, 3), rounded(1 / index, 1), among, spread)


def _of_counts(counts: Iterable[int]) -> Concentration | None:
    counts = list(counts)
    return _concentration(sum(counts), sum(count * count for count in counts), len(counts))


def _partner_sums(as_of: date) -> dict[int, _Sums]:
    """Sums and sums of squares of each partner's exchanges, by country: written out, since the ORM does not group twice."""
    statement = f"""
        SELECT country_id, COUNT(*), SUM(n), SUM(n * n) FROM (
            SELECT p.country_id, f.partner_id, COUNT(*) AS n
            FROM {Participation._meta.db_table} f JOIN {Partner._meta.db_table} p ON p.id = f.partner_id
            WHERE f.counted AND f.two_way AND f.day_no > %(since)s AND f.day_no <= %(today)s AND p.country_id IS NOT NULL
            GROUP BY p.country_id, f.partner_id
        ) AS of_partners GROUP BY country_id
    """  # noqa: S608  (names of our own tables)
    today = day_number(as_of)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": today - YEAR_DAYS, "today": today})
        return {country_id: _Sums(count, int(total), int(squares)) for country_id, count, total, squares in cursor.fetchall()}


def _unit_counts(as_of: date) -> dict[int, Counter[int]]:
    """Country → host unit → different exchanges; those of all units together are the country's own."""
    today = day_number(as_of)
    rows = Participation.objects.filter(counted=True, two_way=True, day_no__gt=today - YEAR_DAYS, day_no__lte=today)
    of_countries = rows.filter(partner__country__isnull=False).once_per_country().order_by()
    found: dict[int, Counter[int]] = defaultdict(Counter)
    grouped = of_countries.values_list("partner__country", "host_unit").annotate(Count("exchange", distinct=True))
    for country_id, unit_id, count in grouped:
        found[country_id][unit_id] = count
    return dict(found)
