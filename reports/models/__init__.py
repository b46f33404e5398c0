from reports.models.action_items import ActionItem
from reports.models.contacts import CountryContact, ProvinceContact
from reports.models.declarations import NothingToReport
from reports.models.digests import DigestSubscription, WeeklyDigest
from reports.models.periodic_reports import IssuedFile, IssuedReport, PeriodicReport, ReportSection, ReportTemplate
from reports.models.plans import PlanLine
from reports.models.policies import PolicyCadence, PolicyPoints, PolicySensitivity, PolicyVersion, PolicyWeight
from reports.models.policy_drafts import PolicyDraft
from reports.models.snapshots import CoverageSnapshot, EngagementSnapshot, RiskSnapshot

__all__ = [
    "ActionItem",
    "CountryContact",
    "CoverageSnapshot",
    "DigestSubscription",
    "EngagementSnapshot",
    "IssuedFile",
    "IssuedReport",
    "NothingToReport",
    "PeriodicReport",
    "PlanLine",
    "PolicyCadence",
    "PolicyDraft",
    "PolicyPoints",
    "PolicySensitivity",
    "PolicyVersion",
    "PolicyWeight",
    "ProvinceContact",
    "ReportSection",
    "ReportTemplate",
    "RiskSnapshot",
    "WeeklyDigest",
]
