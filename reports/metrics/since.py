"""What has changed since a day: the rows that figures read, as they were known then and as they are now.

Restricted exchanges count in no figure, so they are among the rows for nobody; the others are those the reader may see.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import ForeignKey, Max, Model, QuerySet

from activities.models import Exchange, Participation
from crm.choices import Confidentiality
from crm.known import as_known_on
from crm.known.tables import end_of
from crm.models import TierMembership, User
from crm.models.records import Record
from partners.models import Partner
from reports.choices import Since
from reports.models import PlanLine

# What figures read of each noun. Lists of other records are read as names.
_READ: Mapping[type[Model], Sequence[str]] = {
    Exchange: (
        *("kind", "starts_on", "level", "direction", "sides", "status", "host_unit", "parent"),
        *("participations", "fields", "provinces"),
    ),
    Partner: ("country", "kind", "merged_into"),
    TierMembership: ("tier", "country", "valid_from", "valid_to"),
    PlanLine: (
        *("tier", "country", "partner_kind", "field", "province", "required", "cadence_days", "least_level", "exempt"),
        *("valid_from", "valid_to"),
    ),
}
_MANY = {"participations": "partner", "fields": "", "provinces": ""}
# More rows of one noun than anybody reads: the latest of them are compared, and the page says so.
MOST = 2_000


@dataclass(frozen=True)
class Difference:
    """One property, then and now, in words; empty where there was nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangedRow:
    """A record that differs: what became of it, by whom and when last, and each property from what to what."""

    record: Any
    since: Since
    differences: Sequence[Difference]
    changed_at: datetime | None
    changed_by: User | None

    @property
    def noun(self) -> str:
        return str(self.record._meta.verbose_name)


@dataclass(frozen=True)
class _State:
    """The properties of a record in words, and whether it was in use."""

    words: Mapping[str, str]
    is_archived: bool
    day: date | None


@dataclass(frozen=True)
class Changes:
    """``is_cut``: more was written since than is compared here; the latest is."""

    rows: Sequence[ChangedRow]
    is_cut: bool


States = Mapping[type[Model], Mapping[int, tuple[Any, _State]]]


class WrittenSince:
    """The rows written since the end of a day, the latest of each noun, among those that the reader may see.

    Read them twice, once as they are and once as known on that day, and compare. A fixed number of queries each.
    """

    def __init__(self, known: date, reader: User) -> None:
        self.known = known
        self.moments = {model: _written_since(model, known) for model in _READ}
        self.seen = {model: _latest(_seen(model, keys, reader), keys) for model, keys in self.moments.items()}
        counted = Exchange.objects.filter(pk__in=self.moments[Exchange]).exclude(confidentiality=Confidentiality.RESTRICTED)
        self.counted = _latest(counted.values_list("pk", flat=True), self.moments[Exchange])

    def states(self) -> States:
        return {model: _states(model, keys) for model, keys in self.seen.items()}

    def partners(self) -> set[int]:
        """The partners whose figures may have moved: of open exchanges, whoever may see those, and of the register."""
        facts = Participation.objects.filter(exchange__in=self.counted).order_by().values_list("partner", flat=True)
        return set(facts) | set(_latest(self.moments[Partner], self.moments[Partner]))

    def compare(self, then: States, now: States, as_of: date) -> Changes:
        """Return the rows that figures of ``as_of`` read and that differ.

        Exchanges first, the latest change first; then partners, memberships in tiers and plan lines. What lies after
        ``as_of`` both then and now is left out.
        """
        rows = [row for model in _READ for row in _differing(model, then[model], now[model], as_of, self.known)]
        return Changes(rows, any(len(keys) == MOST for keys in self.seen.values()))


def changes_since(known: date, as_of: date, reader: User) -> Changes:
    """The rows that differ, read and compared."""
    written = WrittenSince(known, reader)
    now = written.states()
    with as_known_on(known):
        then = written.states()
    return written.compare(then, now, as_of)


def _written_since(model: Any, known: date) -> dict[int, datetime]:
    """The keys of rows that were written since, each with the last moment."""
    since = model.history.filter(history_date__gte=end_of(known)).order_by()
    written = dict(since.values_list("id").annotate(Max("history_date")))
    if model is Exchange:
        since = Participation.history.filter(history_date__gte=end_of(known)).order_by()
        for key, moment in since.values_list("exchange_id").annotate(Max("history_date")):
            written[key] = max(moment, written.get(key, moment))
    if issubclass(model, Record):
        made = model._default_manager.filter(created_at__gte=end_of(known)).order_by().values_list("pk", "created_at")
        written = {**dict(made), **written}
    return written


def _latest(keys: Iterable[int], written: Mapping[int, datetime]) -> list[int]:
    return sorted(keys, key=lambda key: (written[key], key), reverse=True)[:MOST]


def _seen(model: Any, keys: Iterable[int], reader: User) -> QuerySet[Any, int]:
    rows = model._default_manager.filter(pk__in=list(keys))
    if hasattr(rows, "visible_to"):
        rows = rows.visible_to(reader)
    if model is Exchange:
        rows = rows.exclude(confidentiality=Confidentiality.RESTRICTED)
    found: QuerySet[Any, int] = rows.order_by().values_list("pk", flat=True)
    return found


def _states(model: Any, keys: Sequence[int]) -> dict[int, tuple[Any, _State]]:
    singles = [name for name in _READ[model] if isinstance(_field(model, name), ForeignKey)]
    several = ["__".join(filter(None, (name, _MANY[name]))) for name in _READ[model] if name in _MANY]
    rows = model._default_manager.filter(pk__in=keys).select_related(*singles).prefetch_related(*several)
    return {
        row.pk: (row, _State(_words(row), getattr(row, "archived_at", None) is not None, getattr(row, "starts_on", None))) for row in rows
    }


def _field(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def _words(row: Any) -> dict[str, str]:
    return {name: _in_words(row, name) for name in _READ[type(row)]}


def _in_words(row: Any, name: str) -> str:
    if name in _MANY:
        return ", ".join(sorted(str(getattr(one, _MANY[name]) if _MANY[name] else one) for one in getattr(row, name).all()))
    shown = getattr(row, f"get_{name}_display", None)
    if name == "parent":
        # Without its name: the delegation may be one that the reader may not see.
        return "✓" if row.parent_id else ""
    value = shown() if shown else getattr(row, name)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "" if value is None else str(value)


def _differing(
    model: Any, then: Mapping[int, tuple[Any, _State]], now: Mapping[int, tuple[Any, _State]], as_of: date, known: date
) -> list[ChangedRow]:
    found: dict[int, tuple[Any, Since, list[Difference]]] = {}
    for key in then.keys() | now.keys():
        before, after = then.get(key), now.get(key)
        days = [state.day for _row, state in filter(None, (before, after)) if state.day]
        if days and min(days) > as_of:
            continue
        differences = _differences(model, before and before[1], after and after[1])
        since = _since(before, after, differences)
        if since is not None:
            record = after[0] if after else before[0] if before else None
            found[key] = record, since, differences
    last = _last_writers(model, found, known)
    rows = [ChangedRow(record, since, differences, *last.get(key, (None, None))) for key, (record, since, differences) in found.items()]
    return sorted(rows, key=lambda row: (row.changed_at is None, -(row.changed_at.timestamp() if row.changed_at else 0), row.record.pk))


def _since(before: tuple[Any, _State] | None, after: tuple[Any, _State] | None, differences: Sequence[Difference]) -> Since | None:
    """None where nothing that figures read differs, or where it came and went in between."""
    was, is_used = before is not None and not before[1].is_archived, after is not None and not after[1].is_archived
    if after is not None and getattr(after[0], "merged_into_id", None) and was:
        return Since.MERGED
    if was and not is_used:
        return Since.ARCHIVED
    if is_used and not was:
        return Since.ENTERED if before is None else Since.RESTORED
    return Since.CHANGED if was and is_used and differences else None


def _differences(model: Any, before: _State | None, after: _State | None) -> list[Difference]:
    old, new = before.words if before else {}, after.words if after else {}
    names = [name for name in _READ[model] if old.get(name, "") != new.get(name, "")]
    return [Difference(_label(model, name), old.get(name, ""), new.get(name, "")) for name in names]


def _label(model: Any, name: str) -> str:
    field = _field(model, name)
    return str(getattr(field, "verbose_name", None) or Partner._meta.verbose_name_plural)


def _last_writers(model: Any, keys: Iterable[int], known: date) -> dict[int, tuple[datetime, User | None]]:
    versions = model.history.filter(id__in=list(keys), history_date__gte=end_of(known)).select_related("history_user")
    return {row.id: (row.history_date, row.history_user) for row in versions.order_by("history_date", "history_id")}
