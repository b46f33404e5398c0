"""Invented people, named as in their countries, and the posts they hold or held."""

import random
from datetime import date, timedelta
from functools import cache
from typing import Any

from config.demo.tables import document, rows_of
from crm.choices import Confidentiality
from crm.models import User
from crm.text import fold
from partners.actions.people import save_person
from partners.choices import NameOrder, PartnerFamily
from partners.models import Partner, Person, Post

ONE_PERSON, TWO_PEOPLE, PREDECESSOR_TOO = 1, 6, 10
VIETNAMESE_FAMILIES = ["Nguyễn", "Trần", "Lê", "Phan", "Đặng"]
VIETNAMESE_GIVEN = ["Mỹ Hạnh", "Quang Lâm", "Thu Sương", "Đình Khải", "Ngọc Diệp", "Hữu Nghị"]
FORMS_OF_ADDRESS = {"peoples_organisation": "Ngài", "party": "Ngài", "local_government": "Ngài", "state": "Ngài"}


def make_individual(key: str, partner: Partner, *, by: User) -> Person:
    """Make the person whom an individual partner stands for."""
    row = next(row for row in rows_of("individuals.csv") if row["key"] == key)
    person = Person(
        full_name=row["full_name"],
        latin_name=row["full_name"],
        native_name=row["native_name"],
        family_name=row["family_name"],
        given_name=row["given_name"],
        name_order=row["name_order"],
        how_to_address=row["how_to_address"],
        country=partner.country,
        languages=row["languages"],
        protocol_notes=row["protocol_notes"],
        is_demo=True,
    )
    return save_person(person, by=by)


def make_people(partner: Partner, lot: random.Random, exchanges: int, *, by: User, today: date) -> list[Person]:
    """Make those who hold posts at the partner today, one to two; for the closest partners a predecessor as well."""
    here = (exchanges >= ONE_PERSON) + (exchanges >= TWO_PEOPLE)
    ranks = [*range(here), *([0] if exchanges >= PREDECESSOR_TOO else [])]
    people: list[Person] = []
    taken: set[str] = set()
    for place, rank in enumerate(ranks):
        person = _person(partner, lot, taken)
        taken.add(person.full_name)
        person.review_on = today + timedelta(days=lot.randint(150, 700))
        if lot.random() < 0.06:
            person.confidentiality = Confidentiality.UNIT
        handed_over = today - timedelta(days=lot.randint(300, 500))
        post = _post(partner, rank, left_on=handed_over if place >= here else None, since=handed_over - timedelta(days=1500))
        if rank == 0 and place == 0 and exchanges >= PREDECESSOR_TOO:
            post.valid_from = handed_over
        people.append(save_person(person, by=by, post=post))
    return people[:here]


def _person(partner: Partner, lot: random.Random, taken: set[str]) -> Person:
    while True:
        person = _vietnamese(lot) if partner.kind.family == PartnerFamily.OVERSEAS_VIETNAMESE else _foreign(partner, lot)
        if person.full_name not in taken:
            break
    person.country = partner.country
    person.how_to_address = FORMS_OF_ADDRESS.get(partner.kind.family, "Ông/Bà")
    host = partner.website.removeprefix("https://").rstrip("/")
    person.email = f"{fold(person.full_name).replace(' ', '.')}@{host}"
    person.is_demo = True
    return person


def _vietnamese(lot: random.Random) -> Person:
    family, given = lot.choice(VIETNAMESE_FAMILIES), lot.choice(VIETNAMESE_GIVEN)
    name = f"{family} {given}"
    return Person(full_name=name, family_name=family, given_name=given.split()[-1], name_order=NameOrder.FAMILY_FIRST, languages="vi")


def _foreign(partner: Partner, lot: random.Random) -> Person:
    culture = _cultures()[partner.country.alpha2 if partner.country else ""]
    family, family_native = lot.choice(culture["family"]).split("|")
    given, given_native = lot.choice(culture["given"]).split("|")
    family_first = culture["order"] == NameOrder.FAMILY_FIRST
    written_together = culture["languages"].startswith(("zh", "ko"))
    native = [family_native, given_native] if family_first else [given_native, family_native]
    name = f"{family} {given}" if family_first else f"{given} {family}"
    return Person(
        full_name=name,
        latin_name=name,
        native_name=("" if written_together else " ").join(native).strip(),
        family_name=family,
        given_name=given,
        name_order=culture["order"],
        languages=culture["languages"],
    )


def _post(partner: Partner, rank: int, *, left_on: date | None, since: date) -> Post:
    posts = document("posts.toml")
    title_vi, title_en = posts["titles"][partner.kind.family][rank].split("|")
    language = _cultures()[partner.country.alpha2 if partner.country else ""]["languages"][:2]
    own = posts["own_language"].get(language) if partner.kind.family == PartnerFamily.PEOPLES_ORGANISATION else None
    return Post(
        partner=partner,
        title_vi=title_vi,
        title_en=title_en,
        title_native=own[rank] if own else "",
        rank=(rank + 1) * 10,
        valid_from=since,
        valid_to=left_on,
    )


@cache
def _cultures() -> dict[str, dict[str, Any]]:
    """Name material by country code."""
    return {country: culture for culture in document("names.toml").values() for country in culture["countries"]}
