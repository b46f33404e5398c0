"""The worked example of ``docs/metrics.md``: five exchanges that anyone can add up by hand.

As of 2025-09-30: E = 17.17, EI = 46.2, attainment 3 of 4. Romania has no other partner here, so that its plan line
is about this one alone.
"""

from datetime import date

from activities.choices import Level
from activities.models import Exchange
from config.demo.accounts import Colleagues
from config.demo.entries import Entry
from config.demo.surroundings import Surroundings
from config.demo.tables import rows_of
from crm.actions.records import save_record
from crm.choices import Confidentiality, Language
from crm.models import Country
from partners.actions.partners import OtherName, save_partner
from partners.models import Partner, PartnerKind
from reports.models import PlanLine

NAME, NAME_EN, COUNTRY = "Ví dụ tính chỉ số", "Worked example", "RO"
AS_OF = date(2025, 9, 30)
PLANNED_FROM = date(2024, 1, 1)


def make_worked_example(around: Surroundings) -> list[Entry]:
    """Make the partner and its plan line; return its exchanges."""
    unit = around.units["VUFO"]
    author = around.colleagues.of(unit)
    partner = Partner(
        name=NAME,
        name_language=Language.VIETNAMESE,
        kind=PartnerKind.objects.get(code="FRIENDSHIP_ASSOCIATION"),
        country=around.countries[COUNTRY],
        interests="Năm hoạt động e1 đến e5 cộng thành 17,17 điểm tại ngày 30/9/2025.",
        is_demo=True,
    )
    save_partner(partner, by=author, names=[OtherName(NAME_EN, Language.ENGLISH)], lead_unit=unit)
    _plan(around.colleagues, around.countries[COUNTRY])
    return [
        Entry(
            exchange=Exchange(
                kind=around.kinds[row["kind"]],
                title=row["title"],
                starts_on=date.fromisoformat(row["day"]),
                direction=row["direction"],
                level=Level[row["level"].upper()],
                sides=row["sides"],
                host_unit=unit,
                confidentiality=Confidentiality.NETWORK,
                is_demo=True,
            ),
            author=author,
            partners=[partner],
        )
        for row in rows_of("worked_example.csv")
    ]


def _plan(colleagues: Colleagues, country: Country) -> None:
    line = PlanLine(
        country=country,
        required=4,
        cadence_days=90,
        least_level=Level.LEADER,
        reason="Kế hoạch của ví dụ tính chỉ số",
        valid_from=PLANNED_FROM,
        is_demo=True,
    )
    save_record(line, by=colleagues.secretariat)
