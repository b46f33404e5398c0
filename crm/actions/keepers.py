"""Who looks after the connections of a unit."""

from django.utils import timezone

from crm.actions.notifications import holders_of
from crm.choices import Role
from crm.models import Membership, Unit, User
from crm.permissions import Permission


def keepers_of(unit: Unit) -> list[User]:
    """The leads of the unit, or those of the nearest unit above that has one, or the administrators."""
    held = Membership.objects.on(timezone.localdate()).filter(role=Role.UNIT_LEAD, unit__code__in=unit.path.strip("/").split("/"))
    leads = list(held.filter(user__is_active=True, user__is_program=False).select_related("user", "unit"))
    nearest = max((len(membership.unit.path) for membership in leads), default=0)
    found = {membership.user_id: membership.user for membership in leads if len(membership.unit.path) == nearest}
    return list(found.values()) or list(holders_of(Permission.ACCOUNT_MANAGE))
