"""Partners and people entered a second time by another unit, for the queue of likely duplicates."""

from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from config.demo.tables import rows_of
from crm.choices import Language, NameUsage
from crm.models import User
from partners.actions.partners import OtherName, save_partner
from partners.actions.people import save_person
from partners.models import Partner, Person, Post


def make_doubles(known: dict[str, Acquaintance], around: Surroundings) -> None:
    """Make the rows of ``doubles.csv``, under spellings that somebody in a hurry would use."""
    for row in rows_of("doubles.csv"):
        original, by = known[row["of"]], around.colleagues.by_username[row["by"]]
        double = Partner(
            name=row["name"],
            name_language=Language.VIETNAMESE,
            kind=original.partner.kind,
            country=original.partner.country,
            city=row["city"],
            website=original.partner.website,
            is_demo=True,
        )
        names = [OtherName(row["name_en"], Language.ENGLISH, NameUsage.OFFICIAL)]
        save_partner(double, by=by, names=names, lead_unit=around.units[row["lead"]])
        if row["with_person"]:
            _make_person(original.people[0], double, by=by)


def _make_person(original: Person, partner: Partner, *, by: User) -> None:
    held = original.posts.order_by("rank")[0]
    double = Person(
        full_name=f"{original.family_name} {original.given_name}",
        family_name=original.family_name,
        given_name=original.given_name,
        country=original.country,
        email=original.email,
        is_demo=True,
    )
    save_person(double, by=by, post=Post(partner=partner, title_vi=held.title_vi, rank=held.rank, valid_from=held.valid_from))
