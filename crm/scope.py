"""The scope of an account: the units whose internal records it may see, and its permissions, on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from crm.choices import CENTRAL_UNIT_KINDS, Confidentiality, Role
from crm.permissions import ROLE_PERMISSIONS, Permission

if TYPE_CHECKING:
    from datetime import date

    from crm.models import User


@dataclass(frozen=True)
class Scope:
    """``unit_ids``: own units and all below. ``central``: works for the centre, so sees every unit's records.

    ``lead_unit_ids``: units (and below) where the account is unit lead. ``secretariat``: reads restricted records.
    """

    unit_ids: frozenset[int]
    home_unit_ids: tuple[int, ...]
    lead_unit_ids: frozenset[int]
    central: bool
    secretariat: bool
    permissions: frozenset[Permission]

    @classmethod
    def of(cls, user: User, *, on: date) -> Scope:
        """Read the memberships that hold on the day. Two queries; inactive accounts have an empty scope."""
        from crm.models import Membership, Unit

        held = list(Membership.objects.on(on).filter(user=user).select_related("unit").order_by("id")) if user.is_active else []
        working = [membership for membership in held if membership.role != Role.ADMINISTRATOR]
        below = list(Unit.objects.below({membership.unit for membership in working}).values_list("id", "path"))
        lead_paths = tuple(membership.unit.path for membership in held if membership.role == Role.UNIT_LEAD)
        return cls(
            unit_ids=frozenset(unit_id for unit_id, _path in below),
            home_unit_ids=tuple(dict.fromkeys(membership.unit_id for membership in working)),
            lead_unit_ids=frozenset(unit_id for unit_id, path in below if lead_paths and path.startswith(lead_paths)),
            central=any(membership.unit.kind in CENTRAL_UNIT_KINDS for membership in working),
            secretariat=any(membership.role == Role.SECRETARIAT for membership in held),
            permissions=frozenset().union(*(ROLE_PERMISSIONS[Role(membership.role)] for membership in held)),
        )

    def may_write_for(self, unit_id: int | None) -> bool:
        """Whether records of the unit may be written: own subtree, or any unit for those at the centre."""
        return unit_id is not None and (self.central or unit_id in self.unit_ids)

    def readable(self, user: Any, *, unit_fields: tuple[str, ...]) -> Q:
        """The rows this account may read, by confidentiality level and the units the row belongs to.

        ``unit_fields``: lookups of the owning units, such as ``host_unit`` and ``co_units``. A many-to-many
        among them must be given as an id subquery by the caller, since a join would double rows.
        """
        open_rows = Q(confidentiality=Confidentiality.NETWORK)
        unit_rows = Q(confidentiality=Confidentiality.UNIT)
        restricted = Q(confidentiality=Confidentiality.RESTRICTED)
        own = Q()
        led = Q()
        for field in unit_fields:
            own |= Q(**{f"{field}__in": self.unit_ids})
            led |= Q(**{f"{field}__in": self.lead_unit_ids})
        if not self.permissions:
            return Q(pk__in=[])
        visible = open_rows | (unit_rows if self.central else unit_rows & own)
        return visible | (restricted if self.secretariat else restricted & (led | Q(created_by=user)))
