"""Making one exchange from a template: where, at which level, held by whom, who was there."""

import random
from datetime import date

from activities.choices import ExchangeStatus, Side
from activities.models import Attendance, Exchange
from config.demo.directory import Acquaintance
from config.demo.entries import Entry
from config.demo.surroundings import Surroundings
from config.demo.wording import Template, phrase
from crm.choices import Confidentiality
from crm.models import Province, Unit, User
from partners.models import Person

LED_BY_THE_LEAD, HELD_TOGETHER, WITH_DIRECTIVE, WITH_NAMES, FOR_THE_NETWORK = 0.68, 0.18, 0.12, 0.55, 0.45
EVEN_LEVELS = [6, 3, 1]


def write_up(acquaintance: Acquaintance, template: Template, day: date, lot: random.Random, around: Surroundings) -> Entry:
    """Return a held exchange of the kind on the day, still unsaved."""
    unit = _host(acquaintance, lot)
    author = around.colleagues.of(unit)
    fields = lot.sample(acquaintance.fields, min(len(acquaintance.fields), lot.randint(1, 2)))
    province = around.province_of(unit, day)
    exchange = Exchange(
        kind=around.kinds[template["kind"]],
        starts_on=day,
        direction=template["direction"],
        level=lot.choices([0, 1, 2], weights=template.get("levels", EVEN_LEVELS))[0],
        status=ExchangeStatus.HELD,
        host_unit=unit,
        people_count=lot.randint(*template["people"]) if "people" in template else None,
        policy_document=around.directive if lot.random() < WITH_DIRECTIVE else None,
        confidentiality=Confidentiality.NETWORK if lot.random() < FOR_THE_NETWORK else Confidentiality.UNIT,
        is_demo=True,
    )
    for name, texts in (("title", "titles"), ("summary", "summaries"), ("outcome", "outcomes")):
        setattr(exchange, name, phrase(lot.choice(template[texts]), acquaintance, unit, fields, province.name_vi))
    provinces = _place(exchange, template["place"], acquaintance, province, around)
    together = [other for other in [acquaintance.lead, *acquaintance.support] if other != unit]
    return Entry(
        exchange=exchange,
        author=author,
        partners=[acquaintance.partner],
        fields=fields,
        provinces=provinces,
        co_units=together[:1] if "people" in template and together and lot.random() < HELD_TOGETHER else [],
        attendances=_present(acquaintance, author, lot) if "people" in template and lot.random() < WITH_NAMES else [],
    )


def _host(acquaintance: Acquaintance, lot: random.Random) -> Unit:
    if not acquaintance.support or lot.random() < LED_BY_THE_LEAD:
        return acquaintance.lead
    return lot.choice(acquaintance.support)


def _place(exchange: Exchange, where: str, acquaintance: Acquaintance, province: Province, around: Surroundings) -> list[Province]:
    """Set place and country, and return the provinces of ours that it touched."""
    if where == "ours":
        exchange.place, exchange.country = province.name_vi, around.countries["VN"]
        return [province]
    if where == "theirs":
        exchange.place, exchange.country = acquaintance.partner.city, acquaintance.partner.country
    return []


def _present(acquaintance: Acquaintance, author: User, lot: random.Random) -> list[Attendance]:
    theirs = [_guest(person, acquaintance) for person in lot.sample(acquaintance.people, min(len(acquaintance.people), lot.randint(1, 2)))]
    return [*theirs, Attendance(side=Side.OURS, user=author)]


def _guest(person: Person, acquaintance: Acquaintance) -> Attendance:
    post = next(iter(person.posts.all()), None)
    return Attendance(side=Side.THEIRS, person=person, partner=acquaintance.partner, title=post.title_vi if post else "")
