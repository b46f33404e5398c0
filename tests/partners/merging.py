"""A network of two partners that know each other in every way there is, and a dump of all tables to compare."""

import random
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Model

from activities.choices import Level, Side
from activities.models import Attendance, Exchange, ExchangeKind, FollowUp, Participation
from crm.choices import Confidentiality, NameUsage, PairState
from crm.models import Field, Unit, User
from partners.choices import RelationKind, StewardRole
from partners.models import (
    ExternalId,
    Partner,
    PartnerName,
    PartnerPair,
    Person,
    PersonNote,
    PersonPair,
    Post,
    Registration,
    Relation,
    Stewardship,
)
from reports.actions.snapshots import take_snapshots
from tests.factories import make_exchange, make_partner

# Who wrote last, and what tells of the change itself: these may differ after taking back.
MARKS = {"revision", "updated_at", "updated_by_id"}
OF_THE_CHANGE = {"auditevent", "changeset", "changesetentry", "feedentry", "jobrun", "notification"}
APPS = ("crm", "partners", "activities", "reports")
# Computed rows are written anew, with numbers of their own.
COMPUTED = {"engagementsnapshot", "coveragesnapshot", "risksnapshot"}


def dump() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the four apps, but for versions and for what tells of the change."""
    models: list[type[Model]] = [
        model for label in APPS for model in apps.get_app_config(label).get_models(include_auto_created=True) if _is_compared(model)
    ]
    return {model._meta.label: sorted(_values(model, row) for row in model._base_manager.all()) for model in models}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The rows that are not on both sides, by table."""
    return {name: set(before[name]) ^ set(after[name]) for name in before if before[name] != after[name]}


def _is_compared(model: type[Model]) -> bool:
    return not model.__name__.startswith("Historical") and model._meta.model_name not in OF_THE_CHANGE


def _values(model: type[Model], row: Model) -> tuple[Any, ...]:
    left_out = MARKS | ({"id"} if model._meta.model_name in COMPUTED else set())
    return tuple(repr(getattr(row, field.attname)) for field in model._meta.concrete_fields if field.attname not in left_out)


def entangle(by: User, dice: random.Random) -> tuple[Partner, Partner]:
    """Two partners with rows of every kind, some shared, some not; which and how many the dice say."""
    one = make_partner("Hội Hữu nghị Lào - Việt Nam", city="", website="https://lva.example", interests="giáo dục")
    two = make_partner("Hội HN Lào-Việt", city="Viêng Chăn", founded_year=1979, interests="y tế", name_language="vi")
    third, fourth = make_partner("Hội Phụ nữ Lào"), make_partner("Quỹ Mê Kông")
    units = list(Unit.objects.order_by("code")[:6])
    fields = list(Field.objects.order_by("code")[:8])
    for partner in (one, two):
        partner.fields.set(dice.sample(fields, 4))
        _names(partner, dice)
        _keep(partner, units, dice)
        _relate(partner, third, fourth, dice)
        ExternalId.objects.create(partner=partner, unit=units[0], value=f"K{partner.pk}")
        Registration.objects.create(partner=partner, number=f"{partner.pk}/CNV", valid_from=date(2024, 1, 1), created_by=by)
    Relation.objects.create(source=one, target=two, kind=RelationKind.SISTER, created_by=by)
    earlier = make_partner("Hội Lào Việt cũ", archived_at="2026-01-01T00:00:00Z", archived_by=by)
    Partner.objects.filter(pk=earlier.pk).update(merged_into=two)
    _pairs(one, two, third, fourth, by)
    people = _people(one, two, by)
    _exchanges([one, two, third], people, by, dice)
    for partner in (one, two):
        partner.refresh_from_db()
        partner.save()  # Search keys with the names made above.
    return Partner.objects.get(pk=one.pk), Partner.objects.get(pk=two.pk)


def _names(partner: Partner, dice: random.Random) -> None:
    pool = [
        ("LVFA", "en", NameUsage.ACRONYM),
        ("Lao-Vietnam Friendship Association", "en", NameUsage.OFFICIAL),
        ("ສະມາຄົມລາວ", "lo", NameUsage.OFFICIAL),
        ("Ủy ban Đoàn kết", "vi", NameUsage.FORMER),
        ("Hội HN Lào-Việt", "vi", NameUsage.SHORT),
    ]
    for name, language, usage in dice.sample(pool, 3):
        PartnerName.objects.create(partner=partner, name=name, language=language, usage=usage)


def _keep(partner: Partner, units: list[Unit], dice: random.Random) -> None:
    first, second, third = dice.sample(units, 3)
    start = date(2020, 1, 1)
    Stewardship.objects.create(partner=partner, unit=first, role=StewardRole.LEAD, valid_from=start, valid_to=date(2023, 1, 1))
    Stewardship.objects.create(partner=partner, unit=second, role=StewardRole.LEAD, valid_from=date(2023, 1, 1))
    Stewardship.objects.create(partner=partner, unit=third, role=StewardRole.SUPPORT, valid_from=start)


def _relate(partner: Partner, third: Partner, fourth: Partner, dice: random.Random) -> None:
    Relation.objects.create(source=partner, target=third, kind=RelationKind.COOPERATES)
    if dice.random() < 0.5:
        Relation.objects.create(source=fourth, target=partner, kind=RelationKind.FUNDS)
    Relation.objects.create(
        source=partner, target=fourth, kind=RelationKind.PART_OF, valid_from=date(2020, 1, 1), valid_to=date(2021, 1, 1)
    )


def _pairs(one: Partner, two: Partner, third: Partner, fourth: Partner, by: User) -> None:
    PartnerPair.objects.create(first=one, second=two, score=97)
    PartnerPair.objects.create(first=two, second=third, score=80, state=PairState.DIFFERENT, decided_by=by)
    PartnerPair.objects.create(first=one, second=fourth, score=70, state=PairState.LATER)
    PartnerPair.objects.create(first=two, second=fourth, score=75, state=PairState.DIFFERENT, decided_by=by)


def _people(one: Partner, two: Partner, by: User) -> list[Person]:
    people = [Person.objects.create(full_name=name, created_by=by) for name in ("Khamphone Vongsa", "Somsak Keo", "Bounmy")]
    for person, partner in ((people[0], one), (people[0], two), (people[1], two), (people[2], one)):
        Post.objects.create(person=person, partner=partner, title_vi="Chủ tịch", valid_from=date(2024, 1, 1))
    PersonNote.objects.create(person=people[0], text="ăn chay", unit=Unit.objects.order_by("code")[0], created_by=by)
    PersonPair.objects.create(first=people[0], second=people[1], score=60, state=PairState.DIFFERENT)
    return people


def _exchanges(partners: list[Partner], people: list[Person], by: User, dice: random.Random) -> None:
    kinds = list(ExchangeKind.objects.filter(points_class__isnull=False).order_by("code").values_list("code", flat=True))
    delegation: Exchange | None = None
    for number in range(14):
        chosen = dice.sample(partners, dice.choice([1, 1, 2, 3]))
        present = [Attendance(side=Side.THEIRS, person=person, partner=chosen[0]) for person in dice.sample(people, dice.choice([0, 1, 2]))]
        exchange = make_exchange(
            chosen, by=by, on=date(2026, 10, 1) - timedelta(days=37 * number), kind=dice.choice(kinds), level=dice.choice(list(Level)),
            title=f"Gặp gỡ {number}", attendances=present, confidentiality=dice.choice([Confidentiality.UNIT, Confidentiality.NETWORK]),
            parent=delegation if delegation is not None and number % 3 == 0 else None,
        )  # fmt: skip
        delegation = exchange if number % 5 == 0 and exchange.parent_id is None else delegation
        for partner in chosen:
            FollowUp.objects.create(text=f"việc {number}", unit=exchange.host_unit, exchange=exchange, partner=partner, created_by=by)


def store_figures() -> None:
    """The figures of today, anew: what the background does after a commit."""
    from django.utils import timezone

    take_snapshots(timezone.localdate())


def exchanges_of(partner: Partner) -> int:
    return Participation.objects.filter(partner=partner).count()
