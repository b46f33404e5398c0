"""How many of the exchanges that an office hosts carry the key of its own system."""

from collections.abc import Sequence

from django.db.models import Count, Exists, OuterRef, Q

from activities.models import Exchange, ExternalExchangeId
from crm.choices import Confidentiality, FeedNoun
from crm.connections import counts_linked


@counts_linked(FeedNoun.EXCHANGE)
def count_linked_exchanges(unit_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Unit → exchanges it hosts, and those of them with a key of the unit that was not withdrawn. Restricted ones are in no figure."""
    key = ExternalExchangeId.objects.filter(unit=OuterRef("host_unit"), exchange=OuterRef("pk"), withdrawn_at__isnull=True)
    hosted = Exchange.objects.live().filter(host_unit__in=unit_ids).exclude(confidentiality=Confidentiality.RESTRICTED)
    counted = hosted.annotate(is_linked=Exists(key)).order_by().values("host_unit")
    found = counted.annotate(total=Count("pk"), linked=Count("pk", filter=Q(is_linked=True)))
    return {row["host_unit"]: (row["total"], row["linked"]) for row in found}
