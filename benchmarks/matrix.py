"""The coverage matrix of a day that nothing was stored for, on every axis, against one hand-written statement; and how it grows.

The hand-written statement counts the same exchanges by country and quarter from the participations themselves, without
the rule for delegations: what the page would ask if nothing were kept for it.
"""

from datetime import date, timedelta
from functools import partial

from django.db import connection

from activities.models import Exchange, Participation
from benchmarks.measure import heading, interleaved, line, ms, queries_of
from benchmarks.population import LAST_DAY, YEARS
from reports.actions.contacts import refresh_contacts, store_contacts
from reports.choices import Axis
from reports.metrics.days import ACTIVE_DAYS, day_number, policy_on
from reports.metrics.matrix import Question, matrix
from reports.models import CountryContact, ProvinceContact

# No month-end and no last day, so no snapshot of it is there.
DAY = LAST_DAY - timedelta(days=37)
GOAL_MS = 300


def run(*, rounds: int) -> None:
    _name_provinces()
    store_contacts()
    _analyze()
    _axes(rounds)
    _growth(rounds)
    _refresh(rounds)


def _axes(rounds: int) -> None:
    policy = policy_on(DAY)
    ways = {f"by {axis.value}, tiers": partial(matrix, policy, DAY, Question(axis)) for axis in Axis}
    ways["by quarter, each country"] = partial(matrix, policy, DAY, Question(by_country=True))
    timings = interleaved({"hand-written, by quarter": partial(_hand_written, DAY), **ways}, rounds=rounds)
    bare = timings["hand-written, by quarter"].median
    heading(f"Coverage matrix of a day without a snapshot, {CountryContact.objects.count():,} contacts stored")
    line("", "median", "ratio", "statements")
    for name, timing in timings.items():
        statements = str(queries_of(ways[name])) if name in ways else "1"
        line(name, ms(timing.median), f"{timing.median / bare:.2f} x", statements)
    line(f"(goal: <= {GOAL_MS} ms)")


def _growth(rounds: int) -> None:
    """Time for 10 %, 50 % and 100 % of the exchanges of the year: the same year, as if only every so many had been logged."""
    heading("The same by quarter, while a part of the exchanges is on record")
    line("", "contacts in the year", "matrix", "hand-written")
    today = day_number(DAY)
    year = CountryContact.objects.filter(day_no__gt=today - ACTIVE_DAYS, day_no__lte=today)
    policy = policy_on(DAY)
    for share in (10, 50, 100):
        day = _day_with(share)
        timings = interleaved({"ours": partial(matrix, policy, day, Question()), "bare": partial(_hand_written, day)}, rounds=rounds)
        first = day_number(day) - ACTIVE_DAYS
        count = CountryContact.objects.filter(day_no__gt=first, day_no__lte=day_number(day)).count()
        line(f"{share} %", f"{count:,}", ms(timings["ours"].median), ms(timings["bare"].median))
    line(f"(all of the year: {year.count():,})")


def _day_with(share: int) -> date:
    """A day whose year reaches so far into the data set, which begins six years before its last day."""
    first = LAST_DAY - timedelta(days=ACTIVE_DAYS * YEARS)
    return DAY if share == 100 else first + timedelta(days=ACTIVE_DAYS * share // 100)


def _hand_written(day: date) -> int:
    today = day_number(day)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.country_id, (f.day_no - %s) / 92, COUNT(DISTINCT f.exchange_id), MAX(f.day_no), MAX(f.level) "
            "FROM activities_participation f JOIN partners_partner p ON p.id = f.partner_id "
            "WHERE f.counted AND f.two_way AND f.day_no > %s AND f.day_no <= %s AND p.country_id IS NOT NULL GROUP BY 1, 2",
            [today - ACTIVE_DAYS, today - ACTIVE_DAYS, today],
        )
        return len(cursor.fetchall())


def _refresh(rounds: int) -> None:
    exchange = Exchange.objects.order_by("-starts_on", "-pk")[100]
    partners = list(Participation.objects.filter(exchange=exchange).values_list("partner", flat=True))
    timings = interleaved({"contacts after one exchange": lambda: refresh_contacts(partners, exchange.starts_on)}, rounds=rounds)
    heading("Keeping contacts true")
    for name, timing in timings.items():
        line(name, ms(timing.median))


def _name_provinces() -> None:
    """Give every exchange a province, and a fourth of them a second one, unless that is done."""
    if ProvinceContact.objects.exists() or Exchange.provinces.through.objects.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM crm_province WHERE valid_to IS NULL ORDER BY id")
        ids = [pk for (pk,) in cursor.fetchall()]
        first = " ".join(f"WHEN {place} THEN {pk}" for place, pk in enumerate(ids))
        cursor.execute(
            f"INSERT INTO activities_exchange_provinces (exchange_id, province_id) "
            f"SELECT id, CASE id % {len(ids)} {first} END FROM activities_exchange"
        )
        cursor.execute(
            f"INSERT INTO activities_exchange_provinces (exchange_id, province_id) "
            f"SELECT id, CASE (id + 5) % {len(ids)} {first} END FROM activities_exchange WHERE id % 4 = 0"
        )


def _analyze() -> None:
    """Let the database take its statistics, and know which pages everybody may see: index-only scans need it."""
    with connection.cursor() as cursor:
        for table in (CountryContact._meta.db_table, ProvinceContact._meta.db_table):
            cursor.execute(f"VACUUM ANALYZE {table}" if connection.vendor == "postgresql" else f"ANALYZE {table}")
