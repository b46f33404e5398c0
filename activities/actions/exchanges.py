from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.utils import bulk_create_with_history

from activities.actions.announcing import announce
from activities.actions.commitments import restrict_commitments, save_commitment
from activities.actions.exchange_rules import IS_HOSTS, check_host, check_rights, check_rules, is_of_host
from activities.actions.facts import fill_facts, mask_of, refresh_facts
from activities.actions.follow_ups import save_follow_up
from activities.models import Attendance, Commitment, Delegation, Exchange, ExchangeUnit, FollowUp, Participation
from crm.actions.records import archive_record, restore_record, save_record
from crm.choices import Confidentiality
from crm.models import Field, Province, Unit, User
from partners.models import Partner


@transaction.atomic
def log_exchange(
    exchange: Exchange,
    *,
    by: User,
    partners: Sequence[Partner],
    fields: Iterable[Field] = (),
    provinces: Iterable[Province] = (),
    co_units: Iterable[Unit] = (),
    attendances: Iterable[Attendance] = (),
    follow_up: FollowUp | None = None,
    commitment: Commitment | None = None,
    delegation: Delegation | None = None,
) -> Exchange:
    """Log an exchange. To log it, we also name its partners, make its facts, open a follow-up, write down what was promised
    by or to the first partner, and tell the figures.

    The host unit is the author's own where none is given. Raises PermissionDenied outside the author's rights and
    units, ValidationError keyed by field where a rule is broken.
    """
    if not exchange.host_unit_id and by.scope.home_unit_ids:
        exchange.host_unit_id = by.scope.home_unit_ids[0]
    check_rights(exchange, by=by)
    check_rules(exchange, partners)
    save_record(exchange, by=by)
    exchange.fields.set(fields)
    exchange.provinces.set(provinces)
    _set_co_units(exchange, co_units, by=by)
    _set_partners(exchange, partners, by=by)
    _set_attendances(exchange, attendances)
    if delegation is not None:
        _set_delegation(exchange, delegation)
    if follow_up is not None:
        follow_up.exchange, follow_up.unit = exchange, exchange.host_unit
        save_follow_up(follow_up, by=by)
    if commitment is not None:
        commitment.exchange, commitment.unit, commitment.partner = exchange, exchange.host_unit, partners[0]
        commitment.promised_on = min(exchange.starts_on, timezone.localdate())
        save_commitment(commitment, by=by)
    announce(exchange, partner_ids={partner.pk for partner in partners}, since=exchange.starts_on)
    return exchange


@transaction.atomic
def change_exchange(
    exchange: Exchange,
    *,
    by: User,
    partners: Sequence[Partner] | None = None,
    fields: Iterable[Field] | None = None,
    provinces: Iterable[Province] | None = None,
    co_units: Iterable[Unit] | None = None,
    attendances: Iterable[Attendance] | None = None,
    delegation: Delegation | None = None,
) -> Exchange:
    """Change an exchange. What is given replaces what there is; None leaves it. Figures follow, for partners before and after."""
    check_rights(exchange, by=by)
    stored_day, stored_unit, stored_level = Exchange.objects.values_list("starts_on", "host_unit", "confidentiality").get(pk=exchange.pk)
    if exchange.confidentiality != stored_level and not is_of_host(exchange.pk, by=by):
        raise ValidationError({"confidentiality": ValidationError(IS_HOSTS, code="not-host")})
    if exchange.host_unit_id != stored_unit and not is_of_host(exchange.pk, by=by):
        raise ValidationError({"host_unit": ValidationError(IS_HOSTS, code="not-host")})
    if exchange.host_unit_id != stored_unit and not by.scope.may_write_for(exchange.host_unit_id):
        raise ValidationError({"host_unit": ValidationError(_("You may not hand the exchange over to this unit."), code="not-allowed")})
    before = set(exchange.participations.values_list("partner", flat=True))
    check_rules(exchange, partners if partners is not None else [row.partner for row in exchange.participations.select_related("partner")])
    save_record(exchange, by=by)
    _restrict_what_follows(exchange, by=by)
    if fields is not None:
        exchange.fields.set(fields)
    if provinces is not None:
        exchange.provinces.set(provinces)
    if co_units is not None:
        _set_co_units(exchange, co_units, by=by)
    if partners is not None:
        _set_partners(exchange, partners, by=by)
    if attendances is not None:
        _set_attendances(exchange, attendances)
    if delegation is not None:
        _set_delegation(exchange, delegation)
    announce(exchange, partner_ids=before | refresh_facts(exchange), since=min(stored_day, exchange.starts_on))
    return exchange


@transaction.atomic
def archive_exchange(exchange: Exchange, *, by: User) -> None:
    """Take an exchange out of use: it no longer counts, and can be restored."""
    check_rights(exchange, by=by)
    check_host(exchange, by=by)
    archive_record(exchange, by=by)
    announce(exchange, partner_ids=refresh_facts(exchange), since=exchange.starts_on)


@transaction.atomic
def restore_exchange(exchange: Exchange, *, by: User) -> None:
    """Bring an archived exchange back: it counts again."""
    check_rights(exchange, by=by)
    check_host(exchange, by=by)
    restore_record(exchange, by=by)
    announce(exchange, partner_ids=refresh_facts(exchange), since=exchange.starts_on)


def _restrict_what_follows(exchange: Exchange, *, by: User) -> None:
    """What is to be done after a restricted exchange, and what was promised at it, would give it away: restricted with it."""
    if exchange.confidentiality != Confidentiality.RESTRICTED:
        return
    for follow_up in exchange.follow_ups.exclude(confidentiality=Confidentiality.RESTRICTED):
        follow_up.confidentiality = Confidentiality.RESTRICTED
        save_record(follow_up, by=by)
    restrict_commitments(exchange.commitments.all(), by=by)


def _set_co_units(exchange: Exchange, units: Iterable[Unit], *, by: User) -> None:
    wanted = {unit.pk for unit in units} - {exchange.host_unit_id}
    for row in exchange.co_units.exclude(unit__in=wanted):
        row.delete()
    present = set(exchange.co_units.values_list("unit", flat=True))
    rows = [ExchangeUnit(exchange=exchange, unit_id=unit_id) for unit_id in sorted(wanted - present)]
    if rows:
        bulk_create_with_history(rows, ExchangeUnit, default_user=by)


def _set_partners(exchange: Exchange, partners: Sequence[Partner], *, by: User) -> None:
    """Name the partners, in the order given, which is protocol order."""
    ranks = {partner.pk: rank for rank, partner in enumerate(partners, start=1)}
    for row in exchange.participations.exclude(partner__in=ranks):
        row.delete()
    present = {row.partner_id: row for row in exchange.participations.all()}
    for row in present.values():
        if row.rank != ranks[row.partner_id]:
            row.rank = ranks[row.partner_id]
            row.save(update_fields=["rank"])
    rows = [Participation(exchange=exchange, partner_id=pk, rank=rank) for pk, rank in ranks.items() if pk not in present]
    fill_facts(rows, exchange, field_mask=mask_of(exchange))
    if rows:
        bulk_create_with_history(rows, Participation, default_user=by)


def _set_attendances(exchange: Exchange, attendances: Iterable[Attendance]) -> None:
    """Name the people present, in the order given. Who was there keeps the row, so that versions tell only what changed."""
    stored: dict[tuple[Any, ...], list[Attendance]] = defaultdict(list)
    for row in exchange.attendances.all():
        stored[_who(row)].append(row)
    kept = [(given, stored[_who(given)].pop() if stored[_who(given)] else None) for given in attendances]
    for row in chain.from_iterable(stored.values()):
        row.delete()
    for rank, (given, present) in enumerate(kept, start=1):
        if present is None:
            given.pk, given.exchange, given.rank = None, exchange, rank
            given.full_clean(exclude=["exchange"])
            given.save(force_insert=True)
        elif present.rank != rank:
            present.rank = rank
            present.save(update_fields=["rank"])


def _who(attendance: Attendance) -> tuple[Any, ...]:
    row = attendance
    return row.side, row.person_id, row.partner_id, row.user_id, row.name, row.title


def _set_delegation(exchange: Exchange, delegation: Delegation) -> None:
    delegation.exchange = exchange
    delegation.full_clean(exclude=["exchange"])
    delegation.save()
