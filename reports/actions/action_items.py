"""The action plans of units: writing items, linking the exchanges held for them, closing them, copying them into the next year."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.choices import ExchangeStatus
from activities.models import Exchange, Participation
from crm.actions.records import archive_record, restore_record, save_record
from crm.choices import ChangeKind
from crm.models import ChangeSet, TierMembership, Unit, User
from crm.permissions import Permission
from reports.actions.copying import write_copies, years_later
from reports.choices import ActionState
from reports.models import ActionItem, PlanLine

COPIED = ("unit", "text", "directive", "partner", "assignee", "is_demo")
SUGGESTED = 8


@transaction.atomic
def save_action_item(item: ActionItem, *, by: User, exchanges: Collection[Exchange] | None = None) -> ActionItem:
    """Write an item of a unit's action plan, and which exchanges were held for it: None leaves those as they are.

    Links to exchanges that the author may not see stay. Raises PermissionDenied outside the author's units.
    """
    _check_rights(item, by=by)
    if item.state == ActionState.DONE and item.done_on is None:
        item.done_on = timezone.localdate()
    elif item.state != ActionState.DONE:
        item.done_on = None
    is_proved = bool(item.remark) or (bool(exchanges) if exchanges is not None else not item.is_new and item.exchanges.exists())
    if item.state == ActionState.DONE and not is_proved:
        raise ValidationError(
            {"remark": ValidationError(_("Link an exchange that was held for it, or write in the remark what was done."), code="unproved")}
        )
    if item.plan_line is not None and not _holds_in(item.plan_line, item.year):
        message = _("“%(line)s” is no line of the plan of %(year)s.")
        params = {"line": item.plan_line, "year": item.year}
        raise ValidationError({"plan_line": ValidationError(message, code="other-year", params=params)})
    save_record(item, by=by)
    if exchanges is not None:
        unseen = item.exchanges.exclude(pk__in=Exchange.objects.visible_to(by).values("pk"))
        item._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
        item.exchanges.set([*exchanges, *unseen])
    return item


@transaction.atomic
def close_action_item(item: ActionItem, *, by: User, state: str, remark: str = "", exchanges: Iterable[Exchange] = ()) -> ActionItem:
    """Move an item on in one step: under way, done, dropped or planned again; ``exchanges`` are linked besides."""
    if state not in ActionState.values:
        raise ValidationError({"state": ValidationError(_("Choose planned, under way, done or dropped."), code="invalid_choice")})
    item.state, item.remark = state, remark or item.remark
    linked = [*item.exchanges.visible_to(by), *exchanges] if not item.is_new else list(exchanges)
    return save_action_item(item, by=by, exchanges=linked)


def archive_action_item(item: ActionItem, *, by: User) -> None:
    """Take an item out of use that was entered by mistake."""
    _check_rights(item, by=by)
    archive_record(item, by=by)


def restore_action_item(item: ActionItem, *, by: User) -> None:
    _check_rights(item, by=by)
    restore_record(item, by=by)


def suggested_exchanges(item: ActionItem, by: User) -> QuerySet[Exchange]:
    """Exchanges of the unit in the year that may have been held for the item: with its partner, or of its plan line. None linked yet."""
    year = (date(item.year, 1, 1), date(item.year, 12, 31))
    held = Exchange.objects.visible_to(by).live().of_units([item.unit_id]).filter(status=ExchangeStatus.HELD, starts_on__range=year)
    wanted = Q(pk__in=[])
    if item.partner_id:
        wanted |= Q(pk__in=Participation.objects.filter(partner=item.partner_id).values("exchange"))
    if item.plan_line is not None:
        wanted |= _of_line(item.plan_line)
    if not item.is_new:
        held = held.exclude(pk__in=item.exchanges.values("pk"))
    return held.filter(wanted).select_related("kind").order_by("-starts_on", "-id")[:SUGGESTED]


@dataclass(frozen=True)
class ItemCopy:
    """An item of last year, and what would become of it: the new one, or why there is none."""

    item: ActionItem
    copy: ActionItem
    skipped: str | Promise = ""


def item_copies_for(unit: Unit, year: int) -> list[ItemCopy]:
    """What copying the unit's action plan of the year before would make. Three queries."""
    before = ActionItem.objects.live().filter(unit=unit, year=year - 1).select_related("plan_line", "partner", "directive", "assignee")
    copied = set(ActionItem.objects.live().filter(unit=unit, year=year, copied_from__isnull=False).values_list("copied_from", flat=True))
    lines = {line.copied_from_id: line for line in PlanLine.objects.live().filter(copied_from__in=before.values("plan_line"))}
    return [_copy_of(item, year, copied, lines) for item in before.order_by("due_on", "id")]


@transaction.atomic
def copy_action_plan(unit: Unit, year: int, *, by: User) -> ChangeSet:
    """Copy the unit's items of the year before that were not copied yet, as planned, a year later, as one change set."""
    if not (by.may(Permission.ACTION_ITEM_EDIT) and by.scope.may_write_for(unit.pk)):
        raise PermissionDenied
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)  # Two who copy at once: the second finds the items of the first.
    new = [row.copy for row in item_copies_for(unit, year) if not row.skipped]
    if not new:
        raise ValidationError(_("There is nothing to copy from %(year)s.") % {"year": year - 1}, code="nothing")
    for item in new:
        item.clean_fields(exclude={"created_by", "updated_by", "archived_by", "copied_from"})
    message = _("Action plan of %(unit)s for %(year)s, copied from %(before)s") % {"unit": unit.display, "year": year, "before": year - 1}
    return write_copies(new, kind=ChangeKind.ACTIONS, message=message, unit_id=unit.pk, by=by)


def _copy_of(item: ActionItem, year: int, copied: set[int | None], lines: dict[int | None, PlanLine]) -> ItemCopy:
    copy = ActionItem(year=year, due_on=years_later(item.due_on, 1), copied_from=item)
    for name in COPIED:
        setattr(copy, name, getattr(item, name))
    if item.assignee is not None and not item.assignee.is_active:
        copy.assignee = None
    if item.plan_line is not None:
        successor = lines.get(item.plan_line_id)
        copy.plan_line = item.plan_line if _holds_in(item.plan_line, year) else successor
    if item.pk in copied:
        return ItemCopy(item, copy, gettext_lazy("It was copied already."))
    if item.state == ActionState.DROPPED:
        return ItemCopy(item, copy, gettext_lazy("It was dropped."))
    return ItemCopy(item, copy)


def _holds_in(line: PlanLine, year: int) -> bool:
    return (line.valid_from or date.min) <= date(year, 12, 31) and (line.valid_to or date.max) > date(year, 1, 1)


def _of_line(line: PlanLine) -> Q:
    """Exchanges that meet what the line names; a tier is that of today."""
    partners = Q()
    if line.country_id:
        partners &= Q(partner__country=line.country_id)
    if line.tier_id:
        members = TierMembership.objects.on(timezone.localdate()).filter(tier=line.tier_id)
        partners &= Q(partner__country__in=members.values("country"))
    if line.partner_kind_id:
        partners &= Q(partner__kind=line.partner_kind_id)
    met = Q(pk__in=Participation.objects.filter(partners).values("exchange")) if partners else Q()
    if line.field_id:
        met &= Q(pk__in=Exchange.fields.through.objects.filter(field=line.field_id).values("exchange"))
    if line.province_id:
        met &= Q(pk__in=Exchange.provinces.through.objects.filter(province=line.province_id).values("exchange"))
    return met


def _check_rights(item: ActionItem, *, by: User) -> None:
    if not (by.may(Permission.ACTION_ITEM_EDIT) and by.scope.may_write_for(item.unit_id)):
        raise PermissionDenied
    if not item.is_new:
        stored = ActionItem.objects.filter(pk=item.pk).values_list("unit", flat=True).first()
        if not by.scope.may_write_for(stored):
            raise PermissionDenied
