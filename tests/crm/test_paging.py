"""Keyset pages: every row once, in order, forwards and back."""

import pytest

from crm.models import Country
from crm.paging import InvalidCursorError, keyset_page

ORDER = ("sort_key", "id")


@pytest.fixture
def names(reference_data: None) -> list[str]:
    return list(Country.objects.order_by(*ORDER).values_list("name_vi", flat=True))


@pytest.mark.django_db
def test_walking_forwards_meets_every_row_once(names: list[str]) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        page = keyset_page(Country.objects.all(), order=ORDER, cursor=cursor, size=40)
        seen += [country.name_vi for country in page.rows]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == names


@pytest.mark.django_db
def test_walking_back_gives_the_page_before(names: list[str]) -> None:
    first = keyset_page(Country.objects.all(), order=ORDER, cursor=None, size=10)
    second = keyset_page(Country.objects.all(), order=ORDER, cursor=first.next_cursor, size=10)
    back = keyset_page(Country.objects.all(), order=ORDER, cursor=second.previous_cursor, size=10)
    assert first.previous_cursor is None
    assert [country.name_vi for country in back.rows] == names[:10]
    assert back.previous_cursor is None


@pytest.mark.django_db
def test_descending_order_pages_too(names: list[str]) -> None:
    order = ("-sort_key", "-id")
    first = keyset_page(Country.objects.all(), order=order, cursor=None, size=7)
    second = keyset_page(Country.objects.all(), order=order, cursor=first.next_cursor, size=7)
    assert [country.name_vi for country in [*first.rows, *second.rows]] == names[::-1][:14]


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "W10", "////", "eyJhIjoxfQ", "é"])
def test_a_broken_cursor_is_refused(cursor: str, reference_data: None) -> None:
    with pytest.raises(InvalidCursorError):
        keyset_page(Country.objects.all(), order=ORDER, cursor=cursor, size=10)


@pytest.mark.django_db
def test_a_cursor_of_another_order_is_refused(names: list[str]) -> None:
    page = keyset_page(Country.objects.all(), order=("alpha2", "id"), cursor=None, size=10)
    with pytest.raises(InvalidCursorError):
        keyset_page(Country.objects.all(), order=ORDER, cursor=page.next_cursor, size=10)
