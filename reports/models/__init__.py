from reports.models.plans import PlanLine
from reports.models.policies import PolicyCadence, PolicyPoints, PolicyVersion, PolicyWeight
from reports.models.snapshots import CoverageSnapshot, EngagementSnapshot

__all__ = ["CoverageSnapshot", "EngagementSnapshot", "PlanLine", "PolicyCadence", "PolicyPoints", "PolicyVersion", "PolicyWeight"]
