"""As known on a day: partners and people are found and sorted by the names that they had then."""

from collections import defaultdict

from crm.known.rules import ALSO_CHANGED, WORKED_OUT
from crm.known.tables import KnownTables
from partners.models import Partner, PartnerName, Person

_KEYS = ["search_key", "sort_key"]


def keep_renamed_partners_apart(tables: KnownTables) -> None:
    """A partner of which another name was written since is found by other words."""
    if tables[PartnerName].is_prepared:
        tables[Partner].keep(f"base.id IN ({_renamed(tables)})")


def _renamed(tables: KnownTables) -> str:
    written = "SELECT partner_id FROM {base} WHERE id IN (SELECT id FROM {gone}) UNION SELECT partner_id FROM {old}"
    return written.format(**tables[PartnerName].names)


def work_out_keys(tables: KnownTables) -> None:
    """Fill the keys that no version keeps."""
    people = tables[Person]
    for keys in people.restored() if people.is_prepared else ():
        persons = list(Person.objects.filter(pk__in=keys))
        for person in persons:
            person.set_keys()
        people.fill(_KEYS, persons)
    partners = tables[Partner]
    renamed = f"id IN ({_renamed(tables)})" if tables[PartnerName].is_prepared else ""
    for keys in partners.restored(renamed) if partners.is_prepared else ():
        other_names: dict[int, list[str]] = defaultdict(list)
        for partner_id, name in PartnerName.objects.filter(partner__in=keys).order_by("usage", "id").values_list("partner", "name"):
            other_names[partner_id].append(name)
        rows = list(Partner.objects.filter(pk__in=keys))
        for partner in rows:
            partner.set_keys(other_names[partner.pk])
        partners.fill(_KEYS, rows)


ALSO_CHANGED.append(keep_renamed_partners_apart)
WORKED_OUT.append(work_out_keys)
