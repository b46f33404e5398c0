"""Who promised something at a meeting, by the word of the minutes: a unit or a colleague of ours, a partner or a person of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from activities.choices import Side
from activities.grammar.minutes import Promised
from activities.lookup.vocabulary import colleague_among, colleagues
from activities.models import Exchange
from crm.choices import UnitKind
from crm.models import Unit, User
from crm.text import fold
from partners.models import Partner, Person, Post

_POLITE = frozenset(
    [
        "ong",
        "ba",
        "anh",
        "chi",
        "em",
        "ngai",
        "dong",
        "d",
        "c",
        "dc",
        "co",
        "bac",
        "mr",
        "mrs",
        "ms",
        "dr",
        "gs",
        "ts",
        "pgs",
        "ths",
        "prof",
    ]
)


@dataclass(frozen=True)
class Promiser:
    """Whose promise it is. ``side`` None: nobody is named. The partner is None where there are several to choose from."""

    side: Side | None = None
    partner: Partner | None = None
    person: Person | None = None
    unit: Unit | None = None
    assignee: User | None = None


class Promisers:
    """All who may promise something at one exchange, as far as the reader may see them. At most five queries for all minutes."""

    def __init__(self, exchange: Exchange, *, by: User) -> None:
        self.exchange, self.by = exchange, by

    def of(self, promised: Promised) -> Promiser:
        """Who promised it: the side that the words name, else whoever the first part of the line is the name of."""
        if promised.side is not None:
            return Promiser(promised.side, self._only_partner)
        return self._named(promised.who) if promised.who else Promiser(partner=self._only_partner)

    def _named(self, typed: str) -> Promiser:
        folded = fold(typed)
        bare = " ".join(word for word in folded.split() if word not in _POLITE)
        if (unit := self._units.get(folded)) is not None:
            return Promiser(Side.OURS, self._only_partner, unit=unit)
        partners = [partner for partner in self.partners if _is_called(folded, partner.search_key)]
        if len(partners) == 1:
            return Promiser(Side.THEIRS, partners[0])
        people = [(person, partner) for person, partner in self._people if _is_named(bare, person.search_key)]
        colleague = colleague_among(self._colleagues, bare) if bare else None
        if bool(people) == bool(colleague):
            return Promiser(partner=self._only_partner)
        if colleague:
            return Promiser(Side.OURS, self._only_partner, assignee=colleague)
        if len({person.pk for person, _partner in people}) > 1:
            return Promiser(partner=self._only_partner)
        person, partner = people[0]
        return Promiser(Side.THEIRS, partner or self._only_partner, person)

    @cached_property
    def partners(self) -> list[Partner]:
        """The partners of the exchange, in protocol order."""
        rows = Partner.objects.visible_to(self.by).filter(participations__exchange=self.exchange)
        return list(rows.order_by("participations__rank", "participations__id"))

    @property
    def people(self) -> list[Person]:
        """People of theirs who may have promised something, each once."""
        return list({person.pk: person for person, _partner in self._people}.values())

    @property
    def _only_partner(self) -> Partner | None:
        return self.partners[0] if len(self.partners) == 1 else None

    @cached_property
    def _people(self) -> list[tuple[Person, Partner | None]]:
        """People present for the other side, and who held a post at its partners on that day."""
        partners = {partner.pk: partner for partner in self.partners}
        seen = Person.objects.visible_to(self.by).live()
        posts = Post.objects.live().on(self.exchange.starts_on).filter(partner__in=partners, person__in=seen.values("pk"))
        held = [(post.person, partners[post.partner_id]) for post in posts.select_related("person")]
        known = {person.pk for person, _partner in held}
        present = seen.filter(Q(attendances__exchange=self.exchange), ~Q(pk__in=known)).distinct()
        return [*held, *((person, None) for person in present)]

    @cached_property
    def _units(self) -> dict[str, Unit]:
        """Units of the day by code and names; a provincial union also by the name of its province. A name of two units is of none."""
        named: dict[str, set[Unit]] = {}
        for unit in Unit.objects.on(self.exchange.starts_on).select_related("province"):
            for name in _names_of(unit):
                named.setdefault(fold(name), set()).add(unit)
        return {name: units.pop() for name, units in named.items() if name and len(units) == 1}

    @cached_property
    def _colleagues(self) -> list[User]:
        return list(colleagues())


def _names_of(unit: Unit) -> Iterable[str]:
    yield from (unit.code, unit.short_name, unit.name_vi, unit.name_en)
    if unit.kind == UnitKind.PROVINCIAL_UNION and unit.province is not None:
        yield from (unit.province.name_vi, f"LHHN {unit.province.name_vi}", f"LHHN tỉnh {unit.province.name_vi}")


def _is_called(folded: str, search_key: str) -> bool:
    """Whether one of the names is the words, or holds all of them where there are at least two."""
    words = folded.split()
    names = search_key.split("\n")
    return folded in names or (len(words) > 1 and any(set(words) <= set(name.split()) for name in names))


def _is_named(bare: str, search_key: str) -> bool:
    words = bare.split()
    return bool(words) and any(set(words) <= set(name.split()) for name in search_key.split("\n"))
