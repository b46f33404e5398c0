"""What the demonstration sets itself for each year, and what units do about it."""

from datetime import date

from activities.choices import Level
from config.demo.accounts import Colleagues
from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from config.demo.tables import rows_of
from crm.actions.records import save_record
from crm.models import Country, Field, PolicyDocument, Province, Tier, User
from partners.models import PartnerKind
from reports.actions.action_items import save_action_item, suggested_exchanges
from reports.choices import ActionState
from reports.models import ActionItem, PlanLine

YEARS_BEFORE = 2
LINKED_AT_MOST = 2


def make_plan_lines(colleagues: Colleagues, today: date) -> None:
    """Make the lines of ``plan_lines.csv`` for this year and two before it, each copied from the year before."""
    for row in rows_of("plan_lines.csv"):
        before: PlanLine | None = None
        for year in range(today.year - YEARS_BEFORE, today.year + 1):
            before = _line(row, year, before, by=colleagues.secretariat)


def make_action_items(known: dict[str, Acquaintance], around: Surroundings) -> None:
    """Make the items of ``action_items.csv`` for this year; what is done or under way is linked to exchanges that were held."""
    lines = _lines_by_code(around.today.year)
    for row in rows_of("action_items.csv"):
        colleague = around.colleagues.by_username[row["username"]]
        month, day = (int(part) for part in row["due"].split("-"))
        item = ActionItem(
            unit_id=colleague.scope.home_unit_ids[0],
            year=around.today.year,
            text=row["text"],
            plan_line=lines[row["line"]] if row["line"] else None,
            directive=PolicyDocument.objects.get(code="CT12"),
            partner=known[row["partner"]].partner,
            due_on=date(around.today.year, month, day),
            assignee=colleague,
            is_demo=True,
        )
        save_action_item(item, by=colleague)
        if row["state"] != ActionState.PLANNED:
            item.state, item.remark = row["state"], row["remark"]
            is_dropped = row["state"] == ActionState.DROPPED
            save_action_item(item, by=colleague, exchanges=[] if is_dropped else suggested_exchanges(item, colleague)[:LINKED_AT_MOST])


def _line(row: dict[str, str], year: int, before: PlanLine | None, *, by: User) -> PlanLine:
    line = PlanLine(
        tier=Tier.objects.get(code=row["tier"]) if row["tier"] else None,
        country=Country.objects.get(alpha2=row["country"]) if row["country"] else None,
        partner_kind=PartnerKind.objects.get(code=row["partner_kind"]) if row["partner_kind"] else None,
        field=Field.objects.get(code=row["field"]) if row["field"] else None,
        province=Province.objects.get(slug=row["province"]) if row["province"] else None,
        required=int(row["required"]),
        cadence_days=int(row["cadence_days"]),
        least_level=Level[row["least_level"].upper()],
        exempt=bool(row["exempt"]),
        directive=PolicyDocument.objects.get(code=row["directive"]) if row["directive"] else None,
        reason=row["reason"],
        valid_from=date(year, 1, 1),
        valid_to=date(year + 1, 1, 1),
        copied_from=before,
        is_demo=True,
    )
    save_record(line, by=by)
    return line


def _lines_by_code(year: int) -> dict[str, PlanLine]:
    """The lines of the year as ``action_items.csv`` names them: tier or country, and what else they name after a stroke."""
    lines = PlanLine.objects.filter(valid_from__year=year).select_related("tier", "country", "partner_kind", "field", "province")
    named = {}
    for line in lines:
        parts = (
            line.tier.code if line.tier else "",
            line.country.alpha2 if line.country else "",
            line.field.code if line.field else "",
            line.province.slug if line.province else "",
        )
        named["/".join(filter(None, parts))] = line
    return named
