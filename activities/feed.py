"""What the change feed tells of exchanges, follow-ups, agreements and commitments."""

from activities.models import (
    Agreement,
    AgreementParty,
    Attendance,
    Commitment,
    Delegation,
    Exchange,
    ExchangeUnit,
    FollowUp,
    Participation,
)
from crm.choices import FeedNoun
from crm.feed import Part, register_feed_noun
from crm.permissions import Permission

register_feed_noun(
    FeedNoun.EXCHANGE,
    Exchange,
    permission=Permission.EXCHANGE_VIEW,
    level="confidentiality",
    unit="host_unit",
    parts=(
        Part(Participation, "exchange"),
        Part(ExchangeUnit, "exchange", unit="unit"),
        Part(Attendance, "exchange"),
        Part(Delegation, "exchange"),
        Part(Exchange.fields.through, "exchange"),
        Part(Exchange.provinces.through, "exchange"),
    ),
)
register_feed_noun(
    FeedNoun.AGREEMENT,
    Agreement,
    permission=Permission.AGREEMENT_VIEW,
    level="confidentiality",
    unit="unit",
    parts=(Part(AgreementParty, "agreement", unit="unit"), Part(Agreement.fields.through, "agreement")),
)
for noun, model, permission in (
    (FeedNoun.FOLLOW_UP, FollowUp, Permission.FOLLOW_UP_VIEW),
    (FeedNoun.COMMITMENT, Commitment, Permission.COMMITMENT_VIEW),
):
    register_feed_noun(noun, model, permission=permission, level="confidentiality", unit="unit", user="assignee")
