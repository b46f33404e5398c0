"""How the connection of each office stands: what its programs sent, how late, what was refused, what has a key of its own."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm.choices import DeliveryState, EndpointState, FeedNoun
from crm.models import OfficeClient, OfficePush, Unit, User, WebhookDelivery, WebhookEndpoint
from crm.permissions import Permission

DAYS = 30
OUTCOMES = ("rows", "created", "changed", "unchanged", "proposed", "refused")


@dataclass(frozen=True)
class Linked:
    """How many records of a kind an office keeps here, and how many of them carry the key of its own system."""

    noun: FeedNoun
    total: int
    linked: int

    @property
    def share(self) -> float | None:
        return self.linked / self.total if self.total else None


# By unit: how many records it keeps, and how many of them carry its key.
CountLinked = Callable[[Sequence[int]], Mapping[int, tuple[int, int]]]
_LINKED: dict[FeedNoun, CountLinked] = {}


def counts_linked(noun: FeedNoun) -> Callable[[CountLinked], CountLinked]:
    """Register how the records of a noun are counted; each app does it for its own."""

    def register(count: CountLinked) -> CountLinked:
        _LINKED[noun] = count
        return count

    return register


@dataclass(frozen=True)
class Webhooks:
    """The endpoints of an office by state, since when one has been failing, and the messages that wait."""

    active: int = 0
    paused: int = 0
    disabled: int = 0
    failing_since: datetime | None = None
    waiting: int = 0

    @property
    def total(self) -> int:
        return self.active + self.paused + self.disabled


@dataclass
class Health:
    """One office. ``today`` and ``month`` (the last 30 days): rows by outcome. ``refusals``: rows by code, the most first.

    ``lag_seconds``: how long the youngest change of the last request that told it had waited at the office.
    """

    unit: Unit
    last_push: datetime | None = None
    lag_seconds: int | None = None
    today: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    month: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    refusals: list[tuple[str, int]] = field(default_factory=list)
    credentials: int = 0
    next_expiry: date | None = None
    last_used: datetime | None = None
    linked: list[Linked] = field(default_factory=list)
    webhooks: Webhooks = field(default_factory=Webhooks)

    @property
    def refused_share(self) -> float | None:
        return self.month["refused"] / self.month["rows"] if self.month["rows"] else None


def offices_seen_by(user: User) -> QuerySet[Unit]:
    """The offices with a program, or that had one, as far as the account may know: its own units and below; the centre knows all."""
    if not user.may(Permission.CONNECTION_VIEW):
        return Unit.objects.none()
    has_client = Exists(OfficeClient.objects.filter(unit=OuterRef("pk")))
    has_pushed = Exists(OfficePush.objects.filter(unit=OuterRef("pk")))
    connected = Unit.objects.filter(has_client | has_pushed).order_by("path")
    sees_all = user.scope.central or user.may(Permission.ACCOUNT_MANAGE)
    return connected if sees_all else connected.filter(pk__in=user.scope.unit_ids)


def health_of(units: Iterable[Unit]) -> list[Health]:
    """How the connections of the units stand now, in their order. As many statements for sixty offices as for one."""
    by_unit = {unit.pk: Health(unit) for unit in units}
    if by_unit:
        _put_pushes(by_unit)
        _put_refusals(by_unit)
        _put_credentials(by_unit)
        _put_webhooks(by_unit)
        _put_linked(by_unit)
    return list(by_unit.values())


def _since() -> datetime:
    return timezone.now() - timedelta(days=DAYS)


def _put_pushes(by_unit: dict[int, Health]) -> None:
    pushes = OfficePush.objects.filter(unit__in=by_unit).order_by()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    sums = {f"month_{name}": Coalesce(Sum(name, filter=Q(at__gte=_since())), 0) for name in OUTCOMES}
    sums |= {f"today_{name}": Coalesce(Sum(name, filter=Q(at__gte=midnight)), 0) for name in OUTCOMES}
    found: Any = pushes.values("unit").annotate(last=Max("at"), **sums)
    for row in found:
        health = by_unit[row["unit"]]
        health.last_push = row["last"]
        health.month = {name: row[f"month_{name}"] for name in OUTCOMES}
        health.today = {name: row[f"today_{name}"] for name in OUTCOMES}
    told = OfficePush.objects.filter(lag_seconds__isnull=False)
    latest = told.filter(unit=OuterRef("pk")).order_by("-at", "-id").values("lag_seconds")[:1]
    for unit_id, lag in Unit.objects.filter(pk__in=by_unit).annotate(lag=Subquery(latest)).values_list("pk", "lag"):
        by_unit[unit_id].lag_seconds = lag


def _put_refusals(by_unit: dict[int, Health]) -> None:
    counts: dict[int, Counter[str]] = {}
    refused = OfficePush.objects.filter(unit__in=by_unit, at__gte=_since(), refused__gt=0).order_by()
    # A program that fails over and over fails the same way: grouped, a hundred thousand requests are a few rows.
    for unit_id, codes, requests in refused.values("unit", "refusals").annotate(n=Count("pk")).values_list("unit", "refusals", "n"):
        counter = counts.setdefault(unit_id, Counter())
        counter.update({code: rows * requests for code, rows in codes.items()})
    for unit_id, counter in counts.items():
        by_unit[unit_id].refusals = counter.most_common()


def _put_credentials(by_unit: dict[int, Health]) -> None:
    clients = OfficeClient.objects.filter(unit__in=by_unit).order_by()
    usable = Q(revoked_at__isnull=True, expires_on__gt=timezone.localdate(), acts_as__is_active=True)
    found = clients.values("unit").annotate(
        n=Count("pk", filter=usable), next_expiry=Min("expires_on", filter=usable), used=Max("last_used_at")
    )
    for row in found:
        health = by_unit[row["unit"]]
        health.credentials, health.next_expiry, health.last_used = row["n"], row["next_expiry"], row["used"]


def _put_webhooks(by_unit: dict[int, Health]) -> None:
    endpoints = WebhookEndpoint.objects.filter(unit__in=by_unit, archived_at__isnull=True).order_by()
    counts = {state.value: Count("pk", filter=Q(state=state)) for state in EndpointState}
    found: Any = endpoints.values("unit").annotate(failing=Min("failing_since", filter=Q(state=EndpointState.ACTIVE)), **counts)
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, endpoint__unit__in=by_unit).order_by()
    queued = dict(waiting.values(of=F("endpoint__unit")).annotate(n=Count("pk")).values_list("of", "n"))
    for row in found:
        states = {state.value: row[state.value] for state in EndpointState}
        by_unit[row["unit"]].webhooks = Webhooks(**states, failing_since=row["failing"], waiting=queued.get(row["unit"], 0))


def _put_linked(by_unit: dict[int, Health]) -> None:
    for noun in (noun for noun in FeedNoun if noun in _LINKED):
        counted = _LINKED[noun](list(by_unit))
        for unit_id, health in by_unit.items():
            health.linked.append(Linked(noun, *counted.get(unit_id, (0, 0))))
