from crm.models.audit import AuditEvent
from crm.models.change_sets import ChangeSet, ChangeSetEntry
from crm.models.imports import ColumnMapping, ImportJob
from crm.models.job_runs import JobRun
from crm.models.notifications import Notification
from crm.models.offices import OfficeClient
from crm.models.places import Country, CountryKind, CountryName, Province, ProvinceCode, ProvinceKind, ProvinceName, ProvinceSuccession
from crm.models.saved_views import SavedView, ViewPin, ViewSubscription
from crm.models.subjects import Field, PolicyDocument
from crm.models.tiers import Tier, TierMembership
from crm.models.units import Unit, UnitSuccession
from crm.models.users import Membership, User

__all__ = [
    "AuditEvent",
    "ChangeSet",
    "ChangeSetEntry",
    "ColumnMapping",
    "Country",
    "CountryKind",
    "CountryName",
    "Field",
    "ImportJob",
    "JobRun",
    "Membership",
    "Notification",
    "OfficeClient",
    "PolicyDocument",
    "Province",
    "ProvinceCode",
    "ProvinceKind",
    "ProvinceName",
    "ProvinceSuccession",
    "SavedView",
    "Tier",
    "TierMembership",
    "Unit",
    "UnitSuccession",
    "User",
    "ViewPin",
    "ViewSubscription",
]
