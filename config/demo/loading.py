"""The whole demonstration, in the order in which one thing needs another."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from activities.models import Exchange, FollowUp
from config.demo.accounts import make_accounts
from config.demo.agreements import make_agreements
from config.demo.bulk import write_entries
from config.demo.changes import make_changes
from config.demo.chronicle import chronicle_of
from config.demo.commitments import make_commitments
from config.demo.connections import make_connections
from config.demo.desks import make_desks
from config.demo.directory import make_directory
from config.demo.doubles import make_doubles
from config.demo.errands import make_errands
from config.demo.events import make_events
from config.demo.months import store_month_ends
from config.demo.periodic_reports import make_periodic_reports
from config.demo.plans import make_action_items, make_plan_lines
from config.demo.registrations import make_registrations
from config.demo.surroundings import Surroundings
from config.demo.terms import make_terms
from config.demo.worked_example import make_worked_example
from partners.models import Partner, Person
from partners.tasks_duplicates import scan_for_duplicates


@dataclass(frozen=True)
class Loaded:
    partners: int
    people: int
    exchanges: int
    follow_ups: int


def is_loaded() -> bool:
    return Partner.objects.filter(is_demo=True).exists()


def holds_real_partners() -> bool:
    return Partner.objects.filter(is_demo=False).exists()


@transaction.atomic
def load(today: date) -> Loaded:
    """Write everything, or nothing."""
    colleagues = make_accounts(today)
    around = Surroundings(today=today, colleagues=colleagues)
    known = make_directory(colleagues, today)
    make_registrations(known, colleagues, today)
    make_terms(known, colleagues, today)
    make_plan_lines(colleagues, today)
    entries = [
        *make_worked_example(around),
        *make_events(known, around),
        *(entry for acquaintance in known.values() for entry in chronicle_of(acquaintance, around)),
    ]
    write_entries(entries)
    make_errands(known, around)
    make_action_items(known, around)
    make_commitments(known, around)
    make_agreements(known, around)
    make_doubles(known, around)
    make_desks(around)
    make_changes(around)
    make_connections(known, around)
    make_periodic_reports(colleagues, today)
    scan_for_duplicates(everything=True)
    store_month_ends(today)
    return Loaded(
        partners=Partner.objects.filter(is_demo=True).count(),
        people=Person.objects.filter(is_demo=True).count(),
        exchanges=Exchange.objects.filter(is_demo=True).count(),
        follow_ups=FollowUp.objects.filter(is_demo=True).count(),
    )
