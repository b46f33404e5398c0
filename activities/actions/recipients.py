"""Who is told about what belongs to a unit: the officers who do its work today."""

from collections import defaultdict
from collections.abc import Iterable

from django.utils import timezone

from activities.models import FollowUp
from crm.choices import Role
from crm.models import Membership, User

WORKING_ROLES = (Role.OFFICER, Role.NGO_OFFICER, Role.UNIT_LEAD, Role.SECRETARIAT)


def officers_of(unit_ids: Iterable[int]) -> dict[int, list[User]]:
    """Return unit → those who work in it today by a role that writes. One query; units without anybody are left out."""
    held = Membership.objects.on(timezone.localdate()).filter(unit__in=set(unit_ids), role__in=WORKING_ROLES)
    officers: dict[int, list[User]] = defaultdict(list)
    for membership in held.filter(user__is_active=True, user__is_program=False).select_related("user").order_by("id"):
        if membership.user not in officers[membership.unit_id]:
            officers[membership.unit_id].append(membership.user)
    return dict(officers)


def recipients_of(follow_up: FollowUp) -> list[User]:
    """Whoever it was given to; where nobody was, the officers of its unit."""
    if follow_up.assignee is not None:
        return [follow_up.assignee]
    return officers_of([follow_up.unit_id]).get(follow_up.unit_id, [])
