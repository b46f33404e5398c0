"""The rules of writing exchanges: who may, for whom, and what must hold. The same for one exchange and for many at once."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import ExchangeStatus
from activities.models import Exchange
from crm.actions.records import MACHINE_FIELDS
from crm.models import User
from crm.permissions import Permission
from partners.models import Partner

if TYPE_CHECKING:
    from datetime import date

IS_HOSTS = _("This is for the host unit to decide. Ask it.")
_FOREIGN_KEYS = [
    field for field in Exchange._meta.concrete_fields if isinstance(field, models.ForeignKey) and field.name not in MACHINE_FIELDS
]
_LEFT_TO_US = MACHINE_FIELDS | {field.name for field in _FOREIGN_KEYS}
_ENDS_AFTER_START = next(rule for rule in Exchange._meta.constraints if rule.name == "activities_exchange_ends_after_start")


def check_rights(exchange: Exchange, *, by: User) -> None:
    """Raise PermissionDenied where the account may not log or change the exchange; hold its delegation still until the end."""
    if not by.may(Permission.EXCHANGE_LOG):
        raise PermissionDenied
    delegations = hold_delegations([exchange.parent_id] if exchange.parent_id else [], by=by)
    if exchange.is_new:
        check_rights_of_new(exchange, by=by, delegations=delegations)
        return
    if not Exchange.objects.editable_by(by).filter(pk=exchange.pk).exists():
        raise PermissionDenied
    _check_parent(exchange, delegations)


def check_rights_of_new(exchange: Exchange, *, by: User, delegations: Collection[int]) -> None:
    """The same for one to be logged, without asking the database: ``delegations`` are those that the author holds."""
    if not by.may(Permission.EXCHANGE_LOG) or not by.scope.may_write_for(exchange.host_unit_id):
        raise PermissionDenied
    _check_parent(exchange, delegations)


def hold_delegations(pks: Iterable[int], *, by: User) -> set[int]:
    """Return which delegations the author may add to; they stand still until their parts are written, since facts depend on both."""
    wanted = set(pks)
    if not wanted:
        return set()
    held = Exchange.objects.editable_by(by).select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return set(held.values_list("pk", flat=True))


def check_rules(exchange: Exchange, partners: Sequence[Partner]) -> None:
    """Raise ValidationError keyed by field where a rule of exchanges is broken that no column says."""
    if not partners:
        raise ValidationError({"partners": ValidationError(_("Name at least one partner."), code="required")})
    if archived := [partner.name for partner in partners if partner.is_archived]:
        raise ValidationError(
            {
                "partners": ValidationError(
                    _("%(names)s is archived; restore it first."), code="archived", params={"names": ", ".join(archived)}
                )
            }
        )
    day: date | None = exchange.starts_on  # None where it was left out: the model says so below
    if exchange.status == ExchangeStatus.HELD and day is not None and day > timezone.localdate():
        raise ValidationError({"starts_on": ValidationError(_("This day is still to come: log it as planned."), code="future-held")})


def check_columns(exchange: Exchange) -> None:
    """Say of a new exchange what ``full_clean`` says, without its dozen queries.

    The rows that it points at were read in this transaction, so they are there; constraints are worked out here.
    """
    errors: dict[str, list[ValidationError]] = {}
    for check in (_check_fields, _check_given, Exchange.clean):
        try:
            check(exchange)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
    if not {"starts_on", "ends_on"} & errors.keys() and exchange.ends_on is not None and exchange.ends_on < exchange.starts_on:
        message = _ENDS_AFTER_START.get_violation_error_message()
        errors = ValidationError(message, code=_ENDS_AFTER_START.violation_error_code).update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _check_fields(exchange: Exchange) -> None:
    exchange.clean_fields(exclude=_LEFT_TO_US)


def _check_given(exchange: Exchange) -> None:
    for field in _FOREIGN_KEYS:
        if not field.null and getattr(exchange, field.attname) is None:
            raise ValidationError({field.name: ValidationError(field.error_messages["null"], code="null")})


def is_of_host(pk: int, *, by: User) -> bool:
    """Whether the account works for the stored host unit, or entered the exchange.

    Any unit may enter itself as having been there, and so may complete the record. Hiding it, taking it out of use or
    giving it to another host stays with the host.
    """
    entered_by, host = Exchange.objects.values_list("created_by", "host_unit").get(pk=pk)
    return entered_by == by.pk or by.scope.may_write_for(host)


def check_host(exchange: Exchange, *, by: User) -> None:
    """Raise ValidationError where only the host may do it, and the account is not of the host."""
    if not is_of_host(exchange.pk, by=by):
        raise ValidationError(IS_HOSTS, code="not-host")


def _check_parent(exchange: Exchange, delegations: Collection[int]) -> None:
    if exchange.parent_id and exchange.parent_id not in delegations:
        raise ValidationError({"parent": ValidationError(_("You may not add to this delegation."), code="not-allowed")})
