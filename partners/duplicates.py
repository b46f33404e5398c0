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

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from crm.text import fold as fold_anew
from partners.models import Partner

LIKELY_FROM = 0.92
SIMILAR_FROM = 0.75
BLOCK_LETTERS = 5
CANDIDATES_PER_ROW = 200
# Many partners share these hosts, so that they say nothing about who it is.
_SHARED_HOSTS = frozenset(
    {"facebook.com", "sites.google.com", "linkedin.com", "twitter.com", "x.com", "youtube.com", "instagram.com", "wordpress.com"}
)
# A list names the same cities, and each of its names is compared in several ways.
fold = lru_cache(maxsize=65_536)(fold_anew)
_NUMBERS = re.compile(r"\d+")


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
    words: tuple[str, ...] = field(init=False)  # names of several words, their words in alphabetical order

    def __post_init__(self) -> None:
        # Acronyms are left to the rule on short names: "IAIN" and "UIN" are alike as letters and say nothing.
        long_names = [name for name in self.names if " " in name] or self.names[:1]
        self.words = tuple(" ".join(sorted(name.split())) for name in long_names)

    @classmethod
    def of(cls, *, name: str, other_names: Iterable[str], country_id: int | None, city: str, website: str, row: int = 0) -> "KnownPartner":
        folded = tuple(dict.fromkeys(fold(each) for each in (name, *other_names)))
        return cls(name, folded, country_id, fold(city), host_of(website), row=row)


@dataclass(frozen=True, slots=True)
class Likeness:
    """A partner that a row may mean: how alike the names are (0 to 1), and the reasons in words."""

    partner: KnownPartner
    score: float
    reasons: tuple[str, ...]


@dataclass
class KnownPartners:
    """The partners that a run over a list compares with; countries are loaded when first asked for.

    ``seek_likely``: also prepare for ``likely``, which an exact comparison can do without.
    """

    seek_likely: bool = True
    by_pk: dict[int, KnownPartner] = field(default_factory=dict)
    _countries: set[int | None] = field(default_factory=set)
    _by_name: dict[tuple[int | None, str], list[KnownPartner]] = field(default_factory=lambda: defaultdict(list))
    _blocks: dict[tuple[int | None, str], list[KnownPartner]] = field(default_factory=lambda: defaultdict(list))

    def load_countries(self, country_ids: Iterable[int | None]) -> None:
        """Load the partners of the countries, and of none for None, that are not there yet. At most two queries."""
        missing = set(country_ids) - self._countries
        self._countries |= missing
        if None in missing:
            self._load(Partner.objects.filter(country=None))
        if missing - {None}:
            self._load(Partner.objects.filter(country__in=missing - {None}))

    def load_partners(self, pks: Iterable[int]) -> None:
        """Load partners found by other means, such as an identifier. One query, or none."""
        if missing := set(pks) - self.by_pk.keys():
            self._load(Partner.objects.filter(pk__in=missing))

    def add(self, partner: KnownPartner) -> None:
        if partner.pk is not None:
            self.by_pk[partner.pk] = partner
        self._by_name[partner.country_id, partner.names[0]].append(partner)
        for key in _block_keys(partner.names, partner.host) if self.seek_likely else ():
            self._blocks[partner.country_id, key].append(partner)

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
        near |= {partner for partner in candidates if newcomer.host and partner.host == newcomer.host}
        found = [likeness for partner in near if (likeness := compare(newcomer, partner)) is not None]
        return sorted(found, key=lambda likeness: (-likeness.score, likeness.partner.name))[:limit]

    def _candidates(self, newcomer: KnownPartner) -> list[KnownPartner]:
        """Return the partners who share a block with the newcomer, the rarest blocks first, at most some two hundred."""
        blocks = [self._blocks.get((newcomer.country_id, key), []) for key in _block_keys(newcomer.names, newcomer.host)]
        candidates: dict[KnownPartner, None] = {}
        for block in sorted(blocks, key=len):
            if len(candidates) + len(block) > CANDIDATES_PER_ROW:
                break
            candidates.update(dict.fromkeys(block))
        return [partner for partner in candidates if not partner.archived]

    def _load(self, partners: QuerySet[Partner]) -> None:
        columns = ("pk", "public_id", "name", "search_key", "country_id", "city", "website", "archived_at")
        for pk, public_id, name, search_key, country_id, city, website, archived_at in partners.values_list(*columns).iterator():
            if pk not in self.by_pk:
                names = tuple(search_key.split("\n"))
                self.add(KnownPartner(name, names, country_id, fold(city), host_of(website), pk, public_id, archived_at is not None))


def compare(newcomer: KnownPartner, other: KnownPartner) -> Likeness | None:
    """Return why two partners of one country may be the same, or None.

    Names count by the share of letters that agree, words in any order (rapidfuzz ``ratio`` of sorted words), best
    pair of all names. Different numbers in the names ("Polyclinic 1", "Polyclinic 2") rule a likeness out.
    """
    if _NUMBERS.findall(newcomer.names[0]) != _NUMBERS.findall(other.names[0]):
        return None
    similarity = max(process.extractOne(words, other.words, scorer=fuzz.ratio)[1] for words in newcomer.words) / 100
    same_host = bool(newcomer.host) and newcomer.host == other.host
    same_city = bool(newcomer.city) and newcomer.city == other.city
    cities_differ = bool(newcomer.city and other.city) and not same_city
    shared_short_names = {name for name in newcomer.names if name in other.names and " " not in name}
    score = similarity + 0.2 * same_host + 0.03 * same_city + 0.05 * bool(shared_short_names) - 0.06 * cities_differ
    if score < LIKELY_FROM or (similarity < SIMILAR_FROM and not same_host):
        return None
    reasons = [_("name %(similarity)s") % {"similarity": f"{similarity:.2f}"}, _("same country")]
    if same_city:
        reasons.append(_("same city"))
    if same_host:
        reasons.append(_("same website %(host)s") % {"host": newcomer.host})
    if shared_short_names:
        reasons.append(_("same short name %(name)s") % {"name": min(shared_short_names).upper()})
    return Likeness(other, min(score, 1.0), tuple(reasons))


def host_of(website: str) -> str:
    """Return the host of an address without ``www.``; empty for none, and for hosts that many partners share."""
    try:
        host = (urlsplit(website).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    return "" if host in _SHARED_HOSTS else host


def _block_keys(names: tuple[str, ...], host: str) -> set[str]:
    keys = {word[:BLOCK_LETTERS] for name in names for word in name.split() if len(word) > 2}
    return keys | {f"//{host}"} if host else keys
