from crm.models.audit import AuditEvent
from crm.models.imports import ImportJob
from crm.models.offices import OfficeClient
from crm.models.places import Country, CountryKind, CountryName, Province, ProvinceCode, ProvinceKind, ProvinceName, ProvinceSuccession
from crm.models.subjects import Field, PolicyDocument
from crm.models.tiers import Tier, TierMembership
from crm.models.units import Unit, UnitSuccession
from crm.models.users import Membership, User

__all__ = [
    "AuditEvent",
    "Country",
    "CountryKind",
    "CountryName",
    "Field",
    "ImportJob",
    "Membership",
    "OfficeClient",
    "PolicyDocument",
    "Province",
    "ProvinceCode",
    "ProvinceKind",
    "ProvinceName",
    "ProvinceSuccession",
    "Tier",
    "TierMembership",
    "Unit",
    "UnitSuccession",
    "User",
]
