"""Is this a partner we already know? Exactly (same folded name and place), or likely (similar, with reasons).

A run over a list loads the partners of the countries in question once and compares in memory: a pair is looked at
only where the country and the beginning of one of the rarer words of the names agree, never all pairs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Q, QuerySet
from rapidfuzz import fuzz, process

from crm.name_likeness import first_letters, likeness, telling_words
from crm.text import fold as fold_anew
from partners.duplicates.reasons import Reason, in_words
from partners.models import Partner

LIKELY_FROM = 0.92
ACRONYM_COUNTS = 0.93
SIMILAR_FROM = 0.75
BLOCK_LETTERS = 5
CANDIDATES_PER_ROW = 200
WORDS_ASKED = 2
# Many partners share these hosts, so that they say nothing about who it is.
_SHARED_HOSTS = frozenset(
    {"facebook.com", "sites.google.com", "linkedin.com", "twitter.com", "x.com", "youtube.com", "instagram.com", "wordpress.com"}
)
# Nearly every address is so, and need not be taken apart by the rules for all of them.
_PLAIN_ADDRESS = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)(?:/|$)")
# A list names the same cities, and each of its names is compared in several ways.
fold = lru_cache(maxsize=65_536)(fold_anew)
# Initials of fewer letters are anybody's.
INITIALS_FROM = 3
INITIALS_TO = 9


@dataclass(eq=False, slots=True)
class KnownPartner:
    """A partner as far as comparing needs it. ``row``: where the list at hand named it first (0: nowhere yet)."""

    name: str
    names: tuple[str, ...]  # all names, folded; the name shown comes first
    country_id: int | None
    city: str  # folded
    host: str
    pk: int | None = None
    public_id: UUID | None = None
    archived: bool = False
    row: int = 0
    telling: tuple[tuple[str, ...], ...] = field(init=False)  # the telling words of names of several words
    words: tuple[str, ...] = field(init=False)  # the same as texts, words in alphabetical order
    acronyms: frozenset[str] = field(init=False)  # names of one short word
    initials: frozenset[str] = field(init=False)  # the first letters of names of several words

    def __post_init__(self) -> None:
        # Acronyms are left to the rule on short names: "IAIN" and "UIN" are alike as letters and say nothing.
        # A script without spaces writes a whole name as one word.
        long_names = [name for name in self.names if " " in name or len(name) > INITIALS_TO or not name.isascii()] or self.names[:1]
        self.telling = tuple(dict.fromkeys(telling_words(name) for name in long_names))
        self.words = tuple(" ".join(sorted(words)) for words in self.telling)
        self.acronyms = frozenset(name for name in self.names if " " not in name and INITIALS_FROM <= len(name) <= INITIALS_TO)
        letters = (letters for name in long_names if " " in name for letters in first_letters(name))
        self.initials = frozenset(each for each in letters if INITIALS_FROM <= len(each) <= INITIALS_TO)

    @classmethod
    def of(cls, *, name: str, other_names: Iterable[str], country_id: int | None, city: str, website: str, row: int = 0) -> "KnownPartner":
        folded = tuple(dict.fromkeys(fold(each) for each in (name, *other_names)))
        return cls(name, folded, country_id, fold(city), host_of(website), row=row)


@dataclass(frozen=True, slots=True)
class Likeness:
    """A partner that a row may mean: how likely (0 to 1), and why, as codes with values."""

    partner: KnownPartner
    score: float
    evidence: tuple[Reason, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in the reader's language."""
        return tuple(in_words(self.evidence))


@dataclass
class KnownPartners:
    """The partners that a run over a list compares with; countries are loaded when first asked for.

    ``seek_likely``: also prepare for ``likely``, which an exact comparison can do without.
    """

    seek_likely: bool = True
    by_pk: dict[int, KnownPartner] = field(default_factory=dict)
    _countries: set[int | None] = field(default_factory=set)
    _by_name: dict[tuple[int | None, str], list[KnownPartner]] = field(default_factory=lambda: defaultdict(list))
    _blocks: dict[int | None, dict[str, list[KnownPartner]]] = field(default_factory=lambda: defaultdict(dict))

    def load_countries(self, country_ids: Iterable[int | None]) -> None:
        """Load the partners of the countries, and of none for None, that are not there yet. At most two queries."""
        missing = set(country_ids) - self._countries
        self._countries |= missing
        if None in missing:
            self._load(Partner.objects.filter(country=None))
        if missing - {None}:
            self._load(Partner.objects.filter(country__in=missing - {None}))

    def load_similar(self, newcomers: Iterable[KnownPartner]) -> None:
        """Load the partners of the newcomers' countries that may be like them: for a few newcomers, where whole countries are too much.

        One query for each newcomer, by its name, the beginnings of its two longest telling words, its acronym and its website.
        """
        for newcomer in newcomers:
            words = sorted({word for words in newcomer.telling for word in words if not word.isdigit()}, key=len)[-WORDS_ASKED:]
            like = Q(pk__in=[])
            for beginning in {*(word[:BLOCK_LETTERS] for word in words), *newcomer.acronyms}:
                like |= Q(search_key__contains=beginning)
            like |= Q(search_key__startswith=newcomer.names[0]) if newcomer.names[0] else Q()
            like |= Q(website__contains=newcomer.host) if newcomer.host else Q()
            for letters in newcomer.acronyms:
                like |= Q(search_key__line_like=" ".join(f"{letter}%" for letter in letters))
            for letters in newcomer.initials:
                like |= Q(search_key__contains=letters)
            self._load(Partner.objects.filter(like, country=newcomer.country_id))

    def load_partners(self, pks: Iterable[int]) -> None:
        """Load partners found by other means, such as an identifier. One query, or none."""
        if missing := set(pks) - self.by_pk.keys():
            self._load(Partner.objects.filter(pk__in=missing))

    def add(self, partner: KnownPartner) -> None:
        if partner.pk is not None:
            self.by_pk[partner.pk] = partner
        self._by_name[partner.country_id, partner.names[0]].append(partner)
        for key in block_keys(partner) if self.seek_likely else ():
            self._blocks[partner.country_id].setdefault(key, []).append(partner)

    def exact(self, *, name: str, country_id: int | None, city: str) -> list[KnownPartner]:
        """Partners of the same folded name and country, and of the same city where both sides give one."""
        place = fold(city)
        named = self._by_name.get((country_id, fold(name)), [])
        return [partner for partner in named if not place or not partner.city or partner.city == place]

    def likely(self, newcomer: KnownPartner, *, limit: int = 3) -> list[Likeness]:
        """Return the partners most like the newcomer, best first."""
        candidates = self._candidates(newcomer)
        spellings = [words for partner in candidates for words in partner.words]
        owners = [partner for partner in candidates for _words in partner.words]
        near = {
            owners[place]
            for words in newcomer.words
            for _spelling, _score, place in process.extract(
                words, spellings, scorer=fuzz.ratio, score_cutoff=SIMILAR_FROM * 100, limit=None
            )
        }
        near |= self._near_by_sign(newcomer)
        found = [likeness for partner in near if (likeness := compare(newcomer, partner)) is not None]
        return sorted(found, key=lambda likeness: (-likeness.score, likeness.partner.name))[:limit]

    def _near_by_sign(self, newcomer: KnownPartner) -> set[KnownPartner]:
        """Partners of the same website, or of whose name the newcomer's acronym is the first letters, or the other way round."""
        signs = [f"={letters}" for letters in newcomer.acronyms | newcomer.initials]
        blocks = self._blocks[newcomer.country_id]
        found = {partner for sign in signs for partner in blocks.get(sign, ()) if acronym_of(newcomer, partner)}
        found.update(blocks.get(f"//{newcomer.host}", ()) if newcomer.host else ())
        return {partner for partner in found if not partner.archived}

    def _candidates(self, newcomer: KnownPartner) -> list[KnownPartner]:
        """Return the partners who share a block with the newcomer, the rarest blocks first, at most some two hundred."""
        blocks = [self._blocks[newcomer.country_id].get(key, []) for key in block_keys(newcomer)]
        candidates: dict[KnownPartner, None] = {}
        for block in sorted(blocks, key=len):
            if len(candidates) + len(block) > CANDIDATES_PER_ROW:
                break
            candidates.update(dict.fromkeys(block))
        return [partner for partner in candidates if not partner.archived]

    def _load(self, partners: QuerySet[Partner]) -> None:
        columns = ("pk", "public_id", "name", "search_key", "country_id", "city", "website", "archived_at")
        # Without an order: a cursor would have the planner walk all names in order, for the sake of the first rows.
        rows = partners.order_by().values_list(*columns)
        for pk, public_id, name, search_key, country_id, city, website, archived_at in rows.iterator():
            if pk not in self.by_pk:
                names = tuple(search_key.split("\n"))
                self.add(KnownPartner(name, names, country_id, fold(city), host_of(website), pk, public_id, archived_at is not None))


def compare(newcomer: KnownPartner, other: KnownPartner) -> Likeness | None:
    """Return why two partners of one country may be the same, or None.

    The best pair of all their names counts, see ``crm.name_likeness``; an acronym that is the first letters of the other
    name counts as a name. Website, city and a shared short name add to it, different cities take away.
    """
    cities = frozenset(word for place in (newcomer.city, other.city) if place for word in telling_words(place))
    similarity = max(likeness(one, two, implied=cities) for one in newcomer.telling for two in other.telling)
    acronym = acronym_of(newcomer, other)
    if acronym:
        similarity = max(similarity, ACRONYM_COUNTS if len(acronym) > INITIALS_FROM else SIMILAR_FROM)
    same_host = bool(newcomer.host) and newcomer.host == other.host
    same_city = bool(newcomer.city) and newcomer.city == other.city
    cities_differ = bool(newcomer.city and other.city) and not same_city and telling_words(newcomer.city) != telling_words(other.city)
    shared = sorted(newcomer.acronyms & other.acronyms)
    score = similarity + 0.2 * same_host + 0.03 * same_city + 0.05 * bool(shared) - 0.1 * cities_differ
    if score < LIKELY_FROM or similarity < SIMILAR_FROM:
        return None
    found: list[Reason] = [("name", f"{similarity:.2f}"), ("country", "")]
    found += [("city", "")] if same_city else []
    found += [("website", newcomer.host)] if same_host else []
    found += [("short", shared[0].upper())] if shared else []
    found += [("acronym", acronym.upper())] if acronym else []
    return Likeness(other, min(score, 1.0), tuple(found))


def acronym_of(one: KnownPartner, other: KnownPartner) -> str:
    """Return a short name of the one that is the first letters of a name of the other, or "" for none."""
    return min((one.acronyms & other.initials) | (other.acronyms & one.initials), default="")


def host_of(website: str) -> str:
    """Return the host of an address without ``www.``; empty for none, and for hosts that many partners share."""
    if plain := _PLAIN_ADDRESS.match(website):
        host = plain[1]
    else:
        try:
            host = (urlsplit(website).hostname or "").removeprefix("www.")
        except ValueError:
            return ""
    return "" if host in _SHARED_HOSTS else host


def block_keys(partner: KnownPartner) -> set[str]:
    """Under what a partner is looked up: the beginnings of its telling words, its website, its first letters, all words."""
    keys = {word[:BLOCK_LETTERS] for words in partner.telling for word in words if len(word) > 2}
    keys |= {f"={letters}" for letters in partner.acronyms | partner.initials}
    keys |= {f"#{words}" for words in partner.words}
    return keys | {f"//{partner.host}"} if partner.host else keys
