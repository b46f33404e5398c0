"""People over REST: seen by their level of confidentiality, written by the unit that entered them."""

from crm.models import Unit, User
from partners.models import Partner, Person, Post
from tests.api.caller import Caller, caller_for

NEW = {"full_name": "ບຸນມີ ວົງສາ", "latin_name": "Bounmy Vongsa", "country": "LA", "languages": "lo, vi"}


def make_person(name: str, *, unit: Unit, confidentiality: str = "unit", created_by: User | None = None) -> Person:
    return Person.objects.create(full_name=name, unit=unit, confidentiality=confidentiality, created_by=created_by)


def test_a_person_is_recorded_with_a_post(api_of_an: Caller, lao: Partner) -> None:
    post = {"partner": str(lao.public_id), "title_vi": "Chủ tịch", "rank": 1, "valid_from": "2024-03-01"}
    answer = api_of_an.post("/people/", NEW | {"post": post})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {name: body[name] for name in NEW} == NEW
    assert {name: body["posts"][0][name] for name in post} == post
    assert body["unit"] == "PU-40"
    assert answer["ETag"] == '"rev-1"'


def test_a_post_without_a_title_saves_nothing(api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an.post("/people/", NEW | {"post": {"partner": str(lao.public_id)}})
    assert answer.status_code == 422
    assert not Person.objects.exists()


def test_a_person_is_changed_and_archived(api_of_an: Caller) -> None:
    address = f"/people/{api_of_an.post('/people/', NEW).json()['id']}/"
    assert api_of_an.patch(address, {"phone": "+856 20 5555"}).json()["phone"] == "+856 20 5555"
    assert api_of_an.archive(address).json()["archived"] is True
    assert api_of_an.get("/people/").json()["items"] == []


def test_people_of_a_partner_are_found(api_of_an: Caller, lao: Partner, nghe_an: Unit) -> None:
    member, _other = make_person("Bounmy", unit=nghe_an), make_person("Sok", unit=nghe_an)
    Post.objects.create(person=member, partner=lao, title_en="President")
    rows = api_of_an.get("/people/", partner=str(lao.public_id)).json()["items"]
    assert [row["full_name"] for row in rows] == ["Bounmy"]


def test_each_sees_the_people_of_the_own_level(an: User, binh: User, chau: User, dung: User, khoa: User, ha: User, nghe_an: Unit) -> None:
    levels = {level: make_person(level, unit=nghe_an, confidentiality=level, created_by=an) for level in ("network", "unit", "restricted")}
    expected = {
        an: {"network", "unit", "restricted"},  # entered the restricted one
        binh: {"network", "unit", "restricted"},  # leads the unit
        dung: {"network", "unit"},
        chau: {"network"},
        khoa: {"network", "unit"},
        ha: {"network", "unit", "restricted"},
    }
    for user, seen in expected.items():
        caller = caller_for(user)
        assert {row["full_name"] for row in caller.get("/people/").json()["items"]} == seen, user
        opened = {level for level, person in levels.items() if caller.get(f"/people/{person.public_id}/").status_code == 200}
        assert opened == seen, user


def test_what_is_out_of_scope_is_not_found_whatever_is_done(api_of_chau: Caller, nghe_an: Unit) -> None:
    address = f"/people/{make_person('Bounmy', unit=nghe_an).public_id}/"
    assert api_of_chau.get(address).status_code == 404
    assert api_of_chau.patch(address, {"phone": "1"}).status_code == 404
    assert api_of_chau.archive(address).status_code == 404


def test_what_is_seen_but_kept_by_another_unit_is_not_changed(api_of_chau: Caller, nghe_an: Unit) -> None:
    person = make_person("Bounmy", unit=nghe_an, confidentiality="network")
    assert api_of_chau.patch(f"/people/{person.public_id}/", {"phone": "1"}).status_code == 403
    person.refresh_from_db()
    assert person.phone == ""


def test_a_viewer_does_not_write(dung: User) -> None:
    assert caller_for(dung).post("/people/", NEW).status_code == 403


def test_what_is_wrong_about_a_post_is_named(api_of_an: Caller, lao: Partner) -> None:
    for post, pointer, code in (
        ({}, "/post", "required"),
        ({"title_vi": "Chủ tịch", "valid_from": "2024-03-01", "valid_to": "2023-03-01"}, "/post/valid_to", "ends-before-start"),
    ):
        answer = api_of_an.post("/people/", {"full_name": "Bounmy", "post": {"partner": str(lao.public_id), **post}})
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
