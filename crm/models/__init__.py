from crm.models.audit import AuditEvent
from crm.models.change_sets import ChangeSet, ChangeSetEntry
from crm.models.feed import FeedEntry, FeedState
from crm.models.imports import ColumnMapping, ImportJob
from crm.models.job_runs import JobRun
from crm.models.notifications import Notification
from crm.models.offices import OfficeClient
from crm.models.places import Country, CountryKind, CountryName, Province, ProvinceCode, ProvinceKind, ProvinceName, ProvinceSuccession
from crm.models.pushes import OfficePush, PushJob
from crm.models.saved_views import SavedView, ViewPin, ViewSubscription
from crm.models.stored_answers import StoredAnswer
from crm.models.subjects import Field, PolicyDocument
from crm.models.tiers import Tier, TierMembership
from crm.models.units import Unit, UnitSuccession
from crm.models.users import Membership, User
from crm.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from crm.models.workbooks import WorkbookUpload

__all__ = [
    "AuditEvent",
    "ChangeSet",
    "ChangeSetEntry",
    "ColumnMapping",
    "Country",
    "CountryKind",
    "CountryName",
    "FeedEntry",
    "FeedState",
    "Field",
    "ImportJob",
    "JobRun",
    "Membership",
    "Notification",
    "OfficeClient",
    "OfficePush",
    "PolicyDocument",
    "Province",
    "ProvinceCode",
    "ProvinceKind",
    "ProvinceName",
    "ProvinceSuccession",
    "PushJob",
    "SavedView",
    "StoredAnswer",
    "Tier",
    "TierMembership",
    "Unit",
    "UnitSuccession",
    "User",
    "ViewPin",
    "ViewSubscription",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkbookUpload",
]
