from activities.models.agreements import Agreement, AgreementKind, AgreementParty
from activities.models.calendars import CalendarFeed
from activities.models.commitments import Commitment
from activities.models.drafts import ExchangeDraft
from activities.models.events import Event
from activities.models.exchanges import Attendance, Delegation, Exchange, ExchangeUnit, Participation
from activities.models.external_ids import ExternalExchangeId
from activities.models.follow_ups import FollowUp
from activities.models.kinds import ExchangeKind, Forum
from activities.models.occasions import Occasion

__all__ = [
    "Agreement",
    "AgreementKind",
    "AgreementParty",
    "Attendance",
    "CalendarFeed",
    "Commitment",
    "Delegation",
    "Event",
    "Exchange",
    "ExchangeDraft",
    "ExchangeKind",
    "ExchangeUnit",
    "ExternalExchangeId",
    "FollowUp",
    "Forum",
    "Occasion",
    "Participation",
]
