"""Two people edit one record: the second sees what the first changed, decides, and nothing of either is lost unseen."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Exchange
from crm.models import User
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange(an: User) -> Exchange:
    return make_exchange(make_partner(), by=an, on=timezone.localdate(), title="Họp", outcome="Chưa rõ")


def shown(client: Client, exchange: Exchange) -> dict[str, Any]:
    """What a browser would send of the form as it is shown, untouched."""
    page = client.get(f"{exchange.get_absolute_url()}edit/")
    form = page.context["form"]
    sent = {field.html_name: _sent(field) for field in form if field.name != "overrule_warnings"}
    prints = re.search(r'name="seen_revision_prints" value="([^"]*)"', page.content.decode())
    assert prints is not None
    return {name: value for name, value in sent.items() if value not in (None, "")} | {"seen_revision_prints": prints[1]}


def _sent(field: Any) -> Any:
    value = field.value()
    if isinstance(value, list):
        return [str(field.field.prepare_value(single)) for single in value]
    return field.field.widget.format_value(value) if hasattr(field.field.widget, "format_value") and field.name.endswith("_on") else value


def save(client: Client, exchange: Exchange, answers: dict[str, Any], **changes: Any) -> Any:
    return client.post(f"{exchange.get_absolute_url()}edit/", {**answers, **changes})


def stored(exchange: Exchange) -> Exchange:
    return Exchange.objects.get(pk=exchange.pk)


@pytest.fixture
def pages(an: User, binh: User, exchange: Exchange) -> tuple[Client, Client, dict[str, Any]]:
    """An and Bình have both opened the form; then An has saved another outcome and a place."""
    first, second = Client(), Client()
    first.force_login(an)
    second.force_login(binh)
    answers, later = shown(first, exchange), shown(second, exchange)
    assert save(first, exchange, answers, outcome="An: đồng ý", place="Vinh").status_code == 302
    return first, second, later


def test_the_second_sees_what_the_first_changed(exchange: Exchange, an: User, pages: tuple[Client, Client, dict[str, Any]]) -> None:
    _first, second, answers = pages

    answer = save(second, exchange, answers, outcome="Bình: hoãn", title="Họp bàn")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert an.full_name in page
    assert [(row.name, row.theirs, row.mine, row.is_conflict) for row in answer.context["form"].differences] == [
        ("place", "Vinh", "—", False),
        ("outcome", "An: đồng ý", "Bình: hoãn", True),
    ]
    assert stored(exchange).outcome == "An: đồng ý"


@pytest.mark.parametrize(("choice", "outcome"), [("mine", "Bình: hoãn"), ("theirs", "An: đồng ý")])
def test_what_is_decided_is_saved_and_the_rest_of_both_stays(
    choice: str, outcome: str, exchange: Exchange, pages: tuple[Client, Client, dict[str, Any]]
) -> None:
    _first, second, answers = pages

    answer = save(
        second, exchange, answers, outcome="Bình: hoãn", title="Họp bàn", seen_revision_met="2", keep_outcome=choice, keep_place="theirs"
    )

    assert answer.status_code == 302
    assert (stored(exchange).outcome, stored(exchange).place, stored(exchange).title) == (outcome, "Vinh", "Họp bàn")


def test_what_both_changed_has_to_be_decided(exchange: Exchange, pages: tuple[Client, Client, dict[str, Any]]) -> None:
    _first, second, answers = pages

    assert save(second, exchange, answers, outcome="Bình: hoãn", seen_revision_met="2").status_code == 422
    assert stored(exchange).outcome == "An: đồng ý"


def test_what_only_one_changed_need_not_be_chosen(exchange: Exchange, pages: tuple[Client, Client, dict[str, Any]]) -> None:
    _first, second, answers = pages

    assert save(second, exchange, answers, title="Họp bàn", seen_revision_met="2").status_code == 302
    assert (stored(exchange).outcome, stored(exchange).place, stored(exchange).title) == ("An: đồng ý", "Vinh", "Họp bàn")


def test_a_third_change_in_between_is_shown_anew(exchange: Exchange, pages: tuple[Client, Client, dict[str, Any]]) -> None:
    first, second, answers = pages
    save(first, exchange, shown(first, exchange), place="Cửa Lò")

    answer = save(second, exchange, answers, title="Họp bàn", seen_revision_met="2")

    assert answer.status_code == 422
    assert "Cửa Lò" in answer.content.decode()


def test_a_list_that_both_changed_is_told_in_names(exchange: Exchange, an: User, pages: tuple[Client, Client, dict[str, Any]]) -> None:
    first, second, answers = pages
    theirs, mine = make_partner("Hội A"), make_partner("Hội B")
    save(first, exchange, shown(first, exchange), partners=[str(theirs.public_id)])

    answer = save(second, exchange, answers, partners=[str(mine.public_id)])

    told = {row.name: (row.theirs, row.mine) for row in answer.context["form"].differences}
    assert told["partners"] == ("Hội A", "Hội B")


def test_without_a_second_writer_nothing_is_asked(exchange: Exchange, an: User, client: Client) -> None:
    client.force_login(an)

    assert save(client, exchange, shown(client, exchange), outcome="Xong").status_code == 302
