from django.db import models
from django.utils.translation import gettext_lazy as _


class CoverageStatus(models.TextChoices):
    """How a country or partner stands against its plan line (M8)."""

    NEVER = "never", _("Never met")
    OVERDUE = "overdue", _("Overdue")
    DUE = "due", _("Due soon")
    PLANNED = "planned", _("Planned")
    COVERED = "covered", _("Covered")
    EXEMPT = "exempt", _("Exempt")


class Band(models.TextChoices):
    """Colour bands of the engagement index: under 20, 40, 60, and from 60 (M2)."""

    COLD = "cold", _("Cold")
    THIN = "thin", _("Thin")
    KEPT = "kept", _("Kept")
    CLOSE = "close", _("Close")


class Silence(models.TextChoices):
    """Why an exchange changes no figure."""

    NOT_HELD = "not_held", _("It is planned: it counts once it is held.")
    RESTRICTED = "restricted", _("Restricted exchanges count in no figure.")
    KIND = "kind", _("This kind of exchange counts for no partner.")
    IN_DELEGATION = "in_delegation", _("It is part of a delegation, which counts already for its partners.")
    LONG_AGO = "long_ago", _("It is so long ago that it no longer counts.")
    ARCHIVED = "archived", _("It is archived, so no figure counts it.")


class Risk(models.IntegerChoices):
    """The reason codes of M6; the value is the bit in a mask of them."""

    SILENT = 1, _("R1 Silent for too long")
    FADING = 2, _("R2 Fading")
    SINGLE_THREAD = 4, _("R3 Hangs on one person")
    PROMISE_OVERDUE = 8, _("R4 A promise of ours is overdue")
    ENDING = 16, _("R5 An agreement or registration ends, and nobody renews it")
    UNANSWERED = 32, _("R6 Our last three contacts were not answered")
    NOT_VERIFIED = 64, _("R7 The profile was not verified for a year")
    RETURN_OWED = 128, _("R8 A return visit is owed for more than two years")


class Alarm(models.TextChoices):
    """What the reason codes add up to: red for R1 or any two, amber for one (M6)."""

    RED = "red", _("At risk")
    AMBER = "amber", _("Watch")


class PeriodKind(models.TextChoices):
    """The periods that reports are for, and units report on."""

    WEEK = "week", _("Week")
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    HALF_YEAR = "half_year", _("Half-year")
    YEAR = "year", _("Year")
    TERM = "term", _("Term")
    OTHER = "other", _("Other period")


class Reporting(models.TextChoices):
    """What is known of a unit for a period (M9): no contact, which it declares, and no report are different things."""

    REPORTED = "reported", _("Reported")
    DECLARED = "declared", _("Nothing to report")
    SILENT = "silent", _("No report")


class Axis(models.TextChoices):
    """What the columns of the coverage matrix are."""

    QUARTER = "quarter", _("Quarter")
    FIELD = "field", _("Field of cooperation")
    PROVINCE = "province", _("Province")
    PARTNER_KIND = "partner_kind", _("Kind of partner")


class CellMark(models.TextChoices):
    """How a cell of the coverage matrix stands: what was done against what is asked, or whether there was any contact."""

    COVERED = "covered", _("As many as asked, or more")
    PARTLY = "partly", _("Some, fewer than asked")
    NONE = "none", _("None")
    OVERDUE = "overdue", _("None, and the days asked have passed")
    NO_DATA = "no_data", _("No data: nothing is on record, or the province's union has not reported")
    NOT_ASKED = "not_asked", _("Nothing asked, no contact; or exempt")
    CONTACT = "contact", _("Contact, no number asked")


class GapKind(models.TextChoices):
    """Why a country, or a target of the plan, is a gap; the worst first."""

    NEVER = "never", _("Never met")
    OVERDUE = "overdue", _("Overdue")
    TARGET = "target", _("Target missed")
    DUE = "due", _("Due soon")


class Step(models.TextChoices):
    """What may be done next about a gap, in the order in which it is proposed: the first that something speaks for."""

    INTRODUCTION = "introduction", _("Find a first partner")
    RETURN_VISIT = "return_visit", _("Return a visit")
    RENEWAL = "renewal", _("Renew an agreement")
    EVENT = "event", _("Meet at an event")
    OCCASION = "occasion", _("Use an occasion")
    CONTACT = "contact", _("Arrange a meeting")


class DraftState(models.TextChoices):
    """Where a draft of a policy version stands."""

    DRAFT = "draft", _("Being written")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Sent back")


class ActionState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    UNDER_WAY = "under_way", _("Under way")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class FileFormat(models.TextChoices):
    DOCX = "docx", _("Word")
    XLSX = "xlsx", _("Excel")


class Outcome(models.TextChoices):
    """What had become of a commitment by a day (M7)."""

    ON_TIME = "on_time", _("Kept on time")
    LATE = "late", _("Kept late")
    OVERDUE = "overdue", _("Overdue")
    BROKEN = "broken", _("Broken")


class Since(models.TextChoices):
    """What became of a record since the day as known on which figures are asked for."""

    ENTERED = "entered", _("Entered since")
    CHANGED = "changed", _("Changed since")
    ARCHIVED = "archived", _("Archived since")
    RESTORED = "restored", _("Brought back since")
    MERGED = "merged", _("Merged since")


class PlanStanding(models.TextChoices):
    """How far a line of the yearly plan is, against the share of the year that has passed."""

    BEHIND = "behind", _("Behind")
    ON_TRACK = "on_track", _("On track")
    ATTAINED = "attained", _("Target reached")
    NOT_BEGUN = "not_begun", _("Not begun")
    EXEMPT = "exempt", _("Exempt")
