"""The closed lists that code asks about. Lists that staff may edit are tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitKind(models.TextChoices):
    CENTRE = "centre", _("Centre")
    DEPARTMENT = "department", _("Department of the centre")
    ASSOCIATION = "association", _("Member association")
    PROVINCIAL_UNION = "provincial_union", _("Provincial union")
    CHAPTER = "chapter", _("Chapter")
    CLUSTER = "cluster", _("Cluster")


# Members of these units work for the whole network, not only for their own branch of the tree.
CENTRAL_UNIT_KINDS = frozenset({UnitKind.CENTRE, UnitKind.DEPARTMENT})


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    OFFICER = "officer", _("Officer")
    UNIT_LEAD = "unit_lead", _("Unit lead")
    SECRETARIAT = "secretariat", _("Secretariat")
    NGO_OFFICER = "ngo_officer", _("NGO officer")
    ADMINISTRATOR = "administrator", _("Administrator")


class Confidentiality(models.TextChoices):
    NETWORK = "network", _("Whole network")
    UNIT = "unit", _("Own unit and the centre")
    RESTRICTED = "restricted", _("Restricted")


class Confidence(models.TextChoices):
    HIGH = "high", _("High: read in a good source")
    MEDIUM = "medium", _("Medium: partly read")
    LOW = "low", _("Low: to be confirmed")


class DatePrecision(models.TextChoices):
    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")
    NONE = "none", _("Not known")


class Language(models.TextChoices):
    VIETNAMESE = "vi", _("Vietnamese")
    ENGLISH = "en", _("English")
    RUSSIAN = "ru", _("Russian")
    CHINESE = "zh", _("Chinese")
    LAO = "lo", _("Lao")
    KHMER = "km", _("Khmer")
    THAI = "th", _("Thai")
    FRENCH = "fr", _("French")
    SPANISH = "es", _("Spanish")
    JAPANESE = "ja", _("Japanese")
    KOREAN = "ko", _("Korean")
    INDONESIAN = "id", _("Indonesian")
    MALAY = "ms", _("Malay")
    TAGALOG = "tl", _("Tagalog")
    BURMESE = "my", _("Burmese")
    PORTUGUESE = "pt", _("Portuguese")
    GERMAN = "de", _("German")
    ARABIC = "ar", _("Arabic")
    OTHER = "und", _("Other language")


class NameUsage(models.TextChoices):
    OFFICIAL = "official", _("Official name")
    SHORT = "short", _("Short name")
    ACRONYM = "acronym", _("Acronym")
    FORMER = "former", _("Former name")
    OTHER = "other", _("Other name")


class AuditVerb(models.TextChoices):
    SIGNED_IN = "signed_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("failed to sign in")
    SIGNED_OUT = "signed_out", _("signed out")
    READ_RESTRICTED = "read_restricted", _("read a restricted record")
    EXPORTED = "exported", _("exported")
    IMPORTED = "imported", _("imported")
    ARCHIVED = "archived", _("archived")
    RESTORED = "restored", _("restored")
    CONFIRMED = "confirmed", _("confirmed reference data")
    CHANGED_MANY = "changed_many", _("changed many records at once")
    UNDONE = "undone", _("took a change set back")
    MERGED = "merged", _("merged")
    HANDED_OVER = "handed_over", _("handed over")
    FEED_MADE = "feed_made", _("made a calendar address")
    FEED_REVOKED = "feed_revoked", _("revoked a calendar address")
    APPROVED = "approved", _("approved a policy version")
    ISSUED = "issued", _("issued a report")
    CREDENTIAL_MADE = "credential_made", _("made a credential")
    CREDENTIAL_ROTATED = "credential_rotated", _("renewed the secret of a credential")
    CREDENTIAL_REVOKED = "credential_revoked", _("revoked a credential")
    WEBHOOK_MADE = "webhook_made", _("made a webhook")
    WEBHOOK_ROTATED = "webhook_rotated", _("renewed the secret of a webhook")
    WEBHOOK_PAUSED = "webhook_paused", _("paused a webhook")
    WEBHOOK_RESUMED = "webhook_resumed", _("let a webhook go on")
    WEBHOOK_DISABLED = "webhook_disabled", _("switched a webhook off")
    WEBHOOK_REPLAYED = "webhook_replayed", _("sent messages of a webhook again")
    BRIEFED = "briefed", _("took a briefing")


class ImportNoun(models.TextChoices):
    PARTNERS = "partners", _("Partners")
    PEOPLE = "people", _("People")
    AGREEMENTS = "agreements", _("Agreements")
    PROMISES = "promises", _("Commitments")


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded: columns to be mapped")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked: ready to apply")
    RUNNING = "running", _("Being applied")
    DONE = "done", _("Applied")
    FAILED = "failed", _("Failed")


class ChangeKind(models.TextChoices):
    """What a change set is."""

    IMPORT = "import", _("Import")
    BULK_EDIT = "bulk_edit", _("Bulk edit")
    MERGE = "merge", _("Merge")
    HAND_OVER = "hand_over", _("Hand-over")
    PLAN = "plan", _("Yearly plan")
    ACTIONS = "actions", _("Action plan")
    WORKBOOK = "workbook", _("Offline workbook")


class ChangeState(models.TextChoices):
    PREVIEW = "preview", _("Preview: nothing changed yet")
    RUNNING = "running", _("Being applied")
    APPLIED = "applied", _("Applied")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")


class ChangeAction(models.TextChoices):
    CREATED = "created", _("made")
    CHANGED = "changed", _("changed")
    REMOVED = "removed", _("removed")


class ViewAudience(models.TextChoices):
    PRIVATE = "private", _("Only me")
    UNIT = "unit", _("My unit")
    EVERYONE = "everyone", _("Everyone")


class NotificationTopic(models.TextChoices):
    FOLLOW_UP = "follow_up", _("Follow-ups")
    OCCASION = "occasion", _("Occasions")
    VIEW = "view", _("Subscribed views")
    TIDY_UP = "tidy_up", _("Exchanges to complete")
    EXCHANGE = "exchange", _("Exchanges of my unit")
    DUPLICATE = "duplicate", _("Likely duplicates")
    HAND_OVER = "hand_over", _("Hand-overs")
    JOB = "job", _("Imports and bulk edits")
    AGREEMENT = "agreement", _("Agreements ending")
    COMMITMENT = "commitment", _("Commitments")
    DIGEST = "digest", _("Weekly digest of the secretariat")
    POLICY = "policy", _("Policy versions")
    REPORT = "report", _("Periodic reports")
    CONNECTION = "connection", _("Connections of programs")
    PROPOSAL = "proposal", _("Change proposals")


class DigestRhythm(models.TextChoices):
    """How often unread notifications are mailed."""

    NEVER = "never", _("Never")
    DAILY = "daily", _("Every working day")
    WEEKLY = "weekly", _("Every Monday")


class PairState(models.TextChoices):
    """What somebody said of two records that may be the same."""

    OPEN = "open", _("To be looked at")
    LATER = "later", _("Later")
    ASKED = "asked", _("Asked those who keep them")
    DIFFERENT = "different", _("Not the same")
    MERGED = "merged", _("Merged")


class JobState(models.TextChoices):
    """Where a piece of background work stands."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class FeedNoun(models.TextChoices):
    """What the change feed tells of."""

    PARTNER = "partner", _("Partner")
    PERSON = "person", _("Person")
    POST = "post", _("Post")
    EXCHANGE = "exchange", _("Exchange")
    FOLLOW_UP = "follow-up", _("Follow-up")
    AGREEMENT = "agreement", _("Agreement")
    COMMITMENT = "commitment", _("Commitment")


class PushKind(models.TextChoices):
    """By which address an office's program wrote."""

    SINGLE = "single", _("One record")
    BATCH = "batch", _("Batch")
    JOB = "job", _("File")


class EndpointState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Switched off")


class EndpointStop(models.TextChoices):
    """Why a webhook is switched off."""

    BY_HAND = "by-hand", _("Somebody switched it off.")
    GONE = "gone", _("Its receiver says that it is gone for good (410).")
    FAILING = "failing", _("Its receiver has taken nothing for three days.")
    CREDENTIAL = "credential", _("Its credential was revoked or has expired.")
    SECRET = "secret", _("Its secret can no longer be read. Give it a new one.")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    GIVEN_UP = "given_up", _("Given up")
