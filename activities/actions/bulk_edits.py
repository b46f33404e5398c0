"""What may be done to many exchanges, or follow-ups, at once. Facts and figures follow by the signal of change sets."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.choices import AgreementState, FollowUpState
from activities.models import Agreement, Commitment, Exchange, ExchangeUnit, FollowUp
from crm.actions.bulk_operations import AddLinks, BulkRun, Operation, RemoveLinks, SetColumn
from crm.choices import Confidentiality
from crm.models import Unit, User


class ByHost(SetColumn):
    """What only the host of an exchange, or whoever entered it, may set; see ``activities.actions.exchange_rules.is_of_host``."""

    def refuses(self, value: Any, *, by: User) -> list[tuple[Q, str]]:
        if by.scope.central:
            return []
        return [(~Q(host_unit__in=by.scope.unit_ids) & ~Q(created_by=by) & self.differs(value), _("for the host unit to decide"))]


class Confide(ByHost):
    """Who may see an exchange. What follows from a restricted one would give it away, so it is restricted with it."""

    def follow(self, run: BulkRun, rows: Sequence[Exchange], value: str) -> None:
        if value != Confidentiality.RESTRICTED:
            return
        for noun in (FollowUp, Commitment):
            telling = noun.objects.filter(exchange__in=rows).exclude(confidentiality=Confidentiality.RESTRICTED)
            run.change(telling, lambda row: setattr(row, "confidentiality", Confidentiality.RESTRICTED))


class HoldTogether(AddLinks):
    """Another unit that held the exchange; the host is none."""

    def differs(self, value: Any) -> Q:
        lacking = Q(pk__in=[])
        for unit in value:
            lacking |= ~Q(pk__in=self._having([unit]).values(self.owner)) & ~Q(host_unit=unit)
        return lacking

    def suits(self, row: Exchange, linked: Unit) -> bool:
        return row.host_unit_id != linked.pk


class SetState(SetColumn):
    """The state of a follow-up, with the time of its closing."""

    def __init__(self, name: str, label: Any, field: Any) -> None:
        super().__init__(name, label, field)
        self.columns = ("state", "closed_at")

    def set_on(self, row: FollowUp, value: str) -> None:
        if row.state != value:
            row.closed_at = None if value == FollowUpState.OPEN else timezone.now()
        row.state = value


EXCHANGE_OPERATIONS: tuple[Operation, ...] = (
    AddLinks.of("fields_add", gettext_lazy("Add fields of cooperation"), Exchange.fields),
    RemoveLinks.of("fields_remove", gettext_lazy("Take fields of cooperation away"), Exchange.fields),
    AddLinks.of("provinces_add", gettext_lazy("Add provinces"), Exchange.provinces),
    SetColumn("policy_document", gettext_lazy("Serves the directive"), Exchange.policy_document),
    SetColumn("level", gettext_lazy("Level"), Exchange.level),
    ByHost("host_unit", gettext_lazy("Host unit"), Exchange.host_unit),
    HoldTogether(
        "co_units_add", gettext_lazy("Together with"), through=ExchangeUnit, owner="exchange", target="unit", shown="co_units__unit"
    ),
    Confide("confidentiality", gettext_lazy("Who may see"), Exchange.confidentiality),
)  # fmt: skip


class SignOrNot(SetColumn):
    """Whether agreements are signed or being negotiated, as their day of signing has it. Ending one early says why, one by one."""

    def refuses(self, value: Any, *, by: User) -> list[tuple[Q, str]]:
        if value == AgreementState.NEGOTIATED:
            return [(Q(signed_on__isnull=False), _("it has a day of signing"))]
        return [(Q(signed_on__isnull=True), _("it has no day of signing"))]


class HandUnit(SetColumn):
    """The unit that keeps a commitment or an agreement: only one for which the account may write."""

    def refuses(self, value: Any, *, by: User) -> list[tuple[Q, str]]:
        return [] if by.scope.may_write_for(value.pk) else [(self.differs(value), _("you may not write for this unit"))]


class DueOn(SetColumn):
    """The day by which a commitment is due, which cannot come before the promise."""

    def refuses(self, value: Any, *, by: User) -> list[tuple[Q, str]]:
        return [(Q(promised_on__gt=value), _("promised after this day"))]


FOLLOW_UP_OPERATIONS: tuple[Operation, ...] = (
    SetColumn("assignee", gettext_lazy("Who"), FollowUp.assignee),
    SetColumn("due_on", gettext_lazy("Due on"), FollowUp.due_on),
    SetState("state", gettext_lazy("State"), FollowUp.state),
)

COMMITMENT_OPERATIONS: tuple[Operation, ...] = (
    SetColumn("assignee", gettext_lazy("Who"), Commitment.assignee),
    DueOn("due_on", gettext_lazy("Due on"), Commitment.due_on),
    HandUnit("unit", gettext_lazy("Unit"), Commitment.unit),
)


class ConfideAgreement(SetColumn):
    """Who may see an agreement; the commitments under a restricted one are restricted with it."""

    def follow(self, run: BulkRun, rows: Sequence[Agreement], value: str) -> None:
        if value == Confidentiality.RESTRICTED:
            telling = Commitment.objects.filter(agreement__in=rows).exclude(confidentiality=Confidentiality.RESTRICTED)
            run.change(telling, lambda row: setattr(row, "confidentiality", Confidentiality.RESTRICTED))


AGREEMENT_OPERATIONS: tuple[Operation, ...] = (
    HandUnit("unit", gettext_lazy("Kept by"), Agreement.unit),
    SignOrNot("state", gettext_lazy("State"), Agreement.state),
    SetColumn("level", gettext_lazy("Level"), Agreement.level),
    SetColumn("policy_document", gettext_lazy("Under the directive"), Agreement.policy_document),
    AddLinks.of("fields_add", gettext_lazy("Add fields of cooperation"), Agreement.fields),
    ConfideAgreement("confidentiality", gettext_lazy("Who may see"), Agreement.confidentiality),
)
