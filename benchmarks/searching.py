"""Accent-insensitive search over all names: in the database and as a page."""

from django.db import connection
from django.test import Client

from benchmarks.measure import each, heading, line, ms
from crm.models import User
from crm.text import fold
from partners.models import Partner

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


def run(reader: User, *, rounds: int) -> None:
    client = Client()
    client.force_login(reader)
    terms = [*TERMS] * rounds
    database = each(lambda term: list(Partner.objects.live().search(term).order_by("sort_key", "id")[:51]), terms)
    slow = each(_icontains, list(TERMS))
    page = each(lambda term: client.get("/partners/", {"q": term}, headers={"host": "localhost"}).content, terms)
    heading("Search over all names")
    line("", "median", "p95")
    line("in the database (goal p95 <= 15 ms)", ms(database.median), ms(database.p95))
    line("as a page (goal p95 <= 50 ms)", ms(page.median), ms(page.p95))
    line("name ILIKE without an index, to compare", ms(slow.median), ms(slow.p95))


def _icontains(term: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM partners_partner WHERE lower(name) LIKE %s ORDER BY name LIMIT 51", [f"%{fold(term)}%"])
        return cursor.fetchall()
