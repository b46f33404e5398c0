"""Partners and people as what lists bring."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.choices import ImportNoun
from crm.lookup import CountryIndex
from crm.models import Country, ImportJob
from crm.permissions import Permission
from crm.tabular import Table
from partners.actions.import_nouns import ImportedNoun, Reading, register_noun
from partners.actions.import_people import import_people
from partners.actions.import_people_plans import PeopleRun, plan_people
from partners.actions.import_plans import ImportRun, plan_partners
from partners.actions.import_rows import NEW
from partners.actions.imports import import_partners
from partners.lookup import PartnerKindIndex
from partners.models import PartnerKind
from partners.resources.partners import PartnerResource
from partners.resources.people import PersonResource


def _read_partners(job: ImportJob, table: Table, is_check: bool) -> Reading:
    # A check lists every likely duplicate anew, so that whoever decided on it may think again.
    decisions = {} if is_check else job.defaults.get("decisions", {})
    resource = PartnerResource(job.mapping, countries=CountryIndex(), kinds=PartnerKindIndex())
    run = _run(job, seek_likely=is_check or NEW in decisions.values())
    return Reading(resource.column_of, resource.rows(table, decisions=decisions), run, plan_partners, import_partners)


def _read_people(job: ImportJob, table: Table, is_check: bool) -> Reading:
    decisions = job.defaults.get("decisions", {})
    resource = PersonResource(job.mapping, countries=CountryIndex())
    # Which organisations a list of people names is asked until somebody has said so.
    run = PeopleRun(organisations=_run(job, seek_likely=True), decisions=decisions)
    return Reading(resource.column_of, resource.rows(table, decisions=decisions), run, plan_people, import_people, run.found)


def _run(job: ImportJob, *, seek_likely: bool) -> ImportRun:
    said: Any = job.defaults
    return ImportRun(
        unit=job.unit,
        kind=PartnerKind.objects.filter(code=said.get("kind", "")).first(),
        country=Country.objects.filter(alpha2=said.get("country", "")).first(),
        source=job.original_name,
        seek_likely=seek_likely,
        change_set=job.change_set,
    )


register_noun(
    ImportNoun.PARTNERS,
    ImportedNoun(
        PartnerResource,
        _read_partners,
        not_required=_("Say which column holds the name of the partner."),
        column_heading=_("Is the partner’s"),
        new_heading=_("New partners"),
        silent=("kind", "country"),
    ),
)
register_noun(
    ImportNoun.PEOPLE,
    ImportedNoun(
        PersonResource,
        _read_people,
        not_required=_("Say which column holds the name of the person."),
        column_heading=_("Is the person’s"),
        new_heading=_("New people"),
        rights=(Permission.PERSON_EDIT,),
        silent=("kind", "country"),
        row_by_row=True,
    ),
)
