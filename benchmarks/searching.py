"""Search: everywhere, ranked, as the page and the palette ask; with letters wrong; and the filter of the list."""

from collections.abc import Callable

from django.db import connection
from django.test import Client

from benchmarks.measure import each, heading, line, ms
from crm.models import User
from crm.search import Query
from crm.text import fold
from partners.models import Partner
from partners.search import find_partners

# From rare to so frequent that a third of all names hold it; with and without marks, cut words, two words.
TERMS = (
    "lao viet",
    "Hòa Bình",
    "hoa binh",
    "mekong 77",
    "LOTUS",
    "andes",
    "dai hoc",
    "Đại học",
    "friend",
    "viet 12",
    "университет",
    "angkor horizon",
)


# As people mistype: a letter left out, doubled, changed over, wrong.
MISTYPED = ("frendship lotus", "univercity", "mekogn", "fundation peace", "lotuss", "institut horizn", "universiy aurora", "hangagn")


def run(reader: User, *, rounds: int) -> None:
    client = Client()
    client.force_login(reader)
    terms = [*TERMS] * rounds
    ranked = each(lambda term: find_partners(Query.of(term), reader), terms)
    mistyped = each(lambda term: find_partners(Query.of(term), reader), [*MISTYPED] * rounds)
    listed = each(lambda term: list(Partner.objects.live().search(term).order_by("sort_key", "id")[:51]), terms)
    slow = each(_icontains, list(TERMS))
    palette = each(_page(client, "/search/options/"), terms)
    page = each(_page(client, "/search/"), terms)
    list_page = each(_page(client, "/partners/"), terms)
    heading("Search")
    line("", "median", "p95")
    line("partners by any name, ranked (goal p95 <= 15 ms)", ms(ranked.median), ms(ranked.p95))
    line("the same with letters wrong", ms(mistyped.median), ms(mistyped.p95))
    line("palette: partners, people, exchanges, pages (goal p95 <= 50 ms)", ms(palette.median), ms(palette.p95))
    line("page of all results", ms(page.median), ms(page.p95))
    line("words as a filter of the list, in the database", ms(listed.median), ms(listed.p95))
    line("the list as a page", ms(list_page.median), ms(list_page.p95))
    line("name ILIKE without an index, to compare", ms(slow.median), ms(slow.p95))


def _page(client: Client, address: str) -> Callable[[str], object]:
    return lambda term: client.get(address, {"q": term}, headers={"host": "localhost"}).content


def _icontains(term: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM partners_partner WHERE lower(name) LIKE %s ORDER BY name LIMIT 51", [f"%{fold(term)}%"])
        return cursor.fetchall()
