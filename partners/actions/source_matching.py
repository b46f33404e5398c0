"""Which partner a new key of a source means: the one that it names, exactly one of the same name and place, or a new one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from crm.actions.sources import AmbiguousMatchError, Candidate, SourceItem
from crm.identifiers import new_public_id
from crm.models import Unit
from crm.text import fold
from partners.duplicates import KnownPartner, KnownPartners, Likeness
from partners.models import ExternalId, Partner

# Reading a partner costs some 20 µs, asking for those like one newcomer some 1.5 ms.
PARTNERS_PER_NEWCOMER = 75
_NAME_LOCKS = 2**20


@dataclass(frozen=True)
class Match:
    """What a new key means: a partner that is there (``pk``), or ``newcomer``, to be made, and whom somebody told it from."""

    pk: int | None = None
    merged_into: UUID | None = None
    newcomer: KnownPartner | None = None
    told_from: tuple[Likeness, ...] = ()


@dataclass
class Matching:
    """Finding what the new keys of one batch mean, in a few queries for all of them; each row also sees those before it."""

    unit: Unit
    known: KnownPartners = field(default_factory=KnownPartners)
    _named: dict[UUID, Partner] = field(default_factory=dict)
    _survivors: dict[int, Any] = field(default_factory=dict)
    _keyed: set[int] = field(default_factory=set)
    _new: set[KnownPartner] = field(default_factory=set)

    def load(self, items: Sequence[SourceItem]) -> None:
        """Read whatever partners these rows may mean. The names are held first, so that two offices make one partner once."""
        unnamed = [item for item in items if item.same_as is None]
        _hold_names(unnamed)
        self._load_named({item.same_as for item in items if item.same_as})
        self._load_like([_newcomer(item.values) for item in unnamed])
        pks = list(self.known.by_pk)
        merged = Partner.objects.filter(pk__in=[pk for pk in pks if self.known.by_pk[pk].archived], merged_into__isnull=False)
        self._survivors = {pk: survivor for pk, *survivor in merged.values_list("pk", "merged_into", "merged_into__public_id")}
        keyed = ExternalId.objects.filter(unit=self.unit, withdrawn_at=None, partner__isnull=False)
        self._keyed = set(
            keyed.filter(partner__in=[*pks, *(pk for pk, _public_id in self._survivors.values())]).values_list("partner", flat=True)
        )

    def find(self, item: SourceItem) -> Match:
        """Raises AmbiguousMatchError with the candidates; ValidationError where ``same_as`` names none in use."""
        if item.same_as is not None:
            return self._as_named(item.same_as)
        newcomer = _newcomer(item.values)
        exact = {} if item.certainly_new else self._exact(item)
        if len(exact) == 1 and (pk := next(iter(exact)).pk) and pk not in self._keyed and next(iter(exact)) not in self._new:
            self._keyed.add(pk)
            return Match(pk=pk, merged_into=next(iter(exact.values())))
        likely = self.known.likely(newcomer)
        if not item.certainly_new and (exact or likely):
            raise AmbiguousMatchError(_candidates(exact, likely))
        newcomer.public_id = new_public_id()
        self.known.add(newcomer)
        self._new.add(newcomer)
        return Match(newcomer=newcomer, told_from=tuple(likely))

    def _as_named(self, public_id: UUID) -> Match:
        partner = self._named.get(public_id)
        if partner is None:
            raise _refusal("same_as", _("There is no partner with this identifier."), "unknown")
        if partner.is_archived:
            raise _refusal("same_as", _("This partner is archived. Restore it first."), "archived")
        return Match(pk=partner.pk, merged_into=partner.public_id if partner.public_id != public_id else None)

    def _exact(self, item: SourceItem) -> dict[KnownPartner, UUID | None]:
        """Partners in use of the same folded name, country and city; of a merged one its survivor, with its identifier."""
        country = item.values.get("country")
        found: dict[KnownPartner, UUID | None] = {}
        named = self.known.exact(name=item.values["name"], country_id=country and country.pk, city=item.values.get("city", ""))
        for partner in named:
            if not partner.archived:
                found[partner] = None
            elif partner.pk in self._survivors:
                survivor, public_id = self._survivors[partner.pk]
                self.known.load_partners([survivor])
                found.setdefault(self.known.by_pk[survivor], public_id)
        return found

    def _load_named(self, wanted: set[UUID]) -> None:
        if not wanted:
            return
        for partner in Partner.objects.filter(public_id__in=wanted).select_related("merged_into"):
            survivor: Any = partner.merged_into
            self._named[partner.public_id] = survivor or partner

    def _load_like(self, newcomers: Sequence[KnownPartner]) -> None:
        """Whole countries where that costs less than asking for each newcomer."""
        wanted = Counter(newcomer.country_id for newcomer in newcomers)
        sizes = _sizes(wanted) if len(newcomers) > 1 else {}
        whole = {country for country in sizes if sizes[country] <= wanted[country] * PARTNERS_PER_NEWCOMER}
        self.known.load_countries(whole)
        self.known.load_similar(newcomer for newcomer in newcomers if newcomer.country_id not in whole)


def _sizes(countries: Iterable[int | None]) -> dict[int | None, int]:
    """Country → how many partners it has. One query."""
    wanted = dict.fromkeys(countries, 0)
    rows = Partner.objects.order_by().filter(Q(country__in=[country for country in wanted if country]) | Q(country=None))
    counted = dict(rows.values_list("country_id").annotate(Count("pk")))
    return {country: counted.get(country, 0) for country in wanted}


def candidates_like(values: Mapping[str, Any]) -> list[Candidate]:
    """Partners in use that a new one of these validated values may be: of the same name and place first, then those alike."""
    known, newcomer = KnownPartners(), _newcomer(values)
    known.load_similar([newcomer])
    named = known.exact(name=newcomer.name, country_id=newcomer.country_id, city=newcomer.city)
    return _candidates([partner for partner in named if not partner.archived], known.likely(newcomer))


def _newcomer(values: Mapping[str, Any]) -> KnownPartner:
    country = values.get("country")
    return KnownPartner.of(
        name=values["name"],
        other_names=[row["name"] for row in values.get("names", ())],
        country_id=country and country.pk,
        city=values.get("city", ""),
        website=values.get("website", ""),
    )


def _candidates(exact: Iterable[KnownPartner], likely: Iterable[Likeness]) -> list[Candidate]:
    found = [Candidate(partner.public_id, partner.name, 1.0, ()) for partner in exact if partner.public_id]
    named = {candidate.id for candidate in found}
    return found + [
        Candidate(one.partner.public_id, one.partner.name, round(one.score, 2), one.reasons)
        for one in likely
        if one.partner.public_id and one.partner.public_id not in named
    ]


def _hold_names(items: Iterable[SourceItem]) -> None:
    """Let only one transaction at a time decide whether a name in a country is new. SQLite has one writer as it is."""
    if connection.vendor != "postgresql":
        return
    names = {f"{country.pk if (country := item.values.get('country')) else ''}:{fold(item.values['name'])}" for item in items}
    locks = sorted({int.from_bytes(sha256(name.encode()).digest()[:4]) % _NAME_LOCKS for name in names})
    with connection.cursor() as cursor:
        # In one order for everybody, so that two batches never wait for each other.
        cursor.execute("SELECT pg_advisory_xact_lock(5, place) FROM (SELECT unnest(%s::int[]) AS place) AS places", [locks])


def _refusal(name: str, message: Any, code: str) -> ValidationError:
    return ValidationError({name: ValidationError(message, code=code)})
