"""Certificates of foreign NGOs: some run for years, some end soon, one has ended, one was renewed in time."""

from datetime import date, timedelta

from config.demo.accounts import Colleagues
from config.demo.directory import Acquaintance
from config.demo.tables import rows_of
from crm.actions.records import save_record
from partners.models import Registration

NGO_OFFICE = "paccom"


def make_registrations(known: dict[str, Acquaintance], colleagues: Colleagues, today: date) -> None:
    """Make the rows of ``registrations.csv``; ``ends_in`` counts days from today."""
    made: dict[str, Registration] = {}
    for row in rows_of("registrations.csv"):
        ends_on = today + timedelta(days=int(row["ends_in"]))
        registration = Registration(
            partner=known[row["partner"]].partner,
            kind=row["kind"],
            number=row["number"],
            representative=row["representative"],
            provinces=row["provinces"],
            valid_from=_years_before(ends_on, int(row["years"])),
            valid_to=ends_on,
            renews=made.get(row["renews"]),
        )
        save_record(registration, by=colleagues.by_username[NGO_OFFICE])
        made[row["key"]] = registration


def _years_before(day: date, years: int) -> date:
    """The same day that many years earlier; 29 February becomes 28 February."""
    return day.replace(year=day.year - years, day=28 if (day.month, day.day) == (2, 29) else day.day)
