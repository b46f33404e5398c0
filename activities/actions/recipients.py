"""Who is told about what belongs to a unit: the officers who do its work today."""

from collections import defaultdict
from collections.abc import Iterable

from django.utils import timezone

from activities.models import Agreement, Commitment, FollowUp
from crm.choices import Confidentiality, Role
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


def recipients_of(item: FollowUp | Commitment) -> list[User]:
    """Whoever it was given to; where nobody was, the officers of its unit."""
    if item.assignee is not None:
        return [item.assignee]
    return officers_of([item.unit_id]).get(item.unit_id, [])


def leads_of(unit_ids: Iterable[int]) -> dict[int, list[User]]:
    """Return unit → those who lead it today. One query; units that nobody leads are left out."""
    held = Membership.objects.on(timezone.localdate()).filter(unit__in=set(unit_ids), role=Role.UNIT_LEAD)
    leads: dict[int, list[User]] = defaultdict(list)
    for membership in held.filter(user__is_active=True, user__is_program=False).select_related("user").order_by("id"):
        leads[membership.unit_id].append(membership.user)
    return dict(leads)


def may_be_told(row: FollowUp | Commitment | Agreement, users: Iterable[User]) -> list[User]:
    """Of a restricted one only those are told who could open it."""
    if row.confidentiality != Confidentiality.RESTRICTED:
        return list(users)
    return [user for user in users if user.scope.secretariat or row.unit_id in user.scope.lead_unit_ids or row.created_by_id == user.pk]
