"""Rows for tests, said briefly. Everything is invented."""

from datetime import date
from typing import Any

from activities.actions.exchanges import log_exchange
from activities.choices import Level, Sides
from activities.models import Exchange, ExchangeKind
from crm.choices import Confidence, Role
from crm.models import Country, Membership, Unit, User
from partners.choices import StewardRole
from partners.models import Partner, PartnerKind, Stewardship

PASSWORD = "cau-noi-nhip-2026"


def make_unit(code: str, **values: Any) -> Unit:
    """Make a unit below the centre, or return the reference unit of that code."""
    existing = Unit.objects.filter(code=code).first()
    if existing:
        return existing
    centre = Unit.objects.filter(code="VUFO").first()
    defaults = {"name_vi": code, "name_en": code, "kind": "provincial_union", "parent": centre, "confidence": Confidence.HIGH}
    return Unit.objects.create(code=code, **{**defaults, **values})


def make_user(username: str, *, unit: Unit | None = None, role: Role = Role.OFFICER, **values: Any) -> User:
    """Make an account with one role in one unit."""
    user = User(username=username, full_name=values.pop("full_name", username.title()), **values)
    user.set_password(PASSWORD)
    user.save()
    if unit is not None:
        Membership.objects.create(user=user, unit=unit, role=role)
    return user


def make_partner(name: str = "Hội Hữu nghị Lào - Việt", *, country: str | None = "LA", kind: str | None = None, **values: Any) -> Partner:
    """Make a partner straight in the table, without the registering action."""
    chosen = PartnerKind.objects.get(code=kind) if kind else PartnerKind.objects.order_by("order", "id")[0]
    home = Country.objects.get(alpha2=country) if country else None
    return Partner.objects.create(name=name, kind=chosen, country=home, **values)


def make_steward(partner: Partner, unit: Unit, *, officer: User | None = None) -> Stewardship:
    return Stewardship.objects.create(partner=partner, unit=unit, officer=officer, role=StewardRole.LEAD)


def make_exchange(
    partners: Partner | list[Partner],
    *,
    by: User,
    on: date,
    kind: str = "WORKING_MEETING",
    level: int = Level.WORKING,
    sides: str = Sides.BOTH,
    **values: Any,
) -> Exchange:
    """Log an exchange through the action, as pages and the API do."""
    exchange = Exchange(kind=ExchangeKind.objects.get(code=kind), starts_on=on, level=level, sides=sides)
    related = {name: values.pop(name) for name in ("fields", "provinces", "co_units", "attendances", "follow_up") if name in values}
    for name, value in values.items():
        setattr(exchange, name, value)
    return log_exchange(exchange, by=by, partners=partners if isinstance(partners, list) else [partners], **related)
