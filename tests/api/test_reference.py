"""Countries, tiers and coverage over REST."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from crm.models import User
from partners.models import Partner
from reports.metrics.documents import coverage_document
from reports.metrics.stored import coverage_on
from tests.api.caller import Caller, caller_for
from tests.factories import make_exchange


@pytest.mark.parametrize("word", ["lào", "LAO", "Laos"])
def test_a_country_is_found_by_any_of_its_names(api_of_an: Caller, word: str) -> None:
    assert "LA" in [row["alpha2"] for row in api_of_an.get("/countries/", q=word).json()["items"]]


def test_a_country_is_read_by_its_code(api_of_an: Caller) -> None:
    assert api_of_an.get("/countries/LA/").json()["name_vi"] == "Lào"
    assert api_of_an.get("/countries/ZZ/").status_code == 404


@pytest.mark.parametrize(
    ("day", "counts"),
    [("2025-08-22", (13, 10, 15)), ("2025-10-31", (14, 11, 15)), ("2026-11-21", (14, 15, 14))],
)
def test_tiers_have_the_members_of_the_day(api_of_an: Caller, day: str, counts: tuple[int, int, int]) -> None:
    tiers = {row["code"]: row for row in api_of_an.get("/tiers/", as_of=day).json()["items"]}
    codes = ("COMPREHENSIVE_STRATEGIC", "STRATEGIC", "COMPREHENSIVE")
    assert tuple(sum(member["kind"] == "country" for member in tiers[code]["members"]) for code in codes) == counts


def test_a_tier_is_read_by_its_code(api_of_an: Caller) -> None:
    answer = api_of_an.get("/tiers/SPECIAL/", as_of="2026-11-21")
    assert "LA" in [member["country"] for member in answer.json()["members"]]
    assert api_of_an.get("/tiers/NONE/").status_code == 404


def test_coverage_is_what_the_metric_says(api_of_an: Caller, an: User, lao: Partner) -> None:
    make_exchange(lao, by=an, on=date(2026, 10, 2))
    body = api_of_an.get("/coverage/", as_of="2026-11-21").json()
    assert body == coverage_document(date(2026, 11, 21), coverage_on(date(2026, 11, 21)))
    special = next(tier for tier in body["tiers"] if tier["code"] == "SPECIAL")
    laos = next(row for row in special["countries"] if row["alpha2"] == "LA")
    assert (laos["active_partners"], laos["last_exchange"], laos["done"]) == (1, "2026-10-02", 1)


def test_coverage_is_the_same_for_every_reader(an: User, chau: User, ha: User, lao: Partner) -> None:
    make_exchange(lao, by=an, on=date(2026, 10, 2))
    make_exchange(lao, by=an, on=date(2026, 10, 9), confidentiality="restricted")
    bodies = [caller_for(user).get("/coverage/", as_of="2026-11-21").json() for user in (an, chau, ha)]
    assert bodies[0] == bodies[1] == bodies[2]


def test_coverage_of_a_day_to_come_is_refused(api_of_an: Caller) -> None:
    answer = api_of_an.get("/coverage/", as_of=(timezone.localdate() + timedelta(days=1)).isoformat())
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/as_of", "future")]


@pytest.mark.parametrize("path", ["/coverage/", "/tiers/", "/tiers/SPECIAL/"])
@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "21/11/2026", ""])
def test_a_day_that_is_none_is_refused(api_of_an: Caller, path: str, day: str) -> None:
    answer = api_of_an.get(path, as_of=day)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/as_of"


def test_reference_rows_are_not_written(api_of_ha: Caller) -> None:
    answer = api_of_ha.client.post("/api/v1/countries/", headers={"Authorization": f"Bearer {api_of_ha.token}"})
    assert answer.status_code == 405
