"""Change proposals: the list, one side by side with what stands, the decision, and the form by which people propose."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from crm.choices import Language, NameUsage
from crm.generic import DetailView, FormView, SignedInRequest, done
from crm.lists import EmptyState, RecordList
from crm.permissions import Permission, requires
from crm.views.filters import FilterPanel
from partners.actions.proposals import (
    accept_proposal,
    decline_proposal,
    may_decide,
    may_withdraw,
    proposed_fields,
    withdraw_proposal,
)
from partners.actions.source_values import Codes
from partners.choices import PartnerStatus, ProposalState
from partners.columns import PROPOSAL_COLUMNS
from partners.filters import ProposalFilter
from partners.forms.proposals import ProposalForm
from partners.models import ChangeProposal, Partner


class ProposalList(RecordList):
    """What was proposed by the reader's units and to them; what is still to be decided, unless the filter says otherwise."""

    permission = Permission.PARTNER_EDIT
    model = ChangeProposal
    template_name = "partners/proposal_list.html"
    filterset_class = ProposalFilter
    url_name = "partners:proposal-list"
    filters_url_name = "partners:proposal-filters"
    columns = PROPOSAL_COLUMNS
    default_order = "-proposed"
    placeholder = gettext_lazy("Any part of the partner's name")
    empty = EmptyState(
        gettext_lazy("No change proposal here"),
        gettext_lazy("Whoever may not change a partner proposes it on the partner's page; offices' programs do it by themselves."),
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET:
            return redirect(f"{request.path}?state={ProposalState.OPEN}")
        return super().get(request, *args, **kwargs)


class ProposalFilters(FilterPanel):
    list_class = ProposalList


class ProposalDetail(DetailView):
    permission = Permission.PARTNER_EDIT
    model = ChangeProposal
    template_name = "partners/proposal_detail.html"

    def get_queryset(self) -> QuerySet[ChangeProposal]:
        rows: QuerySet[ChangeProposal] = super().get_queryset()
        return rows.select_related("partner", "unit", "lead_unit", "created_by", "decided_by")

    def get_context(self, **context: Any) -> dict[str, Any]:
        proposal, codes = self.object, Codes()
        rows = [
            {"field": row, "old": in_words(row.name, row.old, codes), "proposed": in_words(row.name, row.proposed, codes),
             "present": in_words(row.name, row.present, codes)}
            for row in proposed_fields(proposal)
        ]  # fmt: skip
        return super().get_context(**context) | {
            "rows": rows,
            "may_decide": may_decide(proposal, self.request.user),
            "may_withdraw": may_withdraw(proposal, self.request.user),
        }


class ProposalCreate(FormView):
    """Propose changes of a partner: the form of the partner itself, by the same rules."""

    permission = Permission.PARTNER_EDIT
    model = Partner
    template_name = "partners/proposal_form.html"
    form_class = ProposalForm
    success_message = gettext_lazy("Proposed. The unit that leads the partner has been told.")

    def prepare(self) -> None:
        rows = Partner.objects.visible_to(self.request.user).live()
        self.partner = self.object = get_object_or_404(rows, public_id=self.kwargs["public_id"])

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.partner}


@require_POST
@requires(Permission.PARTNER_EDIT)
def proposal_decide(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Accept all or the fields that are ticked, decline with a reason, or take it back: by the button that was pressed."""
    proposal = get_object_or_404(ChangeProposal.objects.visible_to(request.user).select_related("unit", "lead_unit"), public_id=public_id)
    try:
        match request.POST.get("decision"):
            case "accept":
                accept_proposal(proposal, by=request.user, names=request.POST.getlist("field"))
                messages.success(request, _("Accepted, and saved with the partner."))
            case "decline":
                decline_proposal(proposal, by=request.user, reason=request.POST.get("reason", "").replace("\x00", ""))
                messages.success(request, _("Declined. The unit that proposed it has been told."))
            case "withdraw":
                withdraw_proposal(proposal, by=request.user)
                messages.success(request, _("Taken back."))
            case _decision:
                messages.error(request, _("Choose what to do with the proposal."))
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    return done(request, proposal.get_absolute_url())


def in_words(name: str, value: Any, codes: Codes) -> list[str]:
    """A value as the API writes it, in the reader's words; several lines for a list, none for what is empty."""
    if value in (None, "", []):
        return []
    if name == "names":
        return [f"{row['name']} ({NameUsage(row['usage']).label}, {Language(row['language']).label})" for row in value]
    if name == "fields":
        return _labels(codes.fields, value)
    if name in ("kind", "country"):
        rows: Any = codes.kinds if name == "kind" else codes.countries
        return [str(rows[value]) if value in rows else value]
    labels = {"status": PartnerStatus, "name_language": Language}
    return [str(labels[name](value).label) if name in labels else str(value)]


def _labels(rows: Any, wanted: Iterable[str]) -> list[str]:
    return [str(rows[code]) if code in rows else code for code in wanted]
