"""Exchanges as the offices' own systems tell of them, one word or five hundred at a time.

New exchanges are written together (``log_many``); one that is there is changed by its own action, field by field as
``crm.three_way`` finds. Every word ends in a result of its own; what is refused stops nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from activities.actions.announcing import announced_together
from activities.actions.exchanges import archive_exchange, change_exchange, restore_exchange
from activities.actions.log_many import NewExchange, check_new, log_checked
from activities.actions.source_bodies import SETS, as_json, rows_named, split, standing, whole
from activities.actions.write_checks import Place, closed_places
from activities.models import Exchange, ExternalExchangeId
from crm.actions.sources import (
    WORD_COLUMNS,
    Age,
    ChangedMeanwhileError,
    ChangedOnBothSidesError,
    Outcome,
    SourceItem,
    SourceResult,
    age_of,
    drop_unspoken,
    hold_keys,
    note_word,
    overrule,
    refuse_foreign_unit,
    refuse_future,
    source_key,
)
from crm.bulk_rows import update_rows
from crm.models import Unit, User
from crm.three_way import merge

_REFUSALS = (ValidationError, PermissionDenied, ChangedMeanwhileError, ChangedOnBothSidesError)


def upsert_exchange_source(item: SourceItem, *, unit: Unit, by: User) -> SourceResult:
    """Take one word of a source: make the exchange of its key, or change it.

    Raises PermissionDenied and ValidationError as ``log_exchange`` and ``change_exchange`` do, ``ChangedOnBothSidesError``,
    and ``ChangedMeanwhileError`` where the source says which revision it has seen and it is another.
    """
    (result,) = push_exchanges([item], unit=unit, by=by)
    if result.error is not None:
        raise result.error
    return result


@transaction.atomic
def push_exchanges(items: Sequence[SourceItem], *, unit: Unit, by: User) -> list[SourceResult]:
    """Take words of a source in their order; several about one key are as if sent one after the other.

    Return what became of each; one that is refused carries its ``error``. Figures are told once. Raises PermissionDenied
    where the unit is none of the account's.
    """
    refuse_foreign_unit(unit, by=by)
    push = _Push(unit, by, list(items))
    with announced_together():
        for places in push.turns():
            push.take(places)
    push.store_keys()
    return [push.results[place] for place in range(len(items))]


@dataclass
class _Word:
    """A word that is applied: its values, whole, and how they are said in JSON."""

    place: int
    item: SourceItem
    key: ExternalExchangeId
    values: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    # Whether it gives its key to an exchange that is there already.
    links: bool = False


class _Push:
    """One call: the keys held, and what became of each word."""

    def __init__(self, unit: Unit, by: User, items: list[SourceItem]) -> None:
        self.unit, self.by, self.items = unit, by, items
        self.results: dict[int, SourceResult] = {}
        self.named = {place: key for place, item in enumerate(items) if (key := self._name(place, item)) is not None}
        self.keys = hold_keys(ExternalExchangeId, self.named.values(), unit=unit)
        pks = [key.exchange_id for key in self.keys.values() if key.exchange_id]
        self.exchanges = {exchange.pk: exchange for exchange in Exchange.objects.filter(pk__in=pks)} if pks else {}
        self.spoken: set[str] = set()

    def turns(self) -> Iterator[list[int]]:
        """Yield the places of words in turns in which no key comes twice, each key's words in their order."""
        waiting = list(self.named)
        while waiting:
            seen: set[str] = set()
            turn = [place for place in waiting if self.named[place] not in seen and not seen.add(self.named[place])]  # type: ignore[func-returns-value]  # remembers it
            yield turn
            taken = set(turn)
            waiting = [place for place in waiting if place not in taken]

    def take(self, places: list[int]) -> None:
        words = [word for place in places if (word := self._word(place)) is not None]
        self._log([word for word in words if not word.item.withdraw and word.key.exchange_id is None and word.item.same_as is None])
        stored = [word for word in words if word.place not in self.results]
        self._load(stored)
        for word in stored:
            self._one(word, self._withdraw if word.item.withdraw else self._change)

    def store_keys(self) -> None:
        spoken = [key for value, key in self.keys.items() if value in self.spoken]
        names = ("exchange_id", *WORD_COLUMNS)
        update_rows(ExternalExchangeId, names, [(key.pk, *(getattr(key, name) for name in names)) for key in spoken])
        drop_unspoken(ExternalExchangeId, [key for value, key in self.keys.items() if value not in self.spoken])

    def _name(self, place: int, item: SourceItem) -> str | None:
        try:
            refuse_future(item)
            return source_key(item.external_id)
        except ValidationError as error:
            self._refuse(place, error)
            return None

    def _word(self, place: int) -> _Word | None:
        """The word, if it is to be applied; else its result is told."""
        item, key = self.items[place], self.keys[self.named[place]]
        word = _Word(place, item, key)
        if not item.withdraw:
            word.values = whole(item.values, unit=self.unit)
            word.body = as_json(word.values)
        try:
            age = age_of(item, key, word.body)
        except ValidationError as error:
            self._refuse(place, error)
            return None
        if age is Age.NEWER and item.if_match is not None and key.exchange_id is None:
            # It has seen a revision of what is not there.
            self._refuse(place, ChangedMeanwhileError(None, ()))
            return None
        if age is Age.NEWER:
            return word
        still = Outcome.WITHDRAWN if item.withdraw else Outcome.UNCHANGED
        self._tell(word, Outcome.OLDER if age is Age.OLDER else still)
        return None

    # --- New ones, together ---

    def _log(self, words: list[_Word]) -> None:
        entries = [self._entry(word) for word in words]
        refusals = check_new(entries, by=self.by)
        closed = closed_places([_place(entry.exchange) for entry, refusal in zip(entries, refusals, strict=True) if refusal is None])
        good = []
        for word, entry, refusal in zip(words, entries, refusals, strict=True):
            error = refusal or closed.get(_place(entry.exchange))
            if error is not None:
                self._refuse(word.place, error)
            else:
                good.append((word, entry))
        log_checked([entry for _word, entry in good], by=self.by)
        for word, entry in good:
            word.key.exchange = entry.exchange
            self.exchanges[entry.exchange.pk] = entry.exchange
            self._note(word, Outcome.CREATED)

    def _entry(self, word: _Word) -> NewExchange:
        parts = split(word.values)
        return NewExchange(Exchange(**parts.columns), **parts.related)

    # --- Those that are there, one by one ---

    def _load(self, words: list[_Word]) -> None:
        """Read the exchanges as they stand, with all that a body says."""
        wanted = {word.item.same_as for word in words if word.key.exchange_id is None and word.item.same_as is not None}
        editable = Exchange.objects.editable_by(self.by).live().filter(public_id__in=wanted)
        meant = dict(editable.values_list("public_id", "pk")) if wanted else {}
        for word in words:
            if word.key.exchange_id is None and word.item.same_as and (pk := meant.get(word.item.same_as)):
                word.key.exchange_id, word.links = pk, True
        rows = Exchange.objects.filter(pk__in=[word.key.exchange_id for word in words if word.key.exchange_id])
        if words:
            own = Exchange.objects.editable_by(self.by).filter(pk=OuterRef("pk"))
            related = rows.annotate(may_be_changed=Exists(own)).select_related("kind", "country", "host_unit", "policy_document", "parent")
            read = related.prefetch_related("participations__partner", "fields", "provinces", "co_units__unit")
            # Held until the end, so that nothing is written between comparing and storing.
            held = read.select_for_update(of=("self",), no_key=True).order_by("pk")
            self.exchanges |= {exchange.pk: exchange for exchange in held}

    def _one(self, word: _Word, write: Callable[[_Word], Outcome]) -> None:
        """Write one word, or nothing of it where it is refused."""
        try:
            with transaction.atomic():
                outcome = write(word)
        except _REFUSALS as error:
            if word.links:
                word.key.exchange_id = None
            self._refuse(word.place, error)
        else:
            self._note(word, outcome)

    def _withdraw(self, word: _Word) -> Outcome:
        exchange = self.exchanges.get(word.key.exchange_id or 0)
        if exchange is not None and not exchange.is_archived:
            _refuse_unseen(exchange)
            self._refuse_stale(word, exchange, ["archived"])
            self._refuse_closed(_place(exchange))
            archive_exchange(exchange, by=self.by)
        return Outcome.WITHDRAWN

    def _change(self, word: _Word) -> Outcome:
        exchange = self.exchanges.get(word.key.exchange_id or 0)
        if exchange is None:
            raise ValidationError({"same_as": ValidationError(_("There is no such exchange that the account may change."), code="unknown")})
        if word.item.same_as not in (None, exchange.public_id):
            raise ValidationError({"same_as": ValidationError(_("The key already stands for another exchange."), code="key-taken")})
        _refuse_unseen(exchange)
        here = standing(exchange)
        merged = merge({} if word.links else word.key.pushed, word.body, as_json(here), as_sets=SETS)
        apply, conflicts = overrule(merged, word.item, revision=exchange.revision)
        revived = word.key.withdrawn_at is not None and exchange.is_archived
        if apply or conflicts or revived:
            self._refuse_stale(word, exchange, [*apply, *conflicts])
        if conflicts:
            raise ChangedOnBothSidesError(exchange, conflicts)
        if revived:
            self._refuse_closed(_place(exchange))
            restore_exchange(exchange, by=self.by)
        if apply:
            self._apply(
                exchange,
                {name: rows_named(name, said, here, word.values) if name in SETS else word.values[name] for name, said in apply.items()},
            )
        if word.links:
            return Outcome.LINKED
        return Outcome.CHANGED if apply or revived else Outcome.UNCHANGED

    def _apply(self, exchange: Exchange, values: Mapping[str, Any]) -> None:
        # What was read for comparing would be taken for what stands while its rows are written. The row itself is locked.
        exchange.refresh_from_db()
        before, parts = _place(exchange), split(values)
        for name, value in parts.columns.items():
            setattr(exchange, name, value)
        change_exchange(exchange, by=self.by, **parts.related)
        # Afterwards, so that only whoever may write for a unit learns which of its periods are issued.
        self._refuse_closed(before, _place(exchange))

    def _refuse_stale(self, word: _Word, exchange: Exchange, differs: Sequence[str]) -> None:
        if isinstance(word.item.if_match, int) and word.item.if_match != exchange.revision:
            raise ChangedMeanwhileError(exchange, differs)

    def _refuse_closed(self, *places: Place) -> None:
        for error in closed_places(places).values():
            raise error

    # --- Results ---

    def _note(self, word: _Word, outcome: Outcome) -> None:
        note_word(word.key, word.item, word.body)
        self.spoken.add(word.key.value)
        self._tell(word, outcome)

    def _tell(self, word: _Word, outcome: Outcome) -> None:
        exchange = self.exchanges.get(word.key.exchange_id or 0)
        self.results[word.place] = SourceResult(
            external_id=word.key.value,
            outcome=outcome,
            id=exchange.public_id if exchange else None,
            revision=exchange.revision if exchange else None,
        )

    def _refuse(self, place: int, error: Exception) -> None:
        self.results[place] = SourceResult(external_id=self.items[place].external_id, outcome=Outcome.REFUSED, error=error)


def _refuse_unseen(exchange: Any) -> None:
    """Refuse before anything is compared: of an exchange that was closed to the account meanwhile, not even a conflict is told."""
    if not exchange.may_be_changed:
        raise PermissionDenied


def _place(exchange: Exchange) -> tuple[int, date]:
    return exchange.host_unit_id, exchange.starts_on
