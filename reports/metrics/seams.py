"""Seams of a series: the days on which another policy came into force, to be marked where a line is drawn across them."""

from dataclasses import dataclass
from datetime import date

from reports.models import PolicyVersion


@dataclass(frozen=True)
class Seam:
    """From ``day`` on figures are made by ``policy``; on the day before they were made by ``before``."""

    day: date
    policy: PolicyVersion
    before: PolicyVersion


def seams(since: date, until: date) -> list[Seam]:
    """Return the seams in ``(since, until]``, the earliest first. One query.

    Of versions that took effect on one day the last one counts; a first policy has nothing before it and makes no seam.
    """
    versions = PolicyVersion.objects.in_force(until).order_by("effective_from", "id")
    last_of_day = {version.effective_from: version for version in versions}
    found: list[Seam] = []
    before: PolicyVersion | None = None
    for day, policy in last_of_day.items():
        if before is not None and day > since:
            found.append(Seam(day, policy, before))
        before = policy
    return found
