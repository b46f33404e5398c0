"""Where the rows of figures come from: one set of rows for each noun and span, restricted ones always left out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from activities.choices import AgreementState, ExchangeStatus
from activities.models import Agreement, AgreementParty, Commitment, Exchange, Participation
from crm.choices import Confidentiality, UnitKind
from crm.models import Unit
from partners.choices import PartnerFamily
from partners.models import Partner, Registration
from reports.metrics.days import day_number
from reports.metrics.periodic.spans import Span


@dataclass(frozen=True)
class Source:
    """``rows`` are what figures count; ``known`` is where to look whether anything was on record at all."""

    noun: str
    rows: Callable[[Span], QuerySet[Any]]
    known: Callable[[Span], QuerySet[Any]]


def exchanges(span: Span) -> QuerySet[Exchange]:
    """Exchanges held in the span, by their first day, each once: parts of delegations are in their delegation."""
    rows = Exchange.objects.live().filter(status=ExchangeStatus.HELD, starts_on__gte=span.start, starts_on__lt=span.end, parent=None)
    rows = rows.exclude(confidentiality=Confidentiality.RESTRICTED)
    if span.unit_ids is not None:
        rows = rows.of_units(span.unit_ids)
    return rows if span.directive_id is None else rows.filter(policy_document=span.directive_id)


def _agreements(span: Span) -> Any:
    rows: Any = Agreement.objects.live().exclude(confidentiality=Confidentiality.RESTRICTED).exclude(state=AgreementState.NEGOTIATED)
    if span.unit_ids is not None:
        parties = AgreementParty.objects.filter(unit__in=span.unit_ids).values("agreement")
        rows = rows.filter(Q(unit__in=span.unit_ids) | Q(pk__in=parties))
    rows = rows if span.directive_id is None else rows.filter(policy_document=span.directive_id)
    return rows.filter(signed_on__lt=span.end)


def agreements_signed(span: Span) -> QuerySet[Agreement]:
    rows: QuerySet[Agreement] = _agreements(span).filter(signed_on__gte=span.start)
    return rows


def agreements_in_force(span: Span) -> QuerySet[Agreement]:
    """Agreements that held at the end of the span."""
    rows: QuerySet[Agreement] = _agreements(span).on(span.day)
    return rows


def _commitments(span: Span) -> QuerySet[Commitment]:
    rows = Commitment.objects.live().exclude(confidentiality=Confidentiality.RESTRICTED).filter(promised_on__lt=span.end)
    if span.unit_ids is not None:
        rows = rows.filter(unit__in=span.unit_ids)
    if span.directive_id is not None:
        rows = rows.filter(Q(exchange__policy_document=span.directive_id) | Q(agreement__policy_document=span.directive_id))
    return rows


def commitments_made(span: Span) -> QuerySet[Commitment]:
    return _commitments(span).filter(promised_on__gte=span.start)


def commitments_settled(span: Span) -> QuerySet[Commitment]:
    return _commitments(span).filter(settled_on__gte=span.start, settled_on__lt=span.end)


def commitments_overdue(span: Span) -> QuerySet[Commitment]:
    """Commitments still to be kept at the end of the span, though they were due before its last day."""
    unsettled = Q(settled_on__isnull=True) | Q(settled_on__gt=span.day)
    return _commitments(span).filter(unsettled, due_on__lt=span.day)


def partners_met_first(span: Span) -> QuerySet[Partner]:
    """Partners whose first two-way exchange on record, with anybody of ours, lies in the span and was held by these units."""
    held = exchanges(span).values("pk")
    first, last = day_number(span.start), day_number(span.end) - 1
    here = Participation.objects.filter(partner=OuterRef("pk"), counted=True, two_way=True, day_no__range=(first, last), exchange__in=held)
    earlier = Participation.objects.filter(partner=OuterRef("pk"), counted=True, two_way=True, day_no__lt=first)
    return Partner.objects.live().filter(Exists(here), ~Exists(earlier))


def _registrations(span: Span) -> Any:
    rows = Registration.objects.live().filter(valid_from__lt=span.end)
    return rows if span.unit_ids is None else rows.filter(partner__unit__in=span.unit_ids)


def registrations_issued(span: Span) -> QuerySet[Registration]:
    rows: QuerySet[Registration] = _registrations(span).filter(valid_from__gte=span.start)
    return rows


def ngos_registered(span: Span) -> QuerySet[Partner]:
    """Foreign NGOs with a certificate that held at the end of the span."""
    held = _registrations(span).on(span.day).values("partner")
    return Partner.objects.live().filter(kind__family=PartnerFamily.NGO, pk__in=held)


def members(span: Span) -> QuerySet[Unit]:
    """Associations and chapters there were at the end of the span."""
    rows = Unit.objects.on(span.day).filter(kind__in=[UnitKind.ASSOCIATION, UnitKind.CHAPTER, UnitKind.PROVINCIAL_UNION])
    return rows if span.unit_ids is None else rows.filter(pk__in=span.unit_ids)


def units_founded(span: Span) -> QuerySet[Unit]:
    rows = members(span).exclude(kind=UnitKind.PROVINCIAL_UNION)
    return rows.filter(founded__gte=span.start, founded__lte=span.end - timedelta(days=1))


EXCHANGES = Source("exchanges", exchanges, exchanges)
AGREEMENTS_SIGNED = Source("agreements", agreements_signed, _agreements)
AGREEMENTS_IN_FORCE = Source("agreements", agreements_in_force, _agreements)
COMMITMENTS_MADE = Source("commitments", commitments_made, _commitments)
COMMITMENTS_SETTLED = Source("commitments", commitments_settled, _commitments)
COMMITMENTS_OVERDUE = Source("commitments", commitments_overdue, _commitments)
PARTNERS_MET_FIRST = Source("partners", partners_met_first, exchanges)
REGISTRATIONS = Source("registrations", registrations_issued, _registrations)
NGOS = Source("partners", ngos_registered, _registrations)
MEMBERS = Source("units", members, members)
UNITS_FOUNDED = Source("units", units_founded, members)
# What happened in a period; the others say how things stood at its end, which is so without anything having happened.
HAPPENINGS = (EXCHANGES, AGREEMENTS_SIGNED, COMMITMENTS_MADE, COMMITMENTS_SETTLED)
