"""How many of the partners that an office leads carry the key of its own system."""

from collections.abc import Sequence

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from crm.choices import FeedNoun
from crm.connections import counts_linked
from partners.choices import StewardRole
from partners.models import ExternalId, Stewardship


@counts_linked(FeedNoun.PARTNER)
def count_linked_partners(unit_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Unit → partners it leads today, and those of them with a key of the unit that was not withdrawn."""
    key = ExternalId.objects.filter(unit=OuterRef("unit"), partner=OuterRef("partner"), withdrawn_at__isnull=True)
    led = Stewardship.objects.live().on(timezone.localdate()).filter(role=StewardRole.LEAD, unit__in=unit_ids, partner__archived_at=None)
    counted = led.annotate(is_linked=Exists(key)).order_by().values("unit")
    found = counted.annotate(total=Count("partner", distinct=True), linked=Count("partner", distinct=True, filter=Q(is_linked=True)))
    return {row["unit"]: (row["total"], row["linked"]) for row in found}
