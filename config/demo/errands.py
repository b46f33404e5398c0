"""Follow-ups about a partner that come from no exchange, so that every desk has something to do today."""

from datetime import timedelta

from activities.actions.follow_ups import save_follow_up
from activities.models import FollowUp
from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from config.demo.tables import rows_of


def make_errands(known: dict[str, Acquaintance], around: Surroundings) -> None:
    """Open the follow-ups of ``errands.csv``; ``due`` counts days from today."""
    for row in rows_of("errands.csv"):
        colleague = around.colleagues.by_username[row["username"]]
        errand = FollowUp(
            text=row["text"],
            due_on=around.today + timedelta(days=int(row["due"])),
            partner=known[row["partner"]].partner,
            assignee=colleague,
            is_demo=True,
        )
        save_follow_up(errand, by=colleague)
