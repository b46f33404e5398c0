"""The reference files of this app and how they fill its tables; see docs/reference-data.md."""

from crm.reference.places import PLACES
from crm.reference.subjects import SUBJECTS
from crm.reference.tiers import TIERS
from crm.reference.units import UNITS

TABLES = (*PLACES, *TIERS, *SUBJECTS, *UNITS)

__all__ = ["TABLES"]
