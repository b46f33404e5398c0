from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Direction(models.TextChoices):
    IN = "in", _("They came to us")
    OUT = "out", _("We went to them")
    MUTUAL = "mutual", _("Mutual")


class Level(models.IntegerChoices):
    WORKING = 0, _("Working level")
    DEPUTY = 1, _("Deputy or head of department")
    LEADER = 2, _("Leader")


class Sides(models.TextChoices):
    BOTH = "both", _("Both sides took part")
    OURS = "ours", _("Only ours (no answer yet)")
    THEIRS = "theirs", _("Only theirs (not answered yet)")


class ExchangeStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PLANNED = "planned", _("Planned")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


class PointsClass(models.IntegerChoices):
    """The seven classes of M1 whose base points a policy version sets."""

    DELEGATION = 0, _("Delegation or visit")
    EVENT = 1, _("Co-organised event, signing")
    MEETING = 2, _("Meeting in person")
    PROJECT = 3, _("Step of a joint project, aid hand-over")
    ONLINE = 4, _("Online meeting")
    FORUM = 5, _("Contact at a forum, seminar or reception")
    LETTER = 6, _("Letter, call or message")


class ExchangeFamily(models.TextChoices):
    DELEGATION = "delegation", _("Delegations")
    MEETING = "meeting", _("Meetings")
    CONFERENCE = "conference", _("Conferences and forums")
    FRIENDSHIP = "friendship", _("Friendship activities")
    AGREEMENT = "agreement", _("Agreements")
    MESSAGE = "message", _("Letters and messages")
    AID = "aid", _("Aid")
    INTERNAL = "internal", _("Internal")
    DIASPORA = "diaspora", _("Overseas Vietnamese")
    OTHER = "other", _("Other")


class Side(models.TextChoices):
    OURS = "ours", _("Our side")
    THEIRS = "theirs", _("Their side")


class FollowUpState(models.TextChoices):
    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class AgreementFamily(models.TextChoices):
    AGREEMENT = "agreement", _("Agreements")
    MEMORANDUM = "memorandum", _("Memoranda of understanding")
    TWINNING = "twinning", _("Twinning of localities")
    PLAN = "plan", _("Plans and programmes of cooperation")
    MINUTES = "minutes", _("Minutes and letters of intent")


class AgreementLevel(models.TextChoices):
    """Whose agreement it is, as reports list them."""

    CENTRAL = "central", _("Centre")
    PROVINCIAL = "provincial", _("Province")
    COMMUNE = "commune", _("Commune, ward")
    ORGANISATION = "organisation", _("Organisation, association, school")


class AgreementState(models.TextChoices):
    NEGOTIATED = "negotiated", _("Being negotiated")
    SIGNED = "signed", _("Signed")
    ENDED_EARLY = "ended_early", _("Ended early")


class AgreementStanding(models.TextChoices):
    """Where an agreement stands on a day: its state, and its days."""

    NEGOTIATED = "negotiated", _("Being negotiated")
    TO_COME = "to_come", _("Signed, not yet in effect")
    IN_FORCE = "in_force", _("In force")
    ENDED = "ended", _("Run out")
    ENDED_EARLY = "ended_early", _("Ended early")


class CommitmentState(models.TextChoices):
    """What somebody has said of a commitment. Whether it is late or overdue follows from the days."""

    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    DONE = "done", _("Done")
    BROKEN = "broken", _("Broken")
    DROPPED = "dropped", _("Dropped")


class Standing(models.TextChoices):
    """How a commitment stands on a day: what somebody has said of it, and what follows from the days."""

    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    OVERDUE = "overdue", _("Overdue")
    DONE = "done", _("Done in time")
    LATE = "late", _("Done late")
    BROKEN = "broken", _("Broken")
    DROPPED = "dropped", _("Dropped")


class TaskKind(models.TextChoices):
    """What stands after the arrow of a line: a task of ours, or what one side promised the other."""

    FOLLOW_UP = "", _("A follow-up of ours")
    OURS = Side.OURS.value, _("We promised it")
    THEIRS = Side.THEIRS.value, _("They promised it")


class OurRole(models.TextChoices):
    HOST = "host", _("Host")
    CO_HOST = "co_host", _("Co-host")
    PARTICIPANT = "participant", _("Participant")
    OBSERVER = "observer", _("Observer")


class OccasionKind(models.TextChoices):
    NATIONAL_DAY = "national_day", _("National day")
    RELATIONS = "relations", _("Day relations were set up")
    OURS = "ours", _("Day of our own")
    FESTIVAL = "festival", _("Festival")


_LETTER_DIRECTIONS = {Direction.IN: _("They wrote"), Direction.OUT: _("We wrote"), Direction.MUTUAL: _("Letters both ways")}


def directions_of(family: str) -> dict[str, Any]:
    """What the directions are called, by code, for exchanges of a family of kinds: nobody travels to write a letter."""
    return {code.value: _LETTER_DIRECTIONS[code] if family == ExchangeFamily.MESSAGE else code.label for code in Direction}


LEVELS = len(Level)
SIDES_STEPS = 2


def merit_code(points_class: int, level: int, *, one_sided: bool) -> int:
    """Return the small integer (0 to 41) that stands for (class, level, sides) in facts and policy tables."""
    return (points_class * LEVELS + level) * SIDES_STEPS + int(one_sided)
