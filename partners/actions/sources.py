"""Partners written by the offices' own keys: one word or hundreds, in whatever order, as often as the line repeats them.

Every word takes the same way, alone or in a batch. A key that is new means a partner that is there or makes one; a key that
is known changes what its source changed, field by field. What is not the unit's to change, or was changed here as well,
waits in a change proposal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from crm.actions.sources import (
    WORD_COLUMNS,
    Age,
    AmbiguousMatchError,
    ChangedMeanwhileError,
    Outcome,
    SourceItem,
    SourceResult,
    age_of,
    drop_unspoken,
    hold_keys,
    is_unspoken,
    moved_by_merging,
    note_word,
    overrule,
    refuse_foreign_unit,
    refuse_future,
    source_key,
)
from crm.bulk_rows import update_rows
from crm.models import Unit, User
from crm.permissions import Permission
from crm.three_way import merge
from partners.actions.partners import archive_partner, restore_partner
from partners.actions.proposals import keep_proposal, lead_units_of, leads, save_values
from partners.actions.source_matching import Match, Matching
from partners.actions.source_new import Newcomer, create_partners, new_partner
from partners.actions.source_values import LEFT_OUT, SETS, Codes, as_said, standing
from partners.models import ChangeProposal, ExternalId, Partner, Stewardship

REFUSALS = (ValidationError, PermissionDenied, AmbiguousMatchError, ChangedMeanwhileError, IntegrityError)


def apply_partner_item(item: SourceItem, *, unit: Unit, by: User) -> SourceResult:
    """Take one word of a source about a partner. Raises what ``apply_partner_items`` keeps as the error of a row."""
    (result,) = apply_partner_items([item], unit=unit, by=by, atomic=True)
    if result.error is not None:
        raise result.error
    return result


@transaction.atomic
def apply_partner_items(items: Sequence[SourceItem], *, unit: Unit, by: User, atomic: bool = False) -> list[SourceResult]:
    """Take words of a source about partners, in order; return what became of each.

    A word that is refused comes back with its error: ValidationError, AmbiguousMatchError, ChangedMeanwhileError,
    PermissionDenied or IntegrityError. The others stand, unless ``atomic``: then nothing is stored. Raises PermissionDenied
    where the account may not write partners with the unit's keys.
    """
    if not by.may(Permission.PARTNER_EDIT):
        raise PermissionDenied
    refuse_foreign_unit(unit, by=by)
    run = _Run(unit, by)
    named = run.name(items)
    run.hold([item.external_id for item in named.values()])
    for wave in _waves(named):
        run.take(wave)
    results = [run.results[place] for place in range(len(items))]
    if atomic and any(result.error for result in results):
        transaction.set_rollback(True)
    else:
        drop_unspoken(ExternalId, run.keys.values())
    return results


def _waves(items: Mapping[int, SourceItem]) -> Iterator[list[tuple[int, SourceItem]]]:
    """Two words about one key come one after the other: each wave has a key once."""
    rest = list(items.items())
    while rest:
        wave: dict[str, tuple[int, SourceItem]] = {}
        later = []
        for place, item in rest:
            if item.external_id in wave:
                later.append((place, item))
            else:
                wave[item.external_id] = (place, item)
        yield list(wave.values())
        rest = later


@dataclass(eq=False)
class _Word:
    """One word on its way: its key, what it says as JSON, and how its partner was found where the key was new."""

    place: int
    item: SourceItem
    key: ExternalId
    said: dict[str, Any]
    match: Match = field(default_factory=Match)

    @property
    def partner_pk(self) -> int | None:
        return self.key.partner_id or self.match.pk

    def base(self, *, is_linked: bool) -> dict[str, Any]:
        """What the source and this side agreed on last. Where it has never named a field, leaving it out says nothing.

        A partner found by its name is not renamed by the spelling that found it.
        """
        unnamed = {name: value for name, value in LEFT_OUT.items() if name not in self.item.values}
        found_by = {name: self.said[name] for name in ("name", "name_language")} if is_linked else {}
        return {**unnamed, **found_by, **self.key.pushed}


@dataclass
class _Run:
    """One batch under way. ``merged_keys``: keys given for a partner that was merged. ``results``: place → what became of the word."""

    unit: Unit
    by: User
    results: dict[int, SourceResult] = field(default_factory=dict)
    keys: dict[str, ExternalId] = field(default_factory=dict)
    merged_keys: set[int] = field(default_factory=set)
    codes: Codes = field(default_factory=Codes)

    def name(self, items: Sequence[SourceItem]) -> dict[int, SourceItem]:
        """Place → word, its identifier as it is stored; those whose identifier cannot be one are refused."""
        named = {}
        for place, item in enumerate(items):
            try:
                named[place] = replace(item, external_id=source_key(item.external_id))
            except ValidationError as error:
                self._refuse(place, item, error)
        return named

    def hold(self, values: Iterable[str]) -> None:
        self.keys = hold_keys(ExternalId, values, unit=self.unit)
        prefetch_related_objects(list(self.keys.values()), "partner")
        self.merged_keys = moved_by_merging(ExternalId, (key.pk for key in self.keys.values() if key.partner_id))

    def take(self, wave: Iterable[tuple[int, SourceItem]]) -> None:
        words = [word for place, item in wave if (word := self._heard(place, item))]
        new = [word for word in words if word.key.partner_id is None and not word.item.withdraw]
        self._create(self._match(new))
        self._change([word for word in words if word.place not in self.results])
        changed = [word.key for word in words if self.results[word.place].error is None]
        _store_keys(changed)

    # --- What is not new ----------------------------------------------------------------------------------

    def _heard(self, place: int, item: SourceItem) -> _Word | None:
        """Return a word that says something new; the fate of the others is decided here."""
        word = _Word(place, item, self.keys[item.external_id], {} if item.withdraw else LEFT_OUT | as_said(item.values))
        try:
            refuse_future(item)
            age = age_of(item, word.key, word.said)
        except ValidationError as error:
            self._refuse(word.place, word.item, error)
            return None
        if age is Age.NEWER:
            return word
        stale = Outcome.OLDER if age is Age.OLDER else Outcome.WITHDRAWN if item.withdraw else Outcome.UNCHANGED
        self._settle(word, stale, word.key.partner)
        return None

    # --- New keys -----------------------------------------------------------------------------------------

    def _match(self, words: list[_Word]) -> list[Newcomer]:
        """Find out what new keys mean; return those that mean a partner to be made."""
        if not words:
            return []
        matching = Matching(self.unit)
        matching.load([word.item for word in words])
        new = []
        for word in words:
            try:
                if word.item.if_match is not None:
                    raise ChangedMeanwhileError(None, ())
                partner = new_partner(word.item, word.said, unit=self.unit, by=self.by)
                word.match = matching.find(word.item)
                if word.match.newcomer:
                    new.append(Newcomer(word.place, word.item, word.said, word.match, partner))
            except REFUSALS as error:
                self._refuse(word.place, word.item, error)
        return new

    def _create(self, new: list[Newcomer]) -> None:
        if not new:
            return
        create_partners(new, unit=self.unit, by=self.by)
        for newcomer in new:
            key = self.keys[newcomer.item.external_id]
            key.partner = newcomer.partner
            note_word(key, newcomer.item, newcomer.said)
            self._settle(_Word(newcomer.place, newcomer.item, key, newcomer.said), Outcome.CREATED, newcomer.partner)

    # --- Known partners -------------------------------------------------------------------------------------

    def _change(self, words: list[_Word]) -> None:
        pks = {word.partner_pk for word in words if word.partner_pk}
        # In one order for everybody, so that two batches never wait for each other.
        held = Partner.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk")
        partners = {partner.pk: partner for partner in held.select_related("kind", "country", "unit")}
        known = _Known.read(list(partners.values()), unit=self.unit)
        for word in words:
            try:
                with transaction.atomic():
                    if word.item.withdraw:
                        self._withdraw(word, partners.get(word.partner_pk or 0), known)
                    else:
                        self._take_over(word, partners[word.partner_pk or 0], known)
            except REFUSALS as error:
                self._refuse(word.place, word.item, error)
                if word.partner_pk in partners:
                    # What the refused word had put on it must not go with the next one.
                    partners[word.partner_pk] = Partner.objects.select_related("kind", "country", "unit").get(pk=word.partner_pk)

    def _withdraw(self, word: _Word, partner: Partner | None, known: "_Known") -> None:
        """The row is gone at the source. The partner goes too, where nobody else needs it."""
        _hold_match(word, partner, {})
        note_word(word.key, word.item, {})
        if (
            partner is not None
            and not partner.is_archived
            and leads(self.by, known.lead_units[partner.pk])
            and self._is_alone(partner, word)
        ):
            archive_partner(partner, by=self.by)
            word.key.withdrawn_at = partner.archived_at
        self._settle(word, Outcome.WITHDRAWN, partner)

    def _is_alone(self, partner: Partner, word: _Word) -> bool:
        others = ExternalId.objects.filter(partner=partner, withdrawn_at=None).exclude(pk=word.key.pk)
        keepers = Stewardship.objects.current().filter(partner=partner).exclude(unit__in=self.by.scope.unit_ids | {self.unit.pk})
        return not (others.exists() or keepers.exists() or Partner.objects.in_use().filter(pk=partner.pk).exists())

    def _take_over(self, word: _Word, partner: Partner, known: "_Known") -> None:
        """Store what the source changed and may change; what it may not, or what was changed here as well, is proposed."""
        stands, lead_unit = known.stands[partner.pk], known.lead_units[partner.pk]
        own, revision = leads(self.by, lead_unit), partner.revision
        _refuse_other_partner(word, partner)
        _hold_match(word, partner, stands)
        restored = self._restore(word, partner, own=own)
        is_linked = word.key.partner_id is None
        merged = merge(word.base(is_linked=is_linked), word.said, stands, as_sets=SETS)
        values, conflicts = overrule(merged, word.item, revision=revision)
        waiting = {name: conflict.theirs for name, conflict in conflicts.items()} | ({} if own else values)
        if own:
            partner._change_reason = self.unit.code  # type: ignore[attr-defined]  # read by django-simple-history
            save_values(partner, values, by=self.by, codes=self.codes)
            stands.update(values)
        opened = known.proposals.get(partner.pk)
        proposal = keep_proposal(
            partner, unit=self.unit, lead_unit=lead_unit, by=self.by, waiting=waiting,
            settled=(merged.same | values.keys()) - waiting.keys(), stands=stands, opened=opened,
        )  # fmt: skip
        known.proposals[partner.pk] = proposal
        word.key.partner = partner
        note_word(word.key, word.item, word.said)
        changed = restored or (own and bool(values))
        done = Outcome.PROPOSED if waiting else Outcome.CHANGED if changed else Outcome.UNCHANGED
        self._settle(word, Outcome.LINKED if is_linked else done, partner, proposal=proposal if waiting else None, waiting=waiting)

    def _restore(self, word: _Word, partner: Partner, *, own: bool) -> bool:
        """Bring back a partner that this key's withdrawal archived; one that somebody archived since stays so."""
        if not partner.is_archived:
            return False
        if not (own and word.key.withdrawn_at == partner.archived_at):
            message = _("This partner is archived. Restore it first.")
            raise ValidationError(message, code="archived")
        restore_partner(partner, by=self.by)
        return True

    # --- Results --------------------------------------------------------------------------------------------

    def _settle(
        self, word: _Word, outcome: Outcome, partner: Partner | None, *,
        proposal: ChangeProposal | None = None, waiting: Iterable[str] = (),
    ) -> None:  # fmt: skip
        moved = partner is not None and word.key.pk in self.merged_keys
        self.results[word.place] = SourceResult(
            external_id=word.item.external_id,
            outcome=outcome,
            id=partner.public_id if partner else None,
            revision=partner.revision if partner else None,
            merged_into=word.match.merged_into or (partner.public_id if moved and partner else None),
            proposal=proposal.public_id if proposal else None,
            proposed=tuple(sorted(waiting)),
        )

    def _refuse(self, place: int, item: SourceItem, error: Exception) -> None:
        self.results[place] = SourceResult(external_id=item.external_id, outcome=Outcome.REFUSED, error=error)


@dataclass
class _Known:
    """What the words of one wave need to know of the partners that they are about, read in a few queries for all of them."""

    stands: dict[int, dict[str, Any]]
    lead_units: dict[int, Unit]
    proposals: dict[int, ChangeProposal | None]

    @classmethod
    def read(cls, partners: list[Partner], *, unit: Unit) -> "_Known":
        if not partners:
            return cls({}, {}, {})
        opened = ChangeProposal.objects.open().filter(partner__in=partners, unit=unit).order_by("pk").select_for_update(of=("self",))
        proposals: dict[int, ChangeProposal | None] = {proposal.partner_id: proposal for proposal in opened}
        return cls(standing(partners), lead_units_of(partners), proposals)


def _refuse_other_partner(word: _Word, partner: Partner) -> None:
    """Raise ValidationError where ``same_as`` names another partner than the one that the key stands for already.

    One that was merged may be named still: its keys lead to the survivor.
    """
    named = word.item.same_as
    if word.key.partner_id is None or named in (None, partner.public_id):
        return
    if not Partner.objects.filter(public_id=named, merged_into__isnull=False).exists():
        raise ValidationError({"same_as": ValidationError(_("The key already stands for another partner."), code="key-taken")})


def _hold_match(word: _Word, partner: Partner | None, stands: dict[str, Any]) -> None:
    """Raise ChangedMeanwhileError unless the partner is at the revision that the source has seen."""
    wanted = word.item.if_match
    if wanted is None or (partner is not None and wanted in ("*", partner.revision)):
        return
    named = {name: word.said[name] for name in word.item.values}
    differs = merge({}, named, stands, as_sets=SETS) if partner and named else None
    raise ChangedMeanwhileError(partner, sorted(named.keys() - differs.same) if differs else ())


def _store_keys(keys: list[ExternalId]) -> None:
    """Store what words said of keys: one statement, however many."""
    columns = ("partner_id", *WORD_COLUMNS)
    spoken = [key for key in keys if not is_unspoken(key)]
    update_rows(ExternalId, columns, [(key.pk, *(getattr(key, name) for name in columns)) for key in spoken])
