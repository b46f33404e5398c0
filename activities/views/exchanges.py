from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from activities.actions.exchanges import archive_exchange, restore_exchange
from activities.choices import ExchangeFamily, ExchangeStatus, Side
from activities.forms.exchanges import ChangeForm, LogForm
from activities.forms.prefilled import initial_from_draft, initial_from_line
from activities.models import Attendance, Commitment, Event, Exchange, ExchangeDraft, FollowUp, Participation
from crm.actions.audit import trace_readings
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, Question, SignedInRequest, UpdateView
from crm.permissions import Permission
from partners.models import Partner, Person
from partners.views.history import HistoryView
from partners.views.history_parts import Part
from partners.views.people import by_public_id

WITH_PARTNERS = Prefetch("participations", Participation.objects.select_related("partner__country").order_by("rank", "id"))


class ExchangeDetail(DetailView):
    """An exchange with its people, parts and follow-ups; reading a restricted one is traced."""

    permission = Permission.EXCHANGE_VIEW
    model = Exchange
    template_name = "activities/exchange_detail.html"

    def get_queryset(self) -> QuerySet[Exchange]:
        rows: Any = super().get_queryset()
        related = ("kind", "host_unit", "country", "policy_document", "parent__kind", "event", "delegation", "created_by", "updated_by")
        found: QuerySet[Exchange] = (
            rows.with_completeness().select_related(*related).prefetch_related(WITH_PARTNERS, "fields", "provinces", "co_units__unit")
        )
        return found

    def get_object(self) -> Exchange:
        return trace_reading(super().get_object(), self.request)

    def get_context(self, **context: Any) -> dict[str, Any]:
        exchange, user = self.object, self.request.user
        present = _people_present(exchange, user)
        readable = Exchange.objects.visible_to(user)
        return super().get_context(**context) | {
            "ours": [row for row in present if row.side == Side.OURS],
            "theirs": [row for row in present if row.side == Side.THEIRS],
            "parent": exchange.parent if exchange.parent and readable.filter(pk=exchange.parent_id).exists() else None,
            "parts": readable.live()
            .filter(parent=exchange)
            .select_related("kind")
            .prefetch_related(WITH_PARTNERS)
            .order_by("starts_on", "id"),
            "follow_ups": FollowUp.objects.visible_to(user).live().filter(exchange=exchange).select_related("assignee", "unit"),
            "commitments": Commitment.objects.visible_to(user).live().filter(exchange=exchange).select_related("assignee", "unit"),
            "may_edit": user.may(Permission.EXCHANGE_LOG) and Exchange.objects.editable_by(user).filter(pk=exchange.pk).exists(),
            "may_add_parts": exchange.kind.family == ExchangeFamily.DELEGATION and exchange.parent_id is None,
        }


def _people_present(exchange: Exchange, user: Any) -> list[Attendance]:
    """Those present whom the reader may see; a person recorded as restricted stays out of other readers' lists."""
    rows = exchange.attendances.select_related("person", "partner", "user")
    named = Person.objects.visible_to(user).filter(pk__in=rows.values("person")).values_list("pk", flat=True)
    seen = set(named)
    return [row for row in rows if row.person_id is None or row.person_id in seen]


class ExchangeLog(CreateView):
    """Log an exchange. ``?partner=`` fills in a partner, ``?parent=`` a delegation, ``?event=`` an event, ``?on=`` a day,
    which makes it planned where it is still to come, ``?line=`` what is read of a line, ``?draft=`` a draft, which is done
    with once the exchange is saved."""

    permission = Permission.EXCHANGE_LOG
    model = Exchange
    template_name = "activities/exchange_log.html"
    form_class = LogForm
    success_message = _("The exchange is logged.")

    @cached_property
    def parent(self) -> Exchange | None:
        public_id = self.request.GET.get("parent")
        return by_public_id(Exchange.objects.editable_by(self.request.user), public_id) if public_id else None

    @cached_property
    def draft(self) -> ExchangeDraft | None:
        """The draft that the form completes. Sent twice it is no longer waiting, and leads to the same exchange."""
        key = self.request.POST.get("draft") or self.request.GET.get("draft")
        drafts = ExchangeDraft.objects.visible_to(self.request.user)
        try:
            return get_object_or_404(drafts if self.request.method == "POST" else drafts.waiting(), key=key) if key else None
        except (ValueError, ValidationError):
            raise Http404 from None

    @cached_property
    def read_from_line(self) -> dict[str, Any]:
        """What the line, or the draft, fills in."""
        if self.draft:
            return initial_from_draft(self.draft, by=self.request.user)
        line = self.request.GET.get("line", "").strip()
        return initial_from_line(line, by=self.request.user) if line else {}

    def get_form_arguments(self) -> dict[str, Any]:
        initial: dict[str, Any] = {**self.read_from_line}
        if public_id := self.request.GET.get("partner"):
            initial["partners"] = [by_public_id(Partner.objects.visible_to(self.request.user), public_id).public_id]
        if public_id := self.request.GET.get("event"):
            event = by_public_id(Event.objects.live(), public_id)
            initial |= {"event": event.public_id, "place": event.place, "starts_on": min(event.starts_on, timezone.localdate())}
        if day := day_in(self.request.GET.get("on", "")):
            initial |= {"starts_on": day}
            initial |= {"status": ExchangeStatus.PLANNED} if day > timezone.localdate() else {}
        if self.parent:
            initial |= {"parent": self.parent.public_id, "starts_on": self.parent.starts_on, "confidentiality": self.parent.confidentiality}
            initial["partners"] = [row.partner.public_id for row in self.parent.participations.select_related("partner")]
        return {"initial": initial}

    def get_form(self, *data: Any) -> Any:
        form = super().get_form(*data)
        form.draft, form.prefilled = self.draft, frozenset(form.initial.keys() & self.read_from_line.keys() - {"status", "direction"})
        return form

    def get_context(self, **context: Any) -> dict[str, Any]:
        line = self.draft.text if self.draft else self.request.GET.get("line", "")
        return super().get_context(**context) | {"parent": self.parent, "draft": self.draft, "line": line}


def day_in(text: str) -> date | None:
    """The day that an address gives to a form; None for what is no day, since the form asks for it anyway."""
    try:
        return parse_date(text)
    except ValueError:
        return None


class ExchangeEdit(UpdateView):
    permission = Permission.EXCHANGE_LOG
    model = Exchange
    template_name = "activities/exchange_form.html"
    form_class = ChangeForm

    def get_queryset(self) -> QuerySet[Exchange]:
        rows: QuerySet[Exchange] = super().get_queryset()
        return rows.select_related("kind", "parent", "event", "updated_by")

    def get_object(self) -> Exchange:
        return trace_reading(super().get_object(), self.request)


class ExchangeArchive(ArchiveView):
    permission = Permission.EXCHANGE_LOG
    model = Exchange
    action = staticmethod(archive_exchange)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        _("Archive this exchange?"), _("It goes out of lists and no figure counts it any more. It can be restored."), _("Archive")
    )


class ExchangeRestore(ActionView):
    permission = Permission.EXCHANGE_LOG
    model = Exchange
    action = staticmethod(restore_exchange)
    success_message = _("Restored.")
    question = Question(_("Restore this exchange?"), _("It comes back into lists and figures."), _("Restore"))


class ExchangeHistory(HistoryView):
    permission = Permission.EXCHANGE_VIEW
    model = Exchange
    parts = (
        Part("participations", says=("partner",)),
        Part("attendances", says=("person", "user", "name", "title")),
        Part("co_units", says=("unit",)),
        Part("delegation", says=("head", "decision_number", "decided_on", "budget_vnd", "gifts_given", "gifts_received", "programme")),
    )

    def get_object(self) -> Exchange:
        return trace_reading(super().get_object(), self.request)


def trace_reading(exchange: Exchange, request: SignedInRequest) -> Exchange:
    """Leave a trace of who read a restricted exchange."""
    trace_readings([exchange], by=request.user, request=request)
    return exchange
