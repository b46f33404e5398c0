"""Partners, people with their posts, relations and stewardships, each through the action that pages use."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from simple_history.utils import bulk_update_with_history

from config.demo.accounts import Colleagues
from config.demo.bulk import insert
from config.demo.people import make_individual, make_people
from config.demo.tables import parts, rows_of
from crm.actions.records import save_record
from crm.choices import Language, NameUsage
from crm.models import Country, Field, Unit
from partners.actions.partners import OtherName, save_partner
from partners.choices import PartnerFamily, RelationKind, StewardRole
from partners.models import Partner, PartnerKind, Person, Relation, Stewardship

SEED = "nhip-cau"


@dataclass(frozen=True)
class Acquaintance:
    """A partner with what its exchanges are made from. ``exchanges``: about how many in three years."""

    key: str
    partner: Partner
    family: str
    lead: Unit
    support: list[Unit]
    fields: list[Field]
    exchanges: int
    people: list[Person] = field(default_factory=list)

    def lot(self, purpose: str) -> random.Random:
        """Chance of its own, so that another row in a file changes nothing here."""
        return random.Random(f"{SEED}:{purpose}:{self.key}")  # noqa: S311  # Invented data, no secret.


def make_directory(colleagues: Colleagues, today: date) -> dict[str, Acquaintance]:
    """Make everybody in ``partners.csv``, by key."""
    rows = rows_of("partners.csv")
    kinds = {kind.code: kind for kind in PartnerKind.objects.all()}
    countries = {country.alpha2: country for country in Country.objects.all()}
    units = {unit.code: unit for unit in Unit.objects.all()}
    fields = {entry.code: entry for entry in Field.objects.all()}
    known = {}
    for row in rows:
        acquaintance = Acquaintance(
            key=row["key"],
            partner=_partner(row, kinds[row["kind"]], countries.get(row["country"]), today),
            family=kinds[row["kind"]].family,
            lead=units[row["lead"]],
            support=[units[code] for code in parts(row["support"])],
            fields=[fields[code] for code in parts(row["fields"])],
            exchanges=int(row["exchanges"]),
        )
        _save(acquaintance, _names(row), colleagues, today)
        known[row["key"]] = acquaintance
    _make_stewardships(known, colleagues, since=today - timedelta(days=1200))
    _make_relations(known, colleagues)
    return known


def _partner(row: dict[str, str], kind: PartnerKind, country: Country | None, today: date) -> Partner:
    lot = random.Random(f"{SEED}:partner:{row['key']}")  # noqa: S311  # Invented data, no secret.
    return Partner(
        name=row["name"],
        name_language=Language.VIETNAMESE,
        kind=kind,
        country=country,
        city=row["city"],
        website="" if kind.family == PartnerFamily.INDIVIDUAL else f"https://{row['key']}.example/",
        founded_year=int(row["founded"]) if row["founded"] else None,
        friend_since=int(row["friend_since"]) if row["friend_since"] else None,
        status=row["status"],
        interests=row["interests"],
        verified_on=today - timedelta(days=lot.randint(10, 600)) if lot.random() < 0.8 else None,
        is_demo=True,
    )


def _names(row: dict[str, str]) -> list[OtherName]:
    names = [OtherName(row["name_en"], Language.ENGLISH, NameUsage.OFFICIAL)]
    if row["name_native"]:
        names.append(OtherName(row["name_native"], row["native_language"], NameUsage.OFFICIAL))
    if row["acronym"]:
        names.append(OtherName(row["acronym"], Language.OTHER, NameUsage.ACRONYM))
    return names


def _save(acquaintance: Acquaintance, names: list[OtherName], colleagues: Colleagues, today: date) -> None:
    author = colleagues.of(acquaintance.lead)
    partner = acquaintance.partner
    if acquaintance.family == PartnerFamily.INDIVIDUAL:
        partner.person = make_individual(acquaintance.key, partner, by=author)
        acquaintance.people.append(partner.person)
    save_partner(partner, by=author, names=names, fields=acquaintance.fields, lead_unit=acquaintance.lead)
    if acquaintance.family != PartnerFamily.INDIVIDUAL:
        acquaintance.people.extend(make_people(partner, acquaintance.lot("people"), acquaintance.exchanges, by=author, today=today))


def _make_stewardships(known: dict[str, Acquaintance], colleagues: Colleagues, *, since: date) -> None:
    """Name the officer of each lead, which registering left open, and add the units in support."""
    leads = {steward.partner_id: steward for steward in Stewardship.objects.filter(partner__is_demo=True)}
    for acquaintance in known.values():
        lead = leads[acquaintance.partner.pk]
        lead.valid_from, lead.officer = since, colleagues.of(acquaintance.lead)
    bulk_update_with_history(list(leads.values()), Stewardship, ["valid_from", "officer"], default_user=colleagues.secretariat)
    insert(
        (
            Stewardship(partner=acquaintance.partner, unit=unit, role=StewardRole.SUPPORT, officer=colleagues.of(unit), valid_from=since),
            author,
        )
        for acquaintance in known.values()
        for author in [colleagues.of(acquaintance.lead)]
        for unit in acquaintance.support
    )


def _make_relations(known: dict[str, Acquaintance], colleagues: Colleagues) -> None:
    for row in rows_of("relations.csv"):
        source, target = known[row["source"]], known[row["target"]]
        relation = Relation(
            source=source.partner, target=target.partner, kind=RelationKind(row["kind"]), valid_from=date(int(row["since"]), 1, 1)
        )
        save_record(relation, by=colleagues.of(source.lead))
