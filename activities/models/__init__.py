from activities.models.events import Event
from activities.models.exchanges import Attendance, Delegation, Exchange, ExchangeUnit, Participation
from activities.models.follow_ups import FollowUp
from activities.models.kinds import ExchangeKind, Forum

__all__ = ["Attendance", "Delegation", "Event", "Exchange", "ExchangeKind", "ExchangeUnit", "FollowUp", "Forum", "Participation"]
