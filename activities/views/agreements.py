from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from activities.actions.agreements import archive_agreement, renewal_of, restore_agreement
from activities.choices import AgreementStanding, AgreementState, Side
from activities.columns.agreements import party_name, with_parties
from activities.forms.agreements import AgreementForm, EndForm, RenewalForm
from activities.models import Agreement, Commitment, Exchange
from activities.models.follow_ups import NO_DAY
from crm.actions.audit import trace_readings
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, FormView, Question, UpdateView
from crm.models import User
from crm.permissions import Permission
from partners.models import Partner
from partners.views.history import HistoryView
from partners.views.history_parts import Part
from partners.views.people import by_public_id

LONGEST_CHAIN = 20


class TracedMixin:
    """Reading a restricted agreement is traced, whichever of its pages shows it."""

    request: Any

    def get_object(self) -> Agreement:
        agreement: Agreement = super().get_object()  # type: ignore[misc]  # of the view that it is mixed into
        trace_readings([agreement], by=self.request.user, request=self.request)
        return agreement


class AgreementDetail(TracedMixin, DetailView):
    """An agreement with its parties, what renews it and what it renews, and the commitments under it."""

    permission = Permission.AGREEMENT_VIEW
    model = Agreement
    template_name = "activities/agreement_detail.html"

    def get_queryset(self) -> QuerySet[Agreement]:
        rows = super().get_queryset().select_related("kind", "unit", "policy_document", "exchange__kind", "created_by", "updated_by")
        return with_parties(rows, self.request.user).prefetch_related("fields")

    def get_context(self, **context: Any) -> dict[str, Any]:
        agreement, user, today = self.object, self.request.user, timezone.localdate()
        parties: list[Any] = list(agreement.parties.all())
        for party in parties:
            party.called = party_name(party)
        chain = list(chain_of(agreement, user))
        may_edit = user.may(Permission.AGREEMENT_EDIT) and Agreement.objects.editable_by(user).filter(pk=agreement.pk).exists()
        is_renewed = Agreement.objects.filter(renews=agreement).exists()
        return super().get_context(**context) | {
            "ours": [party for party in parties if party.side == Side.OURS],
            "theirs": [party for party in parties if party.side == Side.THEIRS],
            "standing": agreement.standing(today),
            "days_left": agreement.days_left(today),
            "exchange": agreement.exchange if _may_read(agreement.exchange, user) else None,
            "chain": chain if len(chain) > 1 else [],
            "commitments": commitments_under(agreement, user),
            "today": today,
            "may_edit": may_edit,
            "may_renew": may_edit and not is_renewed and not agreement.is_archived and agreement.state != AgreementState.NEGOTIATED,
            "may_end": may_edit and not agreement.is_archived and agreement.state == AgreementState.SIGNED,
        }


def _may_read(exchange: Exchange | None, user: User) -> bool:
    return exchange is not None and Exchange.objects.visible_to(user).filter(pk=exchange.pk).exists()


def commitments_under(agreement: Agreement, user: User) -> Iterable[Commitment]:
    """What was promised in the agreement, as far as the reader may see it."""
    if not user.may(Permission.COMMITMENT_VIEW):
        return ()
    rows: list[Any] = list(Commitment.objects.visible_to(user).live().filter(agreement=agreement).select_related("partner"))
    for row in rows:
        row.is_open_past_due = row.is_overdue(timezone.localdate())
    return rows


def chain_of(agreement: Agreement, user: User) -> Iterable[Agreement]:
    """The agreement with those before and after it by renewal, the oldest first, as far as the reader may see them."""
    before: list[Agreement] = []
    after: list[Agreement] = []
    step = agreement
    while step.renews_id and len(before) < LONGEST_CHAIN and (step := _one(user, pk=step.renews_id)):
        before.append(step)
    step = agreement
    while len(after) < LONGEST_CHAIN and (step := _one(user, renews=step.pk)):
        after.append(step)
    return [*before[::-1], agreement, *after]


def _one(user: User, **wanted: Any) -> Any:
    return Agreement.objects.visible_to(user).live().filter(**wanted).select_related("kind").first()


class AgreementCreate(CreateView):
    """Enter an agreement. ``?partner=`` names their side, ``?exchange=`` the signing during which it was signed."""

    permission = Permission.AGREEMENT_EDIT
    model = Agreement
    template_name = "activities/agreement_form.html"
    form_class = AgreementForm
    success_message = _("The agreement is entered.")

    def get_form_arguments(self) -> dict[str, Any]:
        user, asked = self.request.user, self.request.GET
        initial: dict[str, Any] = {}
        partners: list[Partner] = []
        if public_id := asked.get("exchange"):
            exchange = by_public_id(Exchange.objects.visible_to(user), public_id)
            initial = {"exchange": exchange.pk, "signed_on": exchange.starts_on, "signed_at": exchange.place, "unit": exchange.host_unit_id}
            partners = [row.partner for row in exchange.participations.select_related("partner").order_by("rank", "id")]
        if public_id := asked.get("partner"):
            partners = [by_public_id(Partner.objects.visible_to(user), public_id)]
        return {"initial": initial, "their_partners": partners}


class AgreementEdit(TracedMixin, UpdateView):
    permission = Permission.AGREEMENT_EDIT
    model = Agreement
    template_name = "activities/agreement_form.html"
    form_class = AgreementForm

    def get_queryset(self) -> QuerySet[Agreement]:
        rows: QuerySet[Agreement] = super().get_queryset()
        return rows.select_related("updated_by")


class AgreementRenew(CreateView):
    """What comes after an agreement: a new one, filled in from the old, which stays."""

    permission = Permission.AGREEMENT_EDIT
    model = Agreement
    template_name = "activities/agreement_form.html"
    form_class = RenewalForm
    success_message = _("The renewal is entered; the old agreement stays as it was signed.")

    @cached_property
    def old(self) -> Agreement:
        rows = Agreement.objects.editable_by(self.request.user).live()
        old = get_object_or_404(rows.select_related("kind", "unit"), public_id=self.kwargs["public_id"])
        trace_readings([old], by=self.request.user, request=self.request)
        return old

    def get_form_arguments(self) -> dict[str, Any]:
        renewal, parties = renewal_of(self.old)
        return {"instance": renewal, "old": self.old, "parties": parties}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"old": self.old}


class AgreementEnd(TracedMixin, FormView):
    """End an agreement before its time."""

    permission = Permission.AGREEMENT_EDIT
    model = Agreement
    template_name = "activities/agreement_end.html"
    form_class = EndForm
    success_message = _("The agreement is ended.")

    def prepare(self) -> None:
        self.object = self.get_object()

    def get_queryset(self) -> QuerySet[Agreement]:
        return Agreement.objects.editable_by(self.request.user).live()

    def get_form_arguments(self) -> dict[str, Any]:
        return {"agreement": self.object}


class AgreementArchive(TracedMixin, ArchiveView):
    permission = Permission.AGREEMENT_EDIT
    model = Agreement
    action = staticmethod(archive_agreement)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        _("Archive this agreement?"),
        _("Only for one entered by mistake. One that ran out stays: it is what was. It can be restored."),
        _("Archive"),
    )


class AgreementRestore(TracedMixin, ActionView):
    permission = Permission.AGREEMENT_EDIT
    model = Agreement
    action = staticmethod(restore_agreement)
    success_message = _("Restored.")
    question = Question(_("Restore this agreement?"), _("It comes back into the lists."), _("Restore"))


class AgreementHistory(TracedMixin, HistoryView):
    permission = Permission.AGREEMENT_VIEW
    model = Agreement
    parts = (Part("parties", says=("unit", "province", "partner", "name", "signatory", "signatory_title")),)


class PartnerAgreements(DetailView):
    """A part at the side of the partner page: what was signed with it, what holds first."""

    permission = Permission.AGREEMENT_VIEW
    model = Partner
    template_name = "activities/partner_agreements.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        partner, today = self.get_object(), timezone.localdate()
        rows = Agreement.objects.visible_to(self.request.user).live().with_partners([partner.pk]).select_related("kind")
        signed = list(rows.order_by(Coalesce("valid_to", NO_DAY).desc(), "-id"))
        shown = sorted(((row, row.standing(today)) for row in signed), key=lambda pair: pair[1] not in _STILL_TO_COME)
        return self.show(part="part", object=partner, agreements=shown[:SHOWN_AT_SIDE], more=len(shown) > SHOWN_AT_SIDE)


SHOWN_AT_SIDE = 5
_STILL_TO_COME = frozenset({AgreementStanding.IN_FORCE, AgreementStanding.TO_COME, AgreementStanding.NEGOTIATED})
