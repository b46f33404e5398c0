"""Keeping the narrow facts on participations true: what figures ask of an exchange, copied beside its partners."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Max, Q

from activities.choices import ExchangeStatus, Sides, merit_code
from activities.models import Exchange, Participation
from crm.choices import Confidentiality
from partners.models import Partner
from partners.models.partners import EPOCH


def is_counted(exchange: Exchange) -> bool:
    """Whether figures count the exchange for its partners at all (metrics rule 3).

    Held, not archived, of a kind that has points. Restricted exchanges stay out of every figure, so that no
    reader can find one by subtraction.
    """
    return (
        exchange.status == ExchangeStatus.HELD
        and not exchange.is_archived
        and exchange.confidentiality != Confidentiality.RESTRICTED
        and exchange.kind.points_class is not None
    )


def fill_facts(
    participations: Iterable[Participation], exchange: Exchange, *, field_mask: int, with_parent: frozenset[int] | None = None
) -> None:
    """Copy onto the rows what the exchange says; for a part of a delegation, leave out the delegation's own partners.

    ``with_parent``: those partners, where they are known already.
    """
    counted = is_counted(exchange)
    if with_parent is None:
        with_parent = frozenset().union(*partners_counted_in([exchange.parent_id] if exchange.parent_id else []).values())
    points_class = exchange.kind.points_class
    one_sided = exchange.sides != Sides.BOTH
    for row in participations:
        row.day_no = (exchange.starts_on - EPOCH).days
        row.merit = None if points_class is None else merit_code(points_class, exchange.level, one_sided=one_sided)
        row.two_way = not one_sided
        row.direction = exchange.direction
        row.level = exchange.level
        row.counted = counted and row.partner_id not in with_parent
        row.field_mask = field_mask
        row.host_unit_id = exchange.host_unit_id


def mask_of(exchange: Exchange) -> int:
    """The union of the bits of the exchange's fields."""
    mask = 0
    for bit in exchange.fields.values_list("bit", flat=True):
        mask |= 1 << bit
    return mask


def refresh_facts(exchange: Exchange) -> set[int]:
    """Make the facts of the exchange and of its parts true again; return the partners touched."""
    touched: set[int] = set()
    for part in [exchange, *exchange.parts.select_related("kind")]:
        rows = list(part.participations.all())
        fill_facts(rows, part, field_mask=mask_of(part))
        Participation.objects.bulk_update(rows, FACT_COLUMNS)
        touched |= {row.partner_id for row in rows}
    return touched


def refresh_facts_of(exchange_ids: Iterable[int]) -> set[int]:
    """Make the facts of many exchanges, and of their parts, true again in a few statements; return the partners touched.

    Delegations come first, since their parts leave out the partners that those count.
    """
    ids = list(exchange_ids)
    related = Exchange.objects.filter(Q(pk__in=ids) | Q(parent__in=ids)).select_related("kind").prefetch_related("participations", "fields")
    exchanges = list(related)
    touched = _refresh_together([exchange for exchange in exchanges if not exchange.parent_id])
    return touched | _refresh_together([exchange for exchange in exchanges if exchange.parent_id])


def _refresh_together(exchanges: list[Exchange]) -> set[int]:
    rows = facts_of(exchanges)
    Participation.objects.bulk_update(rows, FACT_COLUMNS, batch_size=100)
    return {row.partner_id for row in rows}


def facts_of(exchanges: Iterable[Exchange]) -> list[Participation]:
    """Return the participations of exchanges with their facts as they follow from the exchanges, unsaved. One query.

    Kind, participations and fields of the exchanges are read already; delegations come before their parts, which ask
    what is counted in those.
    """
    exchanges = list(exchanges)
    counted = partners_counted_in(exchange.parent_id for exchange in exchanges if exchange.parent_id)
    rows: list[Participation] = []
    for exchange in exchanges:
        own = list(exchange.participations.all())
        mask = sum({1 << field.bit for field in exchange.fields.all()})
        fill_facts(own, exchange, field_mask=mask, with_parent=frozenset(counted.get(exchange.parent_id or 0, ())))
        rows += own
    return rows


def partners_counted_in(delegations: Iterable[int]) -> dict[int, set[int]]:
    """Return delegation → the partners that it counts by itself. One query; none for no delegation."""
    counted: dict[int, set[int]] = defaultdict(set)
    if pks := set(delegations):
        for delegation, partner in Participation.objects.filter(exchange__in=pks, counted=True).values_list("exchange", "partner"):
            counted[delegation].add(partner)
    return counted


FACT_COLUMNS = ["day_no", "merit", "two_way", "direction", "level", "counted", "field_mask", "host_unit"]


def refresh_last_contact(partner_ids: Iterable[int]) -> None:
    """Make ``Partner.last_contact_on`` true again: the day of the last two-way exchange that counts."""
    ids = list(partner_ids)
    # Locked before the days are read: of two exchanges logged at once, the second one sees the first.
    partners = list(Partner.objects.select_for_update(no_key=True).filter(pk__in=ids).only("pk", "last_contact_on").order_by("pk"))
    last_days = dict(
        Participation.objects.filter(partner__in=ids, counted=True, two_way=True).values_list("partner").annotate(last=Max("day_no"))
    )
    moved: list[Partner] = []
    for partner in partners:
        day_no = last_days.get(partner.pk)
        last = None if day_no is None else EPOCH + timedelta(days=day_no)
        if partner.last_contact_on != last:
            partner.last_contact_on = last
            moved.append(partner)
    Partner.objects.bulk_update(moved, ["last_contact_on"], batch_size=500)
