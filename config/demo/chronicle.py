"""Three years of invented exchanges with every partner, and some still to come."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from activities.choices import Direction, ExchangeStatus, Sides
from activities.models import Delegation
from config.demo.directory import Acquaintance
from config.demo.entries import Entry
from config.demo.surroundings import Surroundings
from config.demo.tables import document
from config.demo.wording import Template, follow_up_of, phrase
from config.demo.writing_up import write_up
from crm.choices import Confidentiality

THREE_YEARS = 1090
OFTEN_MET = 9
CANCELLED, RESTRICTED, DRAFTS_FROM, PLANNED = 0.03, 0.02, 10, 0.7
LETTERS = {"CONGRATULATION", "LETTER_EXCHANGE"}
DELEGATIONS = {"DELEGATION_IN", "DELEGATION_OUT"}
SATURDAY = 5


def chronicle_of(acquaintance: Acquaintance, around: Surroundings) -> Iterator[Entry]:
    """Yield the exchanges with one partner: those of three years, then a draft and a planned one for the closest."""
    lot = acquaintance.lot("exchanges")
    templates = _fitting(acquaintance)
    left = acquaintance.exchanges
    while left > 0:
        template = lot.choices(templates, weights=[template["weight"] for template in templates])[0]
        entry = _held(acquaintance, template, _past_day(lot, around.today), lot, around)
        yield entry
        left -= 1
        if template["kind"] in DELEGATIONS and entry.exchange.status == ExchangeStatus.HELD:
            for part in _parts(acquaintance, entry, min(left, lot.randint(1, 3)), lot, around):
                yield part
                left -= 1
    if acquaintance.exchanges >= DRAFTS_FROM and lot.random() < PLANNED:
        yield _draft(acquaintance, templates, lot, around)
    if acquaintance.exchanges >= OFTEN_MET and lot.random() < PLANNED:
        yield _planned(acquaintance, templates, lot, around)


def _fitting(acquaintance: Acquaintance) -> list[Template]:
    every = document("exchanges.toml")["template"]
    return [template for template in every if acquaintance.family in template.get("families", [acquaintance.family])]


def _past_day(lot: random.Random, today: date) -> date:
    """A working day of the last three years, the recent ones more often."""
    day = today - timedelta(days=1 + int(THREE_YEARS * lot.random() ** 1.25))
    return day - timedelta(days=2) if day.weekday() >= SATURDAY else day


def _held(acquaintance: Acquaintance, template: Template, day: date, lot: random.Random, around: Surroundings) -> Entry:
    entry = write_up(acquaintance, template, day, lot, around)
    exchange = entry.exchange
    if template["kind"] in LETTERS:
        exchange.sides = lot.choices([Sides.BOTH, Sides.OURS, Sides.THEIRS], weights=[5, 4, 2])[0]
    if template["kind"] in DELEGATIONS:
        last = min(day + timedelta(days=lot.randint(*template["days"]) - 1), around.today - timedelta(days=1))
        exchange.ends_on = last if last > day else None
        entry.delegation = _delegation(entry, lot)
    if lot.random() < CANCELLED:
        exchange.status, exchange.outcome = ExchangeStatus.CANCELLED, "Hoãn theo đề nghị của bạn; sẽ bố trí lại."
        entry.attendances = []
    elif lot.random() < RESTRICTED:
        _restrict(entry, acquaintance, around)
    else:
        entry.follow_up = follow_up_of(entry, template, lot, around.today)
    return entry


def _delegation(entry: Entry, lot: random.Random) -> Delegation:
    guest_head = entry.exchange.direction == Direction.IN and entry.attendances
    return Delegation(
        head=str(entry.attendances[0]) if guest_head else str(entry.author),
        decision_number=f"{lot.randint(12, 480)}/QĐ-MH",
        decided_on=entry.exchange.starts_on - timedelta(days=lot.randint(15, 40)),
        programme="Ngày đầu: hội đàm. Các ngày sau: thăm cơ sở, giao lưu nhân dân, chào từ biệt.",
        gifts_given="Tranh thêu; sách ảnh Việt Nam",
        gifts_received=lot.choice(["Khăn dệt tay", "Đĩa gốm lưu niệm", "Tượng gỗ nhỏ", ""]),
        budget_vnd=lot.randint(40, 600) * 1_000_000,
    )


def _restrict(entry: Entry, acquaintance: Acquaintance, around: Surroundings) -> None:
    exchange = entry.exchange
    exchange.confidentiality = Confidentiality.RESTRICTED
    exchange.title = f"Trao đổi riêng với {acquaintance.partner.name}"
    exchange.summary = "Nội dung hạn chế: chỉ người có thẩm quyền được đọc, mỗi lần đọc đều được ghi lại."
    exchange.outcome = ""
    entry.author = around.colleagues.secretariat


def _parts(acquaintance: Acquaintance, whole: Entry, count: int, lot: random.Random, around: Surroundings) -> Iterator[Entry]:
    """The meetings inside a delegation; figures do not count them again."""
    delegation = whole.exchange
    last = (delegation.ends_on - delegation.starts_on).days if delegation.ends_on else 0
    for template in lot.sample(document("exchanges.toml")["part"], count):
        day = delegation.starts_on + timedelta(days=lot.randint(0, last))
        part = write_up(acquaintance, {**template, "direction": delegation.direction, "place": "ours"}, day, lot, around)
        exchange = part.exchange
        exchange.level, exchange.host_unit, exchange.confidentiality = delegation.level, delegation.host_unit, delegation.confidentiality
        exchange.place, exchange.country = delegation.place, delegation.country
        part.author, part.part_of, part.provinces, part.co_units = whole.author, whole, whole.provinces, []
        yield part


def _draft(acquaintance: Acquaintance, templates: list[Template], lot: random.Random, around: Surroundings) -> Entry:
    template = lot.choice([template for template in templates if template["kind"] not in DELEGATIONS])
    entry = write_up(acquaintance, template, around.today - timedelta(days=lot.randint(0, 4)), lot, around)
    entry.exchange.status, entry.exchange.summary, entry.exchange.outcome = ExchangeStatus.DRAFT, "", ""
    return entry


def _planned(acquaintance: Acquaintance, templates: list[Template], lot: random.Random, around: Surroundings) -> Entry:
    template = lot.choice([template for template in templates if template["kind"] not in LETTERS])
    day = around.today + timedelta(days=lot.randint(4, 110))
    entry = write_up(acquaintance, template, day, lot, around)
    exchange = entry.exchange
    exchange.status, exchange.outcome, entry.attendances = ExchangeStatus.PLANNED, "", []
    exchange.summary = phrase("Dự kiến nội dung: {field}.", acquaintance, exchange.host_unit, entry.fields, "")
    if template["kind"] in DELEGATIONS:
        exchange.ends_on = day + timedelta(days=template["days"][0])
    return entry
