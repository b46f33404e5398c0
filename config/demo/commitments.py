"""What both sides promised, kept or not: each written down and settled through the actions that pages use."""

from datetime import date, timedelta

from activities.actions.commitments import save_commitment, settle_commitment
from activities.choices import CommitmentState, ExchangeStatus
from activities.models import Commitment, Exchange
from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from config.demo.tables import rows_of
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner

# A promise is of the meeting before it where that is no longer ago than this.
SAME_MEETING = timedelta(days=45)


def make_commitments(known: dict[str, Acquaintance], around: Surroundings) -> None:
    """Make the rows of ``commitments.csv``: ``promised`` counts days back from today, ``due`` and ``settled`` days ahead."""
    for row in rows_of("commitments.csv"):
        author, partner = around.colleagues.by_username[row["username"]], known[row["partner"]].partner
        promised_on = around.today - timedelta(days=int(row["promised"]))
        exchange = _meeting(partner, author, promised_on)
        commitment = Commitment(
            text=row["text"],
            owed_by=row["owed_by"],
            partner=partner,
            exchange=exchange,
            promised_on=exchange.starts_on if exchange else promised_on,
            due_on=around.today + timedelta(days=int(row["due"])),
            unit_id=author.scope.home_unit_ids[0],
            assignee=author,
            is_demo=True,
        )
        save_commitment(commitment, by=author)
        if row["state"] != CommitmentState.OPEN:
            settled_on = around.today + timedelta(days=int(row["settled"])) if row["settled"] else None
            settle_commitment(commitment, by=author, state=row["state"], on=settled_on, proof=row["proof"], reason=row["reason"])


def _meeting(partner: Partner, author: User, day: date) -> Exchange | None:
    """The last meeting with the partner before the day that the author may see."""
    held = Exchange.objects.visible_to(author).live().filter(status=ExchangeStatus.HELD, participations__partner=partner)
    near = held.filter(starts_on__lte=day, starts_on__gt=day - SAME_MEETING).exclude(confidentiality=Confidentiality.RESTRICTED)
    found: Exchange | None = near.order_by("-starts_on", "-id").first()
    return found
