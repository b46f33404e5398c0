"""What the offices' programs sent, one row for each request that writes: what the health of a connection is told by."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from crm.choices import PushKind
from crm.models import OfficeClient, OfficePush, PushJob

KEPT_DAYS = 90
MOST_CODES = 50
_COLUMNS = {
    "created": "created",
    "changed": "changed",
    "linked": "changed",
    "withdrawn": "changed",
    "unchanged": "unchanged",
    "older": "unchanged",
    "proposed": "proposed",
    "refused": "refused",
}


@dataclass
class PushOutcomes:
    """What became of the rows of one request. ``refusals``: stable code → rows it stood in."""

    results: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    youngest_change: datetime | None = None

    def add(self, result: str, codes: Iterable[str] = (), *, changed_at: datetime | None = None, rows: int = 1) -> None:
        """Count rows by their result ("created", "older", "refused" …), with the codes of a refusal."""
        self.results[_COLUMNS[result]] += rows
        self.refusals.update(set(codes))
        if changed_at is not None:
            self.youngest_change = max(changed_at, self.youngest_change or changed_at)

    @property
    def lag_seconds(self) -> int | None:
        """How long the youngest change had waited at the source, where it said so."""
        if self.youngest_change is None:
            return None
        return max(0, int((timezone.now() - self.youngest_change).total_seconds()))


def store_push(
    client: OfficeClient, *, kind: PushKind, noun: str, status: int, outcomes: PushOutcomes, address: str | None = None
) -> OfficePush:
    """Write the row of one request that wrote, or tried to."""
    push = OfficePush(
        client=client,
        unit_id=client.unit_id,
        kind=kind,
        noun=noun,
        status=status,
        rows=outcomes.results.total(),
        refusals=dict(outcomes.refusals.most_common(MOST_CODES)),
        lag_seconds=outcomes.lag_seconds,
        address=address,
        **outcomes.results,
    )
    push.save(force_insert=True)
    return push


def thin_pushes() -> int:
    """Remove rows older than 90 days; return how many."""
    return OfficePush.objects.filter(at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def thin_push_jobs() -> int:
    """Remove files that ended more than 90 days ago, with their results; return how many.

    The files go before the row: broken off between the two, the next night finds the row and ends it.
    """
    old = PushJob.objects.filter(finished_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).order_by("pk")
    removed = 0
    for job in old.iterator():
        job.file.delete(save=False)
        job.results.delete(save=False)
        removed += job.delete()[1].get(PushJob._meta.label, 0)
    return removed
