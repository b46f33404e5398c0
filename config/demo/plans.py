"""What the demonstration sets itself per tier and country."""

from datetime import date

from activities.choices import Level
from config.demo.accounts import Colleagues
from config.demo.tables import rows_of
from crm.actions.records import save_record
from crm.models import Country, PolicyDocument, Tier
from reports.models import PlanLine

YEARS_BEFORE = 2


def make_plan_lines(colleagues: Colleagues, today: date) -> None:
    """Make the lines of ``plan_lines.csv``, in force from 1 January two years ago."""
    for row in rows_of("plan_lines.csv"):
        line = PlanLine(
            tier=Tier.objects.get(code=row["tier"]) if row["tier"] else None,
            country=Country.objects.get(alpha2=row["country"]) if row["country"] else None,
            required=int(row["required"]),
            cadence_days=int(row["cadence_days"]),
            least_level=Level[row["least_level"].upper()],
            exempt=bool(row["exempt"]),
            directive=PolicyDocument.objects.get(code=row["directive"]) if row["directive"] else None,
            reason=row["reason"],
            valid_from=date(today.year - YEARS_BEFORE, 1, 1),
            is_demo=True,
        )
        save_record(line, by=colleagues.secretariat)
