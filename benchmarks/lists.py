"""The partner list through the whole stack, against its bare query and against what is usually written."""

from collections.abc import Callable
from urllib.parse import quote

from django.db import connection
from django.test import Client

from benchmarks.measure import heading, interleaved, line, ms, queries_of
from benchmarks.plain import PAGE_SIZE
from crm.models import User
from crm.paging import keyset_page
from partners.models import Partner

ORDER = ("sort_key", "id")
DEEP_SHARE = 0.95


def run(reader: User, *, rounds: int) -> None:
    client = Client()
    client.force_login(reader)
    country = _largest_country()
    depth = int(Partner.objects.count() * DEEP_SHARE) // PAGE_SIZE
    cursor = _cursor_at(depth * PAGE_SIZE)
    heading(f"Partner list (page {depth} is the deep one)")
    _compare(client, "filtered by country, first page", _first_page_sql(country), {
        "HTML": f"/partners/?country={country}",
        "REST": f"/api/v1/partners/?country={country}&limit={PAGE_SIZE}",
        "plain ListView": f"/plain/list/?country={country}",
        "plain ModelViewSet": f"/plain/partners/?country={country}",
    }, rounds)  # fmt: skip
    _compare(client, "deep page", _deep_page_sql(cursor), {
        "HTML": f"/partners/?cursor={quote(cursor)}",
        "REST": f"/api/v1/partners/?cursor={quote(cursor)}&limit={PAGE_SIZE}",
        "plain ListView": f"/plain/list/?page={depth}",
        "plain ModelViewSet": f"/plain/partners/?page={depth}",
    }, rounds)  # fmt: skip


def _compare(client: Client, label: str, sql: Callable[[], object], addresses: dict[str, str], rounds: int) -> None:
    def visit(address: str) -> Callable[[], object]:
        def call() -> object:
            answer = client.get(address, headers={"host": "localhost"})
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answered {answer.status_code}")
            return answer.content

        return call

    ways = {"bare query": sql, **{name: visit(address) for name, address in addresses.items()}}
    timings = interleaved(ways, rounds=rounds)
    bare = timings["bare query"].median
    line(label, "median", "above query", "statements")
    for name, timing in timings.items():
        line(f"  {name}", ms(timing.median), ms(timing.median - bare), str(queries_of(ways[name])))
    line("  plain ListView / HTML", f"{timings['plain ListView'].median / timings['HTML'].median:.1f} x")
    line("  plain ModelViewSet / REST", f"{timings['plain ModelViewSet'].median / timings['REST'].median:.1f} x")


def _largest_country() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.alpha2 FROM partners_partner p JOIN crm_country c ON c.id = p.country_id "
            "GROUP BY c.alpha2 ORDER BY count(*) DESC, 1 LIMIT 1"
        )
        return str(cursor.fetchone()[0])


def _cursor_at(position: int) -> str:
    """The cursor with which a reader arrives at the page after the position."""
    row = Partner.objects.order_by(*ORDER)[position]
    here = Partner.objects.filter(sort_key=row.sort_key, pk__gte=row.pk) | Partner.objects.filter(sort_key__gt=row.sort_key)
    cursor = keyset_page(here, order=ORDER, cursor=None, size=1).next_cursor
    if cursor is None:
        raise RuntimeError("The data set is too small for a deep page.")
    return cursor


def _rows(queryset: object) -> Callable[[], object]:
    sql, params = queryset.query.sql_with_params()  # type: ignore[attr-defined]  # any queryset

    def call() -> object:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    return call


def _first_page_sql(country: str) -> Callable[[], object]:
    partners = Partner.objects.filter(archived_at=None, country__alpha2=country).select_related("kind", "country")
    return _rows(partners.order_by(*ORDER)[: PAGE_SIZE + 1])


def _deep_page_sql(cursor: str) -> Callable[[], object]:
    page = keyset_page(Partner.objects.all(), order=ORDER, cursor=cursor, size=1)
    after = page.rows[0]
    partners = Partner.objects.filter(archived_at=None, sort_key__gte=after.sort_key).select_related("kind", "country")
    return _rows(partners.order_by(*ORDER)[: PAGE_SIZE + 1])
