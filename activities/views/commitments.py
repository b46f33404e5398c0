from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from activities.actions.bulk_edits import COMMITMENT_OPERATIONS
from activities.actions.commitments import archive_commitment
from activities.columns.commitments import COMMITMENT_COLUMNS, with_what_is_seen
from activities.filters.commitments import CommitmentFilter
from activities.forms.bulk_edits import CommitmentBulkForm
from activities.forms.commitments import CommitmentForm, PassingForm, PuttingOffForm, SettlingForm
from activities.models import Agreement, Commitment, Exchange
from crm.actions.audit import trace_readings
from crm.actions.records import restore_record
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, Question, UpdateView
from crm.lists import Bulk, EmptyState, RecordList
from crm.permissions import Permission
from crm.views.filters import FilterPanel
from partners.models import Partner
from partners.views.history import HistoryView
from partners.views.people import by_public_id

# What is asked of the list every week: the query, and what to call it.
OFTEN_ASKED = (
    ("unsettled=true", _("Still to be kept")),
    ("unsettled=true&mine=true", _("Mine")),
    ("overdue=true", _("Overdue")),
    ("overdue=true&owed_by=ours", _("Overdue, ours")),
    ("overdue=true&owed_by=theirs", _("Overdue, theirs")),
    ("unproven=true", _("Done, and nothing shows it")),
)


class CommitmentList(RecordList):
    """What was promised, by both sides, the nearest day first; what is still to be kept unless the filter says otherwise."""

    permission = Permission.COMMITMENT_VIEW
    model = Commitment
    template_name = "activities/commitment_list.html"
    filterset_class = CommitmentFilter
    url_name = "activities:commitment-list"
    filters_url_name = "activities:commitment-filters"
    columns = COMMITMENT_COLUMNS
    default_order = "due"
    placeholder = _("A word of what was promised, or the partner's name")
    bulk = Bulk(Permission.COMMITMENT_EDIT, COMMITMENT_OPERATIONS, CommitmentBulkForm)
    empty = EmptyState(
        _("No commitment found"), _("Commitments are written straight from the minutes of an exchange, or entered one by one."),
        "activities:commitment-create", _("Enter a commitment"), Permission.COMMITMENT_EDIT,
    )  # fmt: skip

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"often_asked": OFTEN_ASKED}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET:
            return HttpResponseRedirect(f"{request.path}?unsettled=true")
        return super().get(request, *args, **kwargs)


class CommitmentFilters(FilterPanel):
    list_class = CommitmentList


class CommitmentDetail(DetailView):
    """A commitment with what settles it; reading a restricted one is traced."""

    permission = Permission.COMMITMENT_VIEW
    model = Commitment
    template_name = "activities/commitment_detail.html"

    def get_queryset(self) -> QuerySet[Commitment]:
        related = ("partner", "unit", "assignee", "proof_exchange__kind", "created_by", "updated_by")
        return with_what_is_seen(super().get_queryset(), self.request.user).select_related(*related)

    def get_object(self) -> Commitment:
        commitment: Commitment = super().get_object()
        trace_readings([commitment], by=self.request.user, request=self.request)
        return commitment

    def get_context(self, **context: Any) -> dict[str, Any]:
        commitment, user = self.object, self.request.user
        may_edit = user.may(Permission.COMMITMENT_EDIT) and Commitment.objects.editable_by(user).filter(pk=commitment.pk).exists()
        proof = commitment.proof_exchange
        return super().get_context(**context) | {
            "may_edit": may_edit,
            "proof_exchange": proof if proof and Exchange.objects.visible_to(user).filter(pk=proof.pk).exists() else None,
            "settling": SettlingForm(instance=commitment, by=user) if may_edit and not commitment.is_archived else None,
        }


class CommitmentCreate(CreateView):
    """A commitment with the partner, at the exchange or under the agreement that the address names; else the form asks."""

    permission = Permission.COMMITMENT_EDIT
    model = Commitment
    template_name = "activities/commitment_form.html"
    form_class = CommitmentForm
    success_message = _("The commitment is entered.")

    @cached_property
    def subject(self) -> Commitment:
        user, asked = self.request.user, self.request.GET
        commitment = Commitment()
        if public_id := asked.get("exchange"):
            exchange = commitment.exchange = by_public_id(Exchange.objects.visible_to(user).live(), public_id)
            commitment.promised_on = min(exchange.starts_on, timezone.localdate())
            partners = exchange.participations.order_by("rank", "id").values_list("partner", flat=True)
            commitment.partner_id = partners[0] if len(partners) == 1 else None  # type: ignore[assignment]  # the form asks
        if public_id := asked.get("agreement"):
            agreement = commitment.agreement = by_public_id(Agreement.objects.visible_to(user).live(), public_id)
            commitment.promised_on = min(agreement.signed_on or timezone.localdate(), timezone.localdate())
            signed = agreement.parties.filter(partner__isnull=False).values_list("partner", flat=True)
            commitment.partner_id = signed[0] if len(signed) == 1 else None  # type: ignore[assignment]  # the form asks
        if public_id := asked.get("partner"):
            commitment.partner = by_public_id(Partner.objects.visible_to(user).live(), public_id)
        return commitment

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.subject}

    def get_context(self, **context: Any) -> dict[str, Any]:
        named = self.subject.partner if self.subject.partner_id else None
        return super().get_context(**context) | {"subject": self.subject.exchange or self.subject.agreement or named}

    def get_success_url(self) -> str:
        subject: Any = self.get_context()["subject"]
        return str((subject or self.object).get_absolute_url())


class CommitmentEdit(UpdateView):
    permission = Permission.COMMITMENT_EDIT
    model = Commitment
    template_name = "activities/commitment_form.html"
    form_class = CommitmentForm


class CommitmentSettle(UpdateView):
    """Settle it in one step: GET asks, POST does."""

    permission = Permission.COMMITMENT_EDIT
    model = Commitment
    template_name = "activities/commitment_settle.html"
    form_class: ClassVar[type[Any]] = SettlingForm
    heading = _("Settle the commitment")

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset().live()  # type: ignore[attr-defined]  # every record has it
        return rows.select_related("assignee", "partner")

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"heading": self.heading}

    def get_success_url(self) -> str:
        """Back to where it was settled from, of pages of this product only by the name of what they are about."""
        if self.request.GET.get("back") == "desk":
            return reverse("desk")
        return super().get_success_url()


class CommitmentPostpone(CommitmentSettle):
    form_class = PuttingOffForm
    heading = _("Put the commitment off")

    def get_form_arguments(self) -> dict[str, Any]:
        return super().get_form_arguments() | {"initial": {"due_on": self.object.due_on}}


class CommitmentPass(CommitmentSettle):
    form_class = PassingForm
    heading = _("Pass the commitment on")


class CommitmentArchive(ArchiveView):
    permission = Permission.COMMITMENT_EDIT
    model = Commitment
    action = staticmethod(archive_commitment)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        _("Archive this commitment?"),
        _("Only for one entered by mistake. One that nobody keeps is broken or dropped instead."),
        _("Archive"),
    )


class CommitmentRestore(ActionView):
    permission = Permission.COMMITMENT_EDIT
    model = Commitment
    action = staticmethod(restore_record)
    success_message = _("Restored.")
    question = Question(_("Restore this commitment?"), _("It comes back into lists and figures."), _("Restore"))


class CommitmentHistory(HistoryView):
    permission = Permission.COMMITMENT_VIEW
    model = Commitment
