"""One exchange of the demonstration, with everything that hangs on it, before it is written."""

from dataclasses import dataclass, field

from activities.models import Attendance, Delegation, Exchange, FollowUp
from crm.models import Field, Province, Unit, User
from partners.models import Partner


@dataclass
class Entry:
    """What ``log_exchange`` would be given. ``part_of``: the delegation that it is a part of."""

    exchange: Exchange
    author: User
    partners: list[Partner]
    fields: list[Field] = field(default_factory=list)
    provinces: list[Province] = field(default_factory=list)
    co_units: list[Unit] = field(default_factory=list)
    attendances: list[Attendance] = field(default_factory=list)
    follow_up: FollowUp | None = None
    delegation: Delegation | None = None
    part_of: "Entry | None" = None
