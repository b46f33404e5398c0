"""The change feed as an office's program reads it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.actions.records import archive_record
from crm.choices import Confidentiality, FeedNoun
from crm.feed.keeping import renew_feed
from crm.models import Field, Unit, User
from partners.actions.merges import merge_partners
from partners.models import Partner, Person, Post
from tests.api.caller import API, Caller, caller_for
from tests.api.description import operation_for
from tests.factories import make_exchange, make_partner
from tests.query_counts import check_count

# PostgreSQL tells of what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
CHANGES = "/changes/"


def now(caller: Caller, **asked: Any) -> str:
    answer = caller.get(CHANGES, since="now", **asked).json()
    assert (answer["items"], answer["has_more"]) == ([], False)
    cursor: str = answer["cursor"]
    return cursor


def pages(caller: Caller, since: str | None, **asked: Any) -> list[dict[str, Any]]:
    """Every change after the cursor, page by page; the last page's cursor at the end."""
    items: list[dict[str, Any]] = []
    while True:
        answer = caller.get(CHANGES, **(asked | ({"since": since} if since else {})))
        assert answer.status_code == 200, answer.content
        body = answer.json()
        items += body["items"]
        since = body["cursor"]
        if not body["has_more"]:
            return items


def test_what_changed_stands_as_it_is_by_now(api_of_an: Caller, khoa: User) -> None:
    cursor = now(api_of_an)
    kept, gone, merged = (make_partner(name) for name in ("Hội Sen", "Quỹ Tre", "Hội Sen cũ"))
    archive_record(gone, by=khoa)
    merge_partners(kept, merged, by=khoa)

    told = {item["id"]: item for item in pages(api_of_an, cursor)}

    first = told[str(kept.public_id)]
    assert first == {**first, "noun": "partner", "deleted": None, "merged_into": None}
    assert api_of_an.get(f"/partners/{kept.public_id}/").json()["revision"] == first["revision"]
    assert told[str(gone.public_id)]["deleted"] == "archived"
    assert (told[str(merged.public_id)]["deleted"], told[str(merged.public_id)]["merged_into"]) == ("merged", str(kept.public_id))


def test_lists_first_and_then_changes_from_a_cursor_of_before_give_all_there_is(api_of_an: Caller, an: User) -> None:
    """The first sync of the documentation; somebody writes in the middle of it."""
    made = [make_partner(f"Hội {number}") for number in range(5)]
    cursor = now(api_of_an, noun="partner")
    copy: dict[str, str] = {}
    page = api_of_an.get("/partners/", limit=2).json()
    while True:
        copy |= {row["id"]: row["name"] for row in page["items"]}
        if len(copy) == 4:
            Partner.objects.filter(pk=made[0].pk).update(name="Hội 0 mới")
            make_partner("Aa trước mọi trang đã đọc")
        if page["next"] is None:
            break
        page = api_of_an.get(page["next"]).json()

    for item in pages(api_of_an, cursor, noun="partner", limit=2):
        copy[item["id"]] = api_of_an.get(f"/partners/{item['id']}/").json()["name"]

    assert copy == {str(partner.public_id): partner.name for partner in Partner.objects.all()}


def test_nouns_may_be_named(api_of_an: Caller, an: User) -> None:
    partner = make_partner()
    make_exchange(partner, by=an, on=partner.created_at.date())
    assert {item["noun"] for item in pages(api_of_an, None)} == {"partner", "exchange"}
    assert {item["noun"] for item in pages(api_of_an, None, noun=["exchange", "person"])} == {"exchange"}


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"since": "x"}, "/since", "invalid-cursor"),
        ({"since": ""}, "/since", "invalid-cursor"),
        ({"since": "a" * 3_000}, "/since", "invalid-cursor"),
        ({"since": "\x00"}, "/since", "invalid-cursor"),
        ({"limit": "0"}, "/limit", "invalid"),
        ({"limit": "1001"}, "/limit", "invalid"),
        ({"limit": "ten"}, "/limit", "invalid"),
        ({"limit": ""}, "/limit", "invalid"),
        ({"noun": "country"}, "/noun", "invalid-choice"),
        ({"noun": ["partner", ""]}, "/noun", "invalid-choice"),
        ({"since": ["now", "now"]}, "/since", "repeated"),
        ({"cursor": "x"}, "/cursor", "unknown-parameter"),
        ({"since": "now", "limit": "x"}, "/limit", "invalid"),
    ],
    ids=str,
)
def test_wrong_parameters_are_named(asked: dict[str, Any], pointer: str, code: str, api_of_an: Caller) -> None:
    answer = api_of_an.get(CHANGES, **asked)
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_a_cursor_of_before_a_restored_backup_is_gone(api_of_an: Caller) -> None:
    cursor = now(api_of_an)
    renew_feed()
    answer = api_of_an.get(CHANGES, since=cursor)
    assert (answer.status_code, answer.json()["code"]) == (410, "resync-required")
    assert pages(api_of_an, now(api_of_an)) == []


def test_a_program_sees_what_its_account_sees(api_of_an: Caller, api_of_chau: Caller, api_of_ha: Caller, nghe_an: Unit) -> None:
    callers = (api_of_an, api_of_chau, api_of_ha)
    cursors = [now(caller) for caller in callers]
    person = Person.objects.create(full_name="Khamphone", unit=nghe_an, confidentiality=Confidentiality.UNIT)
    assert [len(pages(caller, cursor)) for caller, cursor in zip(callers, cursors, strict=True)] == [1, 0, 1]

    cursors = [now(caller) for caller in callers]
    Person.objects.filter(pk=person.pk).update(confidentiality=Confidentiality.RESTRICTED)
    told = [[item["deleted"] for item in pages(caller, cursor)] for caller, cursor in zip(callers, cursors, strict=True)]
    assert told == [["not-visible"], [], [None]]


def test_nothing_is_written_here_and_signing_in_is_needed(api_of_an: Caller, an: User) -> None:
    assert Client().post(f"{API}{CHANGES}", headers={"Authorization": f"Bearer {api_of_an.token}"}).status_code == 405
    assert Caller(token="none").get(CHANGES).status_code == 401
    assert caller_for(an, scope="read").get(CHANGES).status_code == 200


def test_the_description_names_every_noun_and_reason() -> None:
    operation = operation_for("get", "/api/v1/changes/")
    [nouns] = [parameter["schema"]["items"]["enum"] for parameter in operation["parameters"] if parameter["name"] == "noun"]
    assert sorted(nouns) == sorted(FeedNoun.values)
    assert {"200", "400", "401", "410", "429"} <= set(operation["responses"])


@pytest.mark.parametrize("records", [1, 12])
def test_a_page_takes_as_many_queries_however_many_changes_it_has(records: int, an: User, khoa: User, api_of_an: Caller) -> None:
    """One for the page, one or two for each noun in it, beside the token and the scope of its account."""
    cursor = now(api_of_an)
    for number in range(records):
        partner, former = make_partner(f"Hội {number}"), make_partner(f"Hội cũ {number}")
        Partner.objects.filter(pk=former.pk).update(merged_into=partner, archived_at="2026-01-01T00:00:00Z", archived_by=khoa)
        partner.fields.add(Field.objects.all()[0])
        person = Person.objects.create(full_name=f"Người {number}")
        Post.objects.create(person=person, partner=partner, title_en="President")
        Person.objects.filter(pk=person.pk).update(confidentiality=Confidentiality.RESTRICTED)
    api_of_an.get(CHANGES, since=cursor)
    with CaptureQueriesContext(connection) as captured:
        answer = api_of_an.get(CHANGES, since=cursor)
    assert len(answer.json()["items"]) == 4 * records
    check_count("api changes", [query["sql"] for query in captured.captured_queries])
