"""Hand-over: what hangs on a colleague, passing it on, and the dossier for whoever receives it."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from activities.actions.burdens import burden_of, may_close_feeds, may_look, people_to_hand_over_for
from activities.actions.hand_overs import COMMITMENT, CONTACT, FOLLOW_UP, PLANNED, STEWARDSHIP, VIEW
from activities.dossiers.content import dossier_of, receivers_of
from activities.dossiers.document import document_of
from activities.forms.hand_overs import HandOverForm
from crm.actions.audit import record_event, trace_readings
from crm.actions.undoing import may_undo
from crm.choices import AuditVerb, ChangeKind, ChangeState
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import ChangeSet, User
from crm.permissions import Permission, requires
from crm.text import fold

LABELS = (
    (STEWARDSHIP, _("Partners")),
    (FOLLOW_UP, _("Follow-ups")),
    (COMMITMENT, _("Commitments")),
    (PLANNED, _("Planned exchanges")),
    (CONTACT, _("Contacts")),
    (VIEW, _("Views")),
)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHOWN = 50


@require_safe
@requires(Permission.SIGNED_IN)
def hand_over_start(request: SignedInRequest) -> HttpResponse:
    """Choose whose work is passed on; whoever may pass on nobody's sees what hangs on oneself."""
    if not request.user.may(Permission.HAND_OVER):
        return redirect("activities:hand-over-of", public_id=request.user.public_id)
    people = people_to_hand_over_for(request.user).exclude(pk=request.user.pk).order_by("full_name", "username")
    words = fold(request.GET.get("q", "")[:100])
    found = [person for person in people if words in fold(f"{person.full_name} {person.username}")] if words else people[:SHOWN]
    past = ChangeSet.objects.visible_to(request.user).filter(kind=ChangeKind.HAND_OVER).select_related("created_by")[:10]
    context = {"people": found[:SHOWN], "q": request.GET.get("q", "")[:100], "past": past}
    return render(request, "activities/hand_over_start.html", context)


@require_safe
@requires(Permission.SIGNED_IN)
def hand_over_of(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What hangs on one colleague alone, ready to be passed on."""
    return _show(request, _person(request, public_id))


@require_POST
@requires(Permission.HAND_OVER)
def pass_on(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Pass it on, in one step."""
    person = _person(request, public_id)
    form = HandOverForm(request.POST, by=request.user, burden=burden_of(person, reader=request.user))
    if form.is_valid():
        try:
            return redirect("activities:hand-over-done", public_id=form.save().public_id)
        except ValidationError as error:
            add_action_errors(form, error)
    return _show(request, person, form=form, status=UNPROCESSABLE)


@require_safe
@requires(Permission.SIGNED_IN)
def hand_over_done(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What was passed on, with the dossiers and the way back."""
    change_set = _change_set(request, public_id)
    context = {
        "change_set": change_set,
        "person": get_object_or_404(User, pk=change_set.plan["person"]),
        "labels": LABELS,
        "receivers": receivers_of(change_set),
        "may_undo": may_undo(change_set, request.user),
        "may_open_change_set": ChangeSet.objects.visible_to(request.user).filter(pk=change_set.pk).exists(),
        "is_undone": change_set.state == ChangeState.UNDONE,
        "may_administer": request.user.may(Permission.ACCOUNT_MANAGE),
    }
    return render(request, "activities/hand_over_done.html", context)


@require_safe
@requires(Permission.SIGNED_IN)
def dossier(request: SignedInRequest, public_id: UUID, receiver_id: UUID) -> HttpResponse:
    """The Word file for one receiver, made anew each time; what restricted records stand in it is traced."""
    change_set = _change_set(request, public_id)
    receiver = next((user for user in receivers_of(change_set) if user.public_id == receiver_id), None)
    if receiver is None:
        raise Http404
    content = dossier_of(change_set, receiver, reader=request.user, today=timezone.localdate())
    trace_readings(content.restricted_rows, by=request.user, request=request)
    record_event(AuditVerb.EXPORTED, by=request.user, subject=change_set, request=request, what="dossier", receiver=receiver.username)
    name = slugify(f"ho-so-ban-giao {fold(str(content.person))} {content.made_on:%Y%m%d}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.docx"', "Cache-Control": "no-store"}
    return HttpResponse(document_of(content), content_type=WORD, headers=headers)


def _person(request: SignedInRequest, public_id: UUID) -> User:
    person = get_object_or_404(User, public_id=public_id, is_program=False)
    if not may_look(request.user, person):
        raise Http404
    return person


def _change_set(request: SignedInRequest, public_id: UUID) -> ChangeSet:
    """A hand-over that the account may see, or of which it received something."""
    change_set = get_object_or_404(ChangeSet.objects.select_related("created_by"), public_id=public_id, kind=ChangeKind.HAND_OVER)
    received = request.user.pk in change_set.plan.get("items", {}).values()
    if not received and not ChangeSet.objects.visible_to(request.user).filter(pk=change_set.pk).exists():
        raise Http404
    return change_set


def _show(request: SignedInRequest, person: User, *, form: HandOverForm | None = None, status: int = 200) -> HttpResponse:
    burden = form.burden if form else burden_of(person, reader=request.user)
    context: dict[str, Any] = {
        "person": person,
        "burden": burden,
        "form": form or HandOverForm(by=request.user, burden=burden),
        "is_own": person == request.user,
        "may_pass_on": people_to_hand_over_for(request.user).filter(pk=person.pk).exists(),
        "may_close_feeds": burden.feeds > 0 and may_close_feeds(person, request.user),
        "today": timezone.localdate(),
    }
    return render(request, "activities/hand_over.html", context, status=status)
