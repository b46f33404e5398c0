"""Importing partners: ours, against COPY with one INSERT, and against django-import-export as it comes, in one run.

Each way writes other rows and commits, so each runs once. Ours validates every field, looks up countries and kinds,
searches for likely duplicates, and also records versions, stewards, other names, identifiers and the entries of the
change set from which the import can be undone; the other two write partners only.
"""

import csv
import io
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import tablib
from django.core.management import call_command
from django.db import connection, transaction
from import_export import resources

from benchmarks.measure import heading, line
from benchmarks.population import _NAMES, _WORDS
from crm.identifiers import new_public_id
from crm.models import Country
from crm.text import fold, sort_key
from partners.models import Partner, PartnerKind

# Memory is told after each size: it should hardly grow.
SIZES = (10_000, 100_000)
# SQLite is for offices whose lists are shorter.
SQLITE_SIZES = (2_000, 10_000)
# The default path sends some twenty statements a row: so many rows tell enough.
FEW_ROWS = 1_000
HEADER = ["id", "name", "acronym", "country", "city", "website", "founded"]


class PlainPartnerResource(resources.ModelResource):
    class Meta:
        model = Partner
        fields = ["id", "name", "kind", "country", "city", "website", "founded_year", "search_key", "sort_key"]


def run() -> None:
    sizes = SIZES if connection.vendor == "postgresql" else SQLITE_SIZES
    heading(f"Import of {sizes[-1]:,} partners")
    line("", "seconds", "MiB", "ours / this, per row")
    for rows in sizes:
        ours = _timed(partial(_ours, rows))
        line(f"ours, {rows:,} rows", f"{ours:.2f}", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
    if connection.vendor == "postgresql":
        copied = _timed(partial(_copy_and_insert, sizes[-1]))
        line(f"COPY to staging, INSERT, {sizes[-1]:,} rows", f"{copied:.2f}", "", f"{ours / copied:.2f} x")
    usual = _timed(_as_it_comes)
    line(f"django-import-export, default, {FEW_ROWS:,} rows", f"{usual:.2f}", "", f"{(ours / sizes[-1]) / (usual / FEW_ROWS):.3f} x")


def _timed(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def _rows(prefix: str, count: int) -> list[list[str]]:
    generator = random.Random(prefix)
    countries = list(Country.objects.order_by("alpha2").values_list("name_en", flat=True)[:60])
    return [
        [
            f"{prefix}-{number}", f"{generator.choice(_WORDS)} {generator.choice(_NAMES)} {prefix} {generator.randrange(10**9)}",
            f"{prefix[:2]}{number}", generator.choice(countries), "", f"https://{prefix}{number}.example.org",
            str(generator.randrange(1900, 2025)),
        ]
        for number in range(count)
    ]  # fmt: skip


def _ours(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([HEADER, *_rows(f"ours{count}", count)])
        mapping = [f"{column}={field}" for column, field in zip(HEADER, ["external_id", *HEADER[1:]], strict=True)]
        answer = io.StringIO()
        call_command("import_partners", str(path), map=mapping, kind=PartnerKind.objects.first().code, apply=True, json=True, stdout=answer)  # type: ignore[union-attr]  # reference rows are there
    created = json.loads(answer.getvalue())["created"]
    if created != count:
        raise RuntimeError(f"{created} of {count} rows were created.")


def _as_it_comes() -> None:
    kind = PartnerKind.objects.values_list("pk", flat=True).first()
    countries = dict(Country.objects.values_list("name_en", "pk"))
    data = tablib.Dataset(headers=["id", "name", "kind", "country", "city", "website", "founded_year", "search_key", "sort_key"])
    for _key, name, _acronym, country, city, website, founded in _rows("usual", FEW_ROWS):
        data.append(["", name, kind, countries[country], city, website, founded, fold(name), sort_key(name)])
    result = PlainPartnerResource().import_data(data, raise_errors=True)
    if result.totals["new"] != FEW_ROWS:
        raise RuntimeError(f"{result.totals} instead of {FEW_ROWS} new rows.")


def _copy_and_insert(count: int) -> None:
    kind = PartnerKind.objects.values_list("pk", flat=True).first()
    countries = dict(Country.objects.values_list("name_en", "pk"))
    rows = _rows("copy", count)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE staging (public_id uuid, name text, kind_id bigint, country_id bigint, website text, "
            "founded_year smallint, search_key text, sort_key text) ON COMMIT DROP"
        )
        with cursor.copy("COPY staging FROM STDIN") as copy:
            for _key, name, _acronym, country, _city, website, founded in rows:
                copy.write_row((str(new_public_id()), name, kind, countries[country], website, founded, fold(name), sort_key(name)))
        cursor.execute(
            "INSERT INTO partners_partner (public_id, revision, created_at, updated_at, name, name_language, kind_id, country_id, "
            "city, website, founded_year, status, interests, is_demo, search_key, sort_key) "
            "SELECT public_id, 1, now(), now(), name, 'und', kind_id, country_id, "
            "'', website, founded_year, 'active', '', false, search_key, sort_key FROM staging"
        )
