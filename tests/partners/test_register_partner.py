"""An officer registers a partner: doubles are asked back, what is wrong is refused at its field."""

from typing import Any

import pytest
from django.test import Client

from crm.models import Field, Unit, User
from partners.choices import StewardRole
from partners.models import Partner, PartnerKind
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
NEW = "/partners/new/"


def answers(**more: Any) -> dict[str, Any]:
    return {
        "name": "Hội Hữu nghị Lào - Việt",
        "name_language": "vi",
        "kind": PartnerKind.objects.order_by("order")[0].pk,
        "status": "active",
        "names-TOTAL_FORMS": "2",
        "names-INITIAL_FORMS": "0",
        "names-0-name": "",
        "names-1-name": "",
        **more,
    }


def country(code: str) -> int:
    from crm.models import Country

    return Country.objects.get(alpha2=code).pk


def register(client: Client, by: User, **more: Any) -> Any:
    client.force_login(by)
    return client.post(NEW, answers(**more))


def test_a_name_and_a_kind_are_enough_and_the_unit_becomes_lead_steward(an: User, nghe_an: Unit, client: Client) -> None:
    response = register(client, an)

    partner = Partner.objects.get()
    assert response["Location"] == partner.get_absolute_url()
    assert (partner.unit, partner.created_by) == (nghe_an, an)
    steward = partner.stewardships.get()
    assert (steward.unit, steward.role) == (nghe_an, StewardRole.LEAD)


def test_all_names_and_fields_are_kept_and_searched(an: User, client: Client) -> None:
    field = Field.objects.filter(parent__isnull=False).first()
    assert field

    register(client, an, **{
        "country": country("LA"), "city": "Viêng Chăn", "website": "example.org/lva", "founded_year": "1994", "fields": [field.pk],
        "names-0-name": "Lao-Viet Nam Friendship Association", "names-0-language": "en", "names-0-usage": "official",
        "names-1-name": "LVFA", "names-1-language": "en", "names-1-usage": "acronym",
    })  # fmt: skip

    partner = Partner.objects.search("friendship lvfa").get()
    assert {name.name for name in partner.names.all()} == {"Lao-Viet Nam Friendship Association", "LVFA"}
    assert list(partner.fields.all()) == [field]
    assert partner.website == "https://example.org/lva"


@pytest.mark.parametrize("typed", ["Hội Hữu Nghị Lào-Việt", "HOI HUU NGHI LAO VIET", "Hội hữu nghị Lào – Việt"])
def test_a_similar_name_in_the_country_is_asked_back_once_and_can_be_overruled(typed: str, an: User, client: Client) -> None:
    known = make_partner("Hội Hữu nghị Lào - Việt")

    response = register(client, an, name=typed, country=country("LA"))
    assert response.status_code == 422
    assert known.get_absolute_url() in response.content.decode()
    assert Partner.objects.count() == 1

    assert register(client, an, name=typed, country=country("LA"), overrule_warnings="on").status_code == 302
    assert Partner.objects.count() == 2


def test_what_is_folded_opens_only_with_something_in_it(an: User, client: Client) -> None:
    make_partner("Hội Hữu nghị Lào - Việt", country=None)

    assert not register(client, an, country=country("LA")).context["form"].opens_more
    assert register(client, an, country=country("LA"), website="https://example.org").context["form"].opens_more


def test_the_same_name_is_asked_back_whatever_the_country(an: User, client: Client) -> None:
    make_partner("Hội Hữu nghị Lào - Việt", country=None)

    assert register(client, an, country=country("LA")).status_code == 422


def test_another_name_is_no_double(an: User, client: Client) -> None:
    make_partner("Trường Đại học Quốc gia Lào")

    assert register(client, an, country=country("LA")).status_code == 302


def test_changing_something_else_asks_nothing_again(an: User, nghe_an: Unit, client: Client) -> None:
    make_partner("Hội Hữu nghị Lào - Việt")
    second = make_partner("Hội Hữu nghị Lào - Việt", unit=nghe_an)
    client.force_login(an)
    sent = answers(kind=second.kind_id, country=second.country_id, name_language="und", city="Viêng Chăn", seen_revision="1")

    assert client.post(f"{second.get_absolute_url()}edit/", sent).status_code == 302

    second.refresh_from_db()
    assert second.city == "Viêng Chăn"


def test_a_name_emptied_in_the_form_is_removed(an: User, client: Client) -> None:
    register(client, an, **{"names-0-name": "LVFA", "names-0-language": "en", "names-0-usage": "acronym"})
    partner = Partner.objects.get()

    sent = answers(seen_revision=str(partner.revision), **{"names-INITIAL_FORMS": "1", "names-0-name": ""})
    assert client.post(f"{partner.get_absolute_url()}edit/", sent).status_code == 302

    assert not partner.names.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 100_000),
        ("name", "Hội\x00"),
        ("kind", ""),
        ("kind", "abc"),
        ("kind", "9" * 40),
        ("country", "abc"),
        ("country", "\x00"),
        ("city", "x" * 121),
        ("website", "javascript:alert(1)"),
        ("website", "http://[::1"),
        ("founded_year", "12"),
        ("founded_year", "9" * 30),
        ("friend_since", "chưa rõ"),
        ("status", "lost"),
        ("verified_on", "31/02/2026"),
        ("verified_on", "x" * 100_000),
        ("interests", "x" * 100_000),
        ("interests", "a\x00b"),
        ("fields", "abc"),
        ("fields", "9" * 40),
    ],
    ids=lambda value: value[:12],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_saved(field: str, value: str, an: User, client: Client) -> None:
    response = register(client, an, **{field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Partner.objects.exists()


@pytest.mark.parametrize(
    "names",
    [
        {"names-0-name": "x" * 301},
        {"names-0-name": "Hội\x00"},
        {"names-0-name": "Hội", "names-0-language": "xx"},
        {"names-TOTAL_FORMS": "abc"},
        {"names-TOTAL_FORMS": "1000"},
    ],
    ids=lambda names: next(iter(names.values()))[:8],
)
def test_a_bad_other_name_is_refused_and_nothing_is_saved(names: dict[str, str], an: User, client: Client) -> None:
    assert register(client, an, **names).status_code == 422
    assert not Partner.objects.exists()


def test_an_officer_at_the_centre_registers_for_any_unit(khoa: User, quang_ninh: Unit, client: Client) -> None:
    assert register(client, khoa, lead_unit=quang_ninh.code).status_code == 302
    assert Partner.objects.get().unit == quang_ninh


def test_a_provincial_officer_is_not_asked_for_the_unit_and_cannot_choose_another(
    an: User, nghe_an: Unit, quang_ninh: Unit, client: Client
) -> None:
    assert register(client, an, lead_unit=quang_ninh.code).status_code == 302
    assert Partner.objects.get().unit == nghe_an


def test_a_viewer_and_an_administrator_may_not_register(dung: User, son: User, client: Client) -> None:
    for user in (dung, son):
        assert register(client, user).status_code == 403
    assert not Partner.objects.exists()
