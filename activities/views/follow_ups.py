from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from activities.choices import FollowUpState
from activities.forms.follow_ups import ClosingForm, FollowUpForm
from activities.models import Exchange, FollowUp
from crm.actions.records import restore_record
from crm.generic import (
    UNPROCESSABLE,
    ActionView,
    ArchiveView,
    CreateView,
    DetailView,
    Question,
    SignedInRequest,
    UpdateView,
    is_partial,
)
from crm.permissions import Permission, requires
from partners.models import Partner
from partners.views.history import HistoryView
from partners.views.people import by_public_id


def with_context(rows: QuerySet[FollowUp], user: Any) -> QuerySet[FollowUp]:
    """Rows with what a line shows of them. The exchange only where the reader may see it: ``exchange_seen``."""
    seen = Exists(Exchange.objects.visible_to(user).filter(pk=OuterRef("exchange")))
    return rows.select_related("unit", "assignee", "partner", "exchange__kind").annotate(exchange_seen=seen)


class FollowUpDetail(DetailView):
    permission = Permission.FOLLOW_UP_VIEW
    model = FollowUp
    template_name = "activities/follow_up_detail.html"

    def get_queryset(self) -> QuerySet[FollowUp]:
        return with_context(super().get_queryset(), self.request.user).select_related(
            "created_by", "updated_by", "unit", "assignee", "partner", "exchange__kind"
        )

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"may_edit": may_change(self.object, self.request.user)}


class FollowUpCreate(CreateView):
    """A follow-up about the exchange or partner that ``?exchange=`` or ``?partner=`` names; without one the form asks."""

    permission = Permission.FOLLOW_UP_EDIT
    model = FollowUp
    template_name = "activities/follow_up_form.html"
    form_class = FollowUpForm
    success_message = _("The follow-up is entered.")

    @cached_property
    def subject(self) -> FollowUp:
        user, parameters = self.request.user, self.request.GET
        if public_id := parameters.get("exchange"):
            return FollowUp(exchange=by_public_id(Exchange.objects.visible_to(user), public_id))
        if public_id := parameters.get("partner"):
            return FollowUp(partner=by_public_id(Partner.objects.visible_to(user), public_id))
        return FollowUp()

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.subject}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"subject": self.subject.exchange or self.subject.partner}

    def get_success_url(self) -> str:
        address: str = (self.object.exchange or self.object.partner).get_absolute_url()
        return address


class FollowUpEdit(UpdateView):
    permission = Permission.FOLLOW_UP_EDIT
    model = FollowUp
    template_name = "activities/follow_up_form.html"
    form_class = FollowUpForm


class FollowUpArchive(ArchiveView):
    permission = Permission.FOLLOW_UP_EDIT
    model = FollowUp
    question = Question(
        _("Archive this follow-up?"), _("Only for one entered by mistake. One that is no longer needed is dropped instead."), _("Archive")
    )


class FollowUpRestore(ActionView):
    permission = Permission.FOLLOW_UP_EDIT
    model = FollowUp
    action = staticmethod(restore_record)
    success_message = _("Restored.")
    question = Question(_("Restore this follow-up?"), _("It comes back into the lists."), _("Restore"))


class FollowUpHistory(HistoryView):
    permission = Permission.FOLLOW_UP_VIEW
    model = FollowUp


@require_POST
@requires(Permission.FOLLOW_UP_EDIT)
def close(request: SignedInRequest, public_id: Any) -> HttpResponse:
    """Tick a follow-up off, drop it, or open it again. htmx gets its line back, a plain request the follow-up's page."""
    rows = with_context(FollowUp.objects.editable_by(request.user), request.user)
    follow_up = get_object_or_404(rows, public_id=public_id)
    form = ClosingForm(request.POST, follow_up=follow_up, by=request.user)
    context = {"follow_up": follow_up, "object": follow_up, "closing": form, "may_edit": True}
    if not form.is_valid():
        template = "activities/follow_up_line.html" if is_partial(request) else "activities/follow_up_detail.html"
        return render(request, template, context, status=UNPROCESSABLE)
    with transaction.atomic():
        form.save()
    if is_partial(request):
        return render(request, "activities/follow_up_line.html", context)
    messages.success(request, FollowUpState(follow_up.state).label)
    return redirect(follow_up)


def may_change(follow_up: FollowUp, user: Any) -> bool:
    return bool(user.may(Permission.FOLLOW_UP_EDIT) and FollowUp.objects.editable_by(user).filter(pk=follow_up.pk).exists())
