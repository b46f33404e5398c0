"""Drafts of policy versions: begin, write, look at what would move, hand in, decide."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from crm.generic import UNPROCESSABLE, ActionView, CreateView, DetailView, Question, SignedInRequest, UpdateView
from crm.models import Country, JobRun, Tier
from crm.permissions import Permission, requires
from reports.actions.policy_drafts import authors_of, submit_draft
from reports.actions.policy_text import as_json, content_of
from reports.choices import Band, CoverageStatus, DraftState
from reports.forms.policies import PolicyDecisionForm, PolicyDraftForm, PolicyDraftStartForm
from reports.jobs.policies import PREVIEW, start_preview
from reports.models import PolicyDraft, PolicyVersion
from reports.views.policies import differences


class PolicyDraftCreate(CreateView):
    """Begin a draft from the version in the address."""

    permission = Permission.POLICY_EDIT
    model = PolicyDraft
    form_class = PolicyDraftStartForm
    template_name = "reports/policy_draft_create.html"
    success_message = gettext_lazy("Begun. Change its numbers, and look at what would move.")

    def get_form_arguments(self) -> dict[str, Any]:
        return {"based_on": get_object_or_404(PolicyVersion, code=self.kwargs["code"])}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"based_on": context["form"].based_on}


class PolicyDraftEdit(UpdateView):
    """Write the numbers of a draft."""

    permission = Permission.POLICY_EDIT
    model = PolicyDraft
    form_class = PolicyDraftForm
    template_name = "reports/policy_draft_edit.html"


class PolicyDraftSubmit(ActionView):
    """Hand a draft in for approval."""

    permission = Permission.POLICY_EDIT
    model = PolicyDraft
    action = staticmethod(submit_draft)
    success_message = gettext_lazy("Handed in. Somebody else of the secretariat decides.")
    question = Question(
        title=gettext_lazy("Hand this draft in for approval?"),
        text=gettext_lazy("It is not changed any more until somebody else has decided. Those who may decide are told."),
        button=gettext_lazy("Hand in"),
    )


class PolicyDraftDetail(DetailView):
    """A draft: its numbers against those it is based on, what would move, and the decision."""

    permission = Permission.COVERAGE_VIEW
    model = PolicyDraft
    template_name = "reports/policy_draft_detail.html"

    def get_context(self, **context: Any) -> dict[str, Any]:
        draft: PolicyDraft = context["object"]
        user = self.request.user
        may_edit = user.may(Permission.POLICY_EDIT)
        waits = may_edit and draft.state == DraftState.SUBMITTED
        is_own = waits and user.pk in authors_of(draft)
        based_on = as_json(content_of(draft.based_on)) if draft.based_on else {}
        fresh = draft.preview is not None and draft.preview_revision is not None
        return super().get_context(**context) | {
            "differences": differences(based_on, draft.content),
            "may_write": may_edit and draft.state in (DraftState.DRAFT, DraftState.RETURNED) and not draft.is_archived,
            "may_decide": waits and not is_own,
            "waits_for_another": is_own,
            "may_preview": may_edit and draft.state != DraftState.APPROVED,
            "decision": context.get("decision") or PolicyDecisionForm(by=user, draft=draft),
            "preview": in_words(draft.preview) if draft.preview and fresh else None,
            "run": JobRun.objects.filter(name=PREVIEW, parameters__draft=draft.pk).order_by("-pk").first(),
        }


class PolicyDraftDecide(PolicyDraftDetail):
    """Approve or send back; what is refused is shown on the draft's page."""

    permission = Permission.POLICY_EDIT
    http_method_names = ["post"]

    def post(self, request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        draft = self.get_object()
        form = PolicyDecisionForm(request.POST, by=request.user, draft=draft)
        if form.is_valid():
            try:
                version = form.save()
            except ValidationError as error:
                for message in error.messages:
                    form.add_error(None, message)
                draft.refresh_from_db()
            else:
                messages.success(request, _("Approved. It never changes from now on.") if version else _("Sent back to its author."))
                return redirect(version or draft)
        return self.show(status=UNPROCESSABLE, object=draft, decision=form)


@require_POST
@requires(Permission.POLICY_EDIT)
def policy_draft_preview(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Ask what would move under the draft as it is written now."""
    draft = get_object_or_404(PolicyDraft.objects.visible_to(request.user).live().exclude(state=DraftState.APPROVED), public_id=public_id)
    start_preview(draft, asked_by=request.user)
    messages.success(request, _("It is being worked out. You will find it on this page."))
    return redirect(draft)


def in_words(preview: dict[str, Any]) -> dict[str, Any]:
    """A stored preview with labels for its codes. Two queries."""
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    countries = {country.alpha2: country for country in Country.objects.filter(alpha2__in={row["country"] for row in preview["countries"]})}
    bands = [{**row, "from": Band(row["from"]).label, "to": Band(row["to"]).label} for row in preview["bands"]]
    changed = [
        {
            "tier": tiers.get(row["tier"], row["tier"]),
            "country": countries.get(row["country"], row["country"]),
            "before": _status(row["before"]),
            "after": _status(row["after"]),
        }
        for row in preview["countries"]
    ]
    return {**preview, "as_of": date.fromisoformat(preview["as_of"]), "bands": bands, "countries": changed}


def _status(code: str | None) -> Any:
    return CoverageStatus(code).label if code else "—"
