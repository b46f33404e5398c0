"""The working page of follow-ups: by how near their day is, ticked off, put off and handed on in place."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from activities.actions.follow_ups import close_follow_up, pass_follow_up, postpone_follow_up
from activities.choices import FollowUpState
from activities.models import FollowUp
from activities.models.follow_ups import FollowUpQuerySet
from activities.views.follow_ups import with_context
from crm.forms import Combobox
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.models import User
from crm.permissions import Permission, requires
from partners.forms.fields import DayField, PlainKeysMixin

SHOWN = 200
WEEK = timedelta(days=7)
WHOSE = {"mine": gettext_lazy("Mine"), "units": gettext_lazy("My units'"), "all": gettext_lazy("Everyone's")}


@require_safe
@requires(Permission.FOLLOW_UP_VIEW)
def follow_up_board(request: SignedInRequest) -> HttpResponse:
    """Open follow-ups: overdue, today, this week, later, without a day. ``?whose=`` is mine, units or all."""
    return _show(request)


@require_safe
@requires(Permission.FOLLOW_UP_EDIT)
def follow_up_choices(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What else can be done with one line, loaded when its menu is opened."""
    follow_up = get_object_or_404(FollowUp.objects.live().editable_by(request.user), public_id=public_id)
    forms_of = {"putting_off": PutOffForm(initial={"due_on": follow_up.due_on}), "handing": HandForm()}
    for form in forms_of.values():
        form.auto_id = f"id_%s_{follow_up.pk}"
    return render(request, "activities/follow_up_choices.html", {"follow_up": follow_up, "whose": _whose(request), **forms_of})


@require_POST
@requires(Permission.FOLLOW_UP_EDIT)
def act(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Tick off, drop, open again, put off or hand on, as ``do`` says; the answer carries what takes it back."""
    follow_up = get_object_or_404(FollowUp.objects.live().editable_by(request.user).select_related("assignee"), public_id=public_id)
    try:
        said, undo = _do(follow_up, request)
    except ValidationError as error:
        return _show(request, status=UNPROCESSABLE, refused=" ".join(error.messages))
    if not is_partial(request):
        return HttpResponseRedirect(f"{reverse('activities:follow-up-board')}?whose={_whose(request)}")
    return _show(request, said=said, undo=undo, acted_on=follow_up)


class PutOffForm(forms.Form):
    due_on = DayField(label=gettext_lazy("New day"), required=False)


class HandForm(PlainKeysMixin, forms.Form):
    assignee = forms.ModelChoiceField(
        label=gettext_lazy("Hand to"), queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id",
        required=False, widget=Combobox("activities:colleague-options", hint=gettext_lazy("Type a colleague's name")),
    )  # fmt: skip


def _do(follow_up: FollowUp, request: SignedInRequest) -> tuple[str, dict[str, Any]]:
    """Do what was asked; return how to say it, and the fields that take it back."""
    asked, by = request.POST.get("do", FollowUpState.DONE), request.user
    if asked in ("week", "postpone"):
        before = follow_up.due_on
        until = (
            max(before or timezone.localdate(), timezone.localdate()) + WEEK
            if asked == "week"
            else _valid(PutOffForm(request.POST), "due_on")
        )
        postpone_follow_up(follow_up, by=by, until=until)
        said = _("Put off to %(day)s: %(text)s") if until else _("Without a day now: %(text)s")
        day = date_format(until, "SHORT_DATE_FORMAT") if until else ""
        return said % {"day": day, "text": follow_up.text}, {"do": "postpone", "due_on": before.isoformat() if before else ""}
    if asked == "hand":
        giver = follow_up.assignee
        pass_follow_up(follow_up, by=by, to=_valid(HandForm(request.POST), "assignee"))
        said = _("Handed to %(who)s: %(text)s") % {"who": follow_up.assignee or follow_up.unit, "text": follow_up.text}
        return said, {"do": "hand", "assignee": giver.public_id if giver else ""}
    close_follow_up(follow_up, by=by, state=asked)
    said = {FollowUpState.DONE: _("Done: %(text)s"), FollowUpState.DROPPED: _("Dropped: %(text)s")}.get(asked, _("Open again: %(text)s"))  # type: ignore[call-overload]  # any word
    return said % {"text": follow_up.text}, {"do": FollowUpState.OPEN} if asked != FollowUpState.OPEN else {}


def _valid(form: forms.Form, name: str) -> Any:
    if not form.is_valid():
        raise ValidationError([message for messages in form.errors.values() for message in messages])
    return form.cleaned_data[name]


def _whose(request: SignedInRequest) -> str:
    asked = request.GET.get("whose", "mine")
    return asked if asked in WHOSE else "mine"


def _of(user: User, whose: str) -> FollowUpQuerySet:
    rows = FollowUp.objects.visible_to(user).open()
    if whose == "mine":
        return rows.assigned_to(user)
    return rows.filter(Q(unit__in=user.scope.unit_ids) | Q(assignee=user)) if whose == "units" else rows


def group_bounds(today: date) -> list[tuple[str, Any, Q]]:
    """The groups of the page in order: code, heading, rows. The week ends on Sunday."""
    sunday = today + timedelta(days=6 - today.weekday())
    return [
        ("overdue", gettext_lazy("Overdue"), Q(due_on__lt=today)),
        ("today", gettext_lazy("Today"), Q(due_on=today)),
        ("week", gettext_lazy("This week"), Q(due_on__gt=today, due_on__lte=sunday)),
        ("later", gettext_lazy("Later"), Q(due_on__gt=max(today, sunday))),
        ("undated", gettext_lazy("Without a day"), Q(due_on__isnull=True)),
    ]


def counts_of(rows: FollowUpQuerySet, today: date) -> dict[str, int]:
    """How many rows stand in each group. One query."""
    return rows.order_by().aggregate(**{code: Count("pk", filter=condition) for code, _heading, condition in group_bounds(today)})


def _show(request: SignedInRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    today, whose = timezone.localdate(), _whose(request)
    rows = _of(request.user, whose)
    counts = counts_of(rows, today)
    lines: dict[str, list[FollowUp]] = {}
    for follow_up in with_context(rows, request.user)[:SHOWN]:
        lines.setdefault(_group_of(follow_up.due_on, today), []).append(follow_up)
    groups = [(code, heading, counts[code], lines.get(code, [])) for code, heading, _condition in group_bounds(today) if counts[code]]
    context |= {"groups": groups, "whose": whose, "whose_choices": WHOSE.items(), "more": sum(counts.values()) > SHOWN}
    part = "#board" if is_partial(request) else ""
    return render(request, f"activities/follow_up_board.html{part}", context, status=status)


def _group_of(due_on: date | None, today: date) -> str:
    if due_on is None:
        return "undated"
    if due_on <= today:
        return "overdue" if due_on < today else "today"
    return "week" if due_on <= today + timedelta(days=6 - today.weekday()) else "later"
