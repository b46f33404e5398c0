"""Filling the words of a template, and the follow-up that an exchange leaves behind."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from activities.choices import FollowUpState
from activities.models import FollowUp
from config.demo.directory import Acquaintance
from config.demo.entries import Entry
from crm.models import Field, Unit

Template = dict[str, Any]

FOLLOWED_UP, DONE, DROPPED = 0.3, 0.8, 0.05
NEVER_SO_LATE = timedelta(days=150)


def phrase(text: str, acquaintance: Acquaintance, unit: Unit, fields: Sequence[Field], province: str) -> str:
    """Fill a text of ``exchanges.toml`` and begin it with a capital."""
    label = fields[0].label_vi if fields else "hợp tác nhân dân"
    filled = text.format(partner=acquaintance.partner.name, unit=unit.display, field=label[:1].lower() + label[1:], province=province)
    return filled[:1].upper() + filled[1:]


def follow_up_of(entry: Entry, template: Template, lot: random.Random, today: date) -> FollowUp | None:
    """What is left to do after some of the exchanges: of the old ones mostly done, of the recent ones still open."""
    exchange = entry.exchange
    if not template.get("follow_ups") or lot.random() > FOLLOWED_UP:
        return None
    due_on = exchange.starts_on + timedelta(days=lot.randint(10, 45))
    follow_up = FollowUp(
        text=lot.choice(template["follow_ups"]).format(partner=entry.partners[0].name),
        due_on=due_on,
        unit=exchange.host_unit,
        assignee=entry.author,
        partner=entry.partners[0],
        confidentiality=exchange.confidentiality,
        is_demo=True,
    )
    fate = lot.random()
    if due_on < today and (fate < DONE + DROPPED or due_on < today - NEVER_SO_LATE):
        follow_up.state = FollowUpState.DROPPED if DONE < fate < DONE + DROPPED else FollowUpState.DONE
        closed_on = due_on - timedelta(days=lot.randint(0, 9))
        follow_up.closed_at = timezone.make_aware(datetime.combine(closed_on, time(15, 30)))
    return follow_up
