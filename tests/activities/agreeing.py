"""Agreements for tests, said briefly."""

from datetime import date
from typing import Any

from activities.actions.agreements import save_agreement
from activities.choices import Side
from activities.models import Agreement, AgreementKind, AgreementParty
from crm.models import Province, Unit, User
from partners.models import Partner


def ours(*, unit: Unit | None = None, province: str = "", name: str = "", **values: Any) -> AgreementParty:
    where = Province.objects.get(slug=province) if province else None
    return AgreementParty(side=Side.OURS, unit=unit, province=where, name=name, **values)


def theirs(partner: Partner | None = None, *, name: str = "", **values: Any) -> AgreementParty:
    return AgreementParty(side=Side.THEIRS, partner=partner, name=name, **values)


def make_agreement(
    partner: Partner, *, by: User, kind: str = "MOU", parties: list[AgreementParty] | None = None, **values: Any
) -> Agreement:
    """Enter an agreement through the action, as pages and the API do; signed in 2024 unless said otherwise."""
    unit = Unit.objects.get(pk=by.scope.home_unit_ids[0])
    said: dict[str, Any] = {"title": "Bản ghi nhớ hợp tác", "signed_on": date(2024, 3, 18), "valid_to": date(2029, 3, 18), **values}
    agreement = Agreement(kind=AgreementKind.objects.get(code=kind), **said)
    return save_agreement(agreement, by=by, parties=parties or [ours(unit=unit), theirs(partner)])
