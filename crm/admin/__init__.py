"""The plain admin of this app: reference data for the secretariat, accounts for the administrator."""

from crm.admin.accounts import AuditEventAdmin, MembershipAdmin, OfficeClientAdmin, UserAdmin
from crm.admin.places import CountryAdmin, ProvinceAdmin, ProvinceSuccessionAdmin
from crm.admin.subjects import FieldAdmin, PolicyDocumentAdmin
from crm.admin.tiers import TierAdmin, TierMembershipAdmin
from crm.admin.units import UnitAdmin, UnitSuccessionAdmin

__all__ = [
    "AuditEventAdmin",
    "CountryAdmin",
    "FieldAdmin",
    "MembershipAdmin",
    "OfficeClientAdmin",
    "PolicyDocumentAdmin",
    "ProvinceAdmin",
    "ProvinceSuccessionAdmin",
    "TierAdmin",
    "TierMembershipAdmin",
    "UnitAdmin",
    "UnitSuccessionAdmin",
    "UserAdmin",
]
