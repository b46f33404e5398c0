"""The page of the coverage matrix: every number opens the rows that it counts; days, files and scope."""

import csv
import io
import re
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from activities.filters.exchanges import ExchangeFilter
from activities.models import Exchange
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Field, Province, Unit, User
from partners.models import Partner
from reports.choices import Axis
from reports.forms.matrix import read_look
from reports.views.matrix import matrix_of
from reports.views.matrix_grid import list_filters
from tests.factories import make_exchange, make_partner
from tests.reports.test_coverage_page import read

pytestmark = pytest.mark.django_db

AS_OF = date(2025, 9, 30)


@pytest.fixture
def lao(an: User, nghe_an: Unit) -> Partner:
    """A partner in Laos met often: of several fields and provinces, with another country, inside a delegation."""
    partner, school = make_partner("Hội Hữu nghị Lào", country="LA"), make_partner("Đại học Lào", country="LA", kind="UNIVERSITY")
    khmer = make_partner("Hội Hữu nghị Campuchia", country="KH")
    groups = list(Field.objects.filter(parent=None).order_by("bit"))
    hanoi, border = Province.objects.get(slug="ha-noi"), Province.objects.get(slug="ha-giang")
    make_exchange(partner, by=an, on=AS_OF, title="Gặp gỡ mới nhất", fields=groups[:2], provinces=[hanoi, border])
    make_exchange([partner, school], by=an, on=AS_OF - timedelta(days=50), fields=[Field.objects.filter(parent=groups[0])[0]])
    make_exchange([partner, khmer], by=an, on=AS_OF - timedelta(days=100), provinces=[hanoi])
    delegation = make_exchange(partner, by=an, on=AS_OF - timedelta(days=200), kind="DELEGATION_IN", direction="in")
    make_exchange(school, by=an, on=AS_OF - timedelta(days=199), parent=delegation)
    make_exchange(partner, by=an, on=AS_OF - timedelta(days=5), kind="LETTER_EXCHANGE", sides="ours")
    return partner


def page(user: User, **parameters: Any) -> str:
    return read(user, f"{reverse('reports:coverage')}?{'&'.join(f'{name}={value}' for name, value in parameters.items())}")


def rows_behind(address: str) -> int:
    given = QueryDict(urlsplit(unescape(address)).query)
    filtered = ExchangeFilter(given, queryset=Exchange.objects.all())
    assert filtered.is_valid(), filtered.errors
    assert set(given) <= set(filtered.form.fields)
    return int(filtered.qs.count())


@pytest.mark.parametrize("axis", Axis)
def test_every_number_of_a_country_opens_exactly_the_rows_that_it_counts(axis: Axis, lao: Partner, an: User) -> None:
    shown = page(an, as_of=AS_OF, axis=axis, tier="NEIGHBOUR", turned="false")
    found = matrix_of(read_look({"as_of": AS_OF.isoformat(), "axis": axis, "tier": "NEIGHBOUR"}))
    numbers = {
        f"{row.country.alpha2}.{code}": int(cell.done)
        for row in found.rows
        if row.country
        for code, cell in [*zip([column.code for column in found.columns], row.cells, strict=True), ("total", row.total)]
        if cell.done
    }
    opened = {place: rows_behind(address) for address, place in re.findall(r'<a href="([^"]+)" data-cell="((?:LA|KH|CN)\.[^"]+)"', shown)}
    assert opened == numbers
    assert (numbers["LA.total"], numbers["KH.total"]) == (4, 1)


def test_a_cell_of_a_tier_names_as_many_exchanges_as_its_list_has(lao: Partner, an: User) -> None:
    found = matrix_of(read_look({"as_of": AS_OF.isoformat()}))
    row = next(row for row in found.rows if row.tier and row.tier.code == "NEIGHBOUR")
    listed = QueryDict(mutable=True)
    listed.update({name: str(value) for name, value in list_filters(row, None, found).items() if name != "tier"})
    listed.setlist("tier", ["NEIGHBOUR"])
    count = ExchangeFilter(listed, queryset=Exchange.objects.all()).qs.count()
    popover = read(an, f"{reverse('reports:coverage-cell')}?as_of={AS_OF}&cell=NEIGHBOUR.total")
    assert count == 4
    assert f"Open all {count} exchanges in a list" in popover
    assert "contact with 2 of 3 countries" in popover
    assert "Gặp gỡ mới nhất" in popover


def test_what_another_unit_keeps_to_itself_is_counted_but_not_named(lao: Partner, an: User, chau: User) -> None:
    Exchange.objects.update(confidentiality=Confidentiality.NETWORK)
    Exchange.objects.filter(title="Gặp gỡ mới nhất").update(confidentiality=Confidentiality.UNIT)
    address = f"{reverse('reports:coverage-cell')}?as_of={AS_OF}&tier=NEIGHBOUR&cell=LA.total"
    assert "Gặp gỡ mới nhất" in read(an, address)
    hidden = read(chau, address)
    assert "Gặp gỡ mới nhất" not in hidden
    assert "1 more is kept by its unit to itself" in hidden


def test_a_restricted_exchange_moves_no_number_for_anybody(lao: Partner, an: User, ha: User) -> None:
    before = page(ha, as_of=AS_OF).partition('<table class="matrix"')[2].partition("</table>")[0]
    make_exchange(lao, by=an, on=AS_OF - timedelta(days=1), confidentiality=Confidentiality.RESTRICTED)
    assert before
    assert before in page(ha, as_of=AS_OF)


@pytest.mark.parametrize("cell", ["", "LA", "XX.total", "LA.nothing", "NEIGHBOUR."])
def test_a_cell_that_is_none_is_not_found(cell: str, lao: Partner, an: User) -> None:
    client = Client()
    client.force_login(an)
    assert client.get(f"{reverse('reports:coverage-cell')}?as_of={AS_OF}&tier=NEIGHBOUR&cell={cell}").status_code == 404


@pytest.mark.parametrize(
    "query", ["as_of=2999-01-01", "as_of=soon", "as_of=1900-01-01", "with=2999-01-01", "with=x", "known_on=2999-01-01", "known_on=x"]
)
def test_an_impossible_day_is_named_and_shows_no_figures(query: str, an: User) -> None:
    client = Client()
    client.force_login(an)
    for name in ("coverage", "coverage-cell"):
        answer = client.get(f"{reverse(f'reports:{name}')}?{query}")
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert "<table" not in answer.content.decode()


def test_signs_and_words_stand_beside_the_colours(lao: Partner, an: User) -> None:
    shown = page(an, as_of=AS_OF, tier="NEIGHBOUR")
    assert ('aria-hidden="true">◐</span>' in shown, "Some, fewer than asked" in shown) == (True, True)
    assert "style=" not in shown


def test_two_days_stand_side_by_side_with_the_direction(lao: Partner, an: User) -> None:
    shown = page(an, as_of=AS_OF, tier="NEIGHBOUR", **{"with": "2024-09-30"})
    assert "compared with" in shown
    assert '<span class="move">' in shown
    assert page(an, as_of=AS_OF, **{"with": AS_OF}).count('class="move"') == 0


def test_rows_and_columns_swap_and_many_columns_stand_down_the_page_by_themselves(lao: Partner, an: User) -> None:
    upright = page(an, as_of=AS_OF, axis="quarter")
    assert re.search(r'<th scope="row"><a [^>]+>Neighbouring', upright)
    turned = page(an, as_of=AS_OF, axis="quarter", turned="true")
    assert re.search(r'<th scope="col"><a [^>]+>Neighbouring', turned)
    assert re.search(r'<th scope="row">Ngh[eệ] An', page(an, as_of=AS_OF, axis="province"))


def test_a_status_in_the_address_leads_to_the_list_of_countries(lao: Partner, an: User) -> None:
    client = Client()
    client.force_login(an)
    answer = client.get(f"{reverse('reports:coverage')}?as_of={AS_OF}&status=never")
    assert answer.headers["Location"] == f"{reverse('reports:coverage-countries')}?as_of={AS_OF}&status=never"


def test_as_known_before_an_exchange_was_entered_it_is_in_no_number(lao: Partner, an: User) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    shown = page(an, as_of=AS_OF, tier="NEIGHBOUR", known_on=yesterday)
    assert "As known on" in shown
    assert "No exchange is on record for this year" in shown
    assert "data-cell=" not in shown


def exported(user: User, format_name: str, **parameters: Any) -> Any:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client.get(reverse("reports:coverage"), {"as_of": AS_OF.isoformat(), "export": format_name, **parameters})


def test_the_file_holds_what_is_seen_under_a_head_that_says_of_when(lao: Partner, ha: User) -> None:
    answer = exported(ha, "csv", tier="NEIGHBOUR")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    head = {row[0]: row[1] for row in rows[1:7] if len(row) == 2}
    assert (head["As of"], head["Tier"]) == ("30/09/2025", "Neighbouring country")
    assert {"As known on", "Policy version", "Completeness"} <= set(head)
    table = rows[rows.index([]) + 1 :]
    laos = next(row for row in table if row[0] == "Laos")
    assert (table[0][0], table[0][-1], laos[-1][:3]) == ("Country", "Year (365 days)", "◐ 4")
    book = load_workbook(io.BytesIO(exported(ha, "xlsx", tier="NEIGHBOUR").content)).active
    assert book is not None
    assert [laos[0], laos[-1]] in [[row[0], row[-1]] for row in book.iter_rows(values_only=True)]
    assert AuditEvent.objects.filter(verb=AuditVerb.EXPORTED).count() == 2


def test_a_file_needs_a_format_that_exists(lao: Partner, ha: User) -> None:
    assert exported(ha, "pdf").status_code == 404


def test_htmx_gets_the_result_alone(lao: Partner, an: User) -> None:
    shown = read(an, f"{reverse('reports:coverage')}?as_of={AS_OF}", **{"hx-request": "true"})
    assert shown.strip().startswith('<div id="coverage"')
    assert "<html" not in shown
