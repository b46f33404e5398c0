"""Looking through the whole register for records that may be the same: country by country, never all pairs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from crm.choices import PairState
from partners.duplicates import KnownPartners, KnownPerson, compare_people
from partners.duplicates.people import person_keys
from partners.models import DuplicateScan, Partner, PartnerPair, Person, PersonPair, Post

PARTNERS, PEOPLE = "partners", "people"
CANDIDATES_PER_PERSON = 100
PAIRS_PER_RECORD = 5
# Up to so many changed partners of a country, only those like them are read, not the whole country.
FEW = 50
ABANDONED_AFTER = timedelta(minutes=30)

Found = dict[tuple[int, int], tuple[int, list[tuple[str, str]]]]


def start_scan(noun: str, *, everything: bool = False, take_over: bool = False) -> DuplicateScan | None:
    """Open a scan over what changed since the last whole one, or over everything; None while another one runs.

    ``take_over``: whoever ran the one that is open is known to be lost, so it goes on at once.
    """
    running = DuplicateScan.objects.filter(noun=noun, finished_at=None, heartbeat_at__gt=timezone.now() - ABANDONED_AFTER)
    if running.exists() and not take_over:
        return None
    unfinished = DuplicateScan.objects.filter(noun=noun, finished_at=None).first()
    if unfinished is not None:
        return unfinished
    last = DuplicateScan.objects.filter(noun=noun, finished_at__isnull=False).order_by("-started_at").first()
    since = None if everything or last is None else last.started_at
    scan = DuplicateScan(noun=noun, since=since, started_at=timezone.now(), heartbeat_at=timezone.now())
    scan.rows_total = sum(count for _country, count in _countries(_model_of(noun), scan))
    scan.save()
    return scan


def scan_next(scan: DuplicateScan) -> bool:
    """Look through the next country; return whether there are more. Safe to run twice, and to be taken up by another worker."""
    model = _model_of(scan.noun)
    countries = _countries(model, scan)
    done = 0
    for country, count in countries:
        if done + count > scan.rows_done:
            found = _likely_partners(country, scan.since) if scan.noun == PARTNERS else _likely_people(country, scan.since)
            with transaction.atomic():
                scan.pairs_found += _store(scan.noun, found)
                scan.rows_done, scan.heartbeat_at = done + count, timezone.now()
                scan.save(update_fields=["pairs_found", "rows_done", "heartbeat_at"])
            break
        done += count
    if scan.rows_done >= sum(count for _country, count in countries):
        scan.finished_at = timezone.now()
        scan.save(update_fields=["finished_at"])
    return scan.finished_at is None


def _model_of(noun: str) -> Any:
    return Partner if noun == PARTNERS else Person


def _changed(model: Any, since: datetime | None) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.live()
    return rows if since is None else rows.filter(updated_at__gte=since)


def _countries(model: Any, scan: DuplicateScan) -> list[tuple[int | None, int]]:
    """Countries with records to look at, and how many, in a fixed order. Records made meanwhile wait for the next scan."""
    # Archived ones are counted too: a record archived meanwhile must not shift what is done.
    rows = model.objects.filter(created_at__lt=scan.started_at).order_by("country")
    rows = rows if scan.since is None else rows.filter(updated_at__gte=scan.since)
    return list(rows.values_list("country").annotate(count=Count("pk")).values_list("country", "count"))


# --- Partners -----------------------------------------------------------------------------------------------


def _likely_partners(country: int | None, since: datetime | None) -> Found:
    known = KnownPartners()
    changed = None if since is None else list(_changed(Partner, since).filter(country=country).values_list("pk", flat=True))
    if changed is not None and len(changed) <= FEW:
        known.load_partners(changed)
        known.load_similar(list(known.by_pk.values()))
    else:
        known.load_countries([country])
    newcomers = known.by_pk.values() if changed is None else [known.by_pk[pk] for pk in changed]
    found: Found = {}
    for partner in newcomers:
        for likeness in known.likely(partner, limit=PAIRS_PER_RECORD + 1) if not partner.archived else ():
            if likeness.partner is not partner:
                found[_pair(partner, likeness.partner)] = (round(likeness.score * 100), list(likeness.evidence))
    return found


def _pair(one: Any, other: Any) -> tuple[int, int]:
    return (one.pk, other.pk) if one.pk < other.pk else (other.pk, one.pk)


# --- People -------------------------------------------------------------------------------------------------


@dataclass
class KnownPeople:
    """The people that one is compared with: those who share the beginning of two words of the name, or an address."""

    by_pk: dict[int, KnownPerson] = field(default_factory=dict)
    _blocks: dict[str, list[KnownPerson]] = field(default_factory=lambda: defaultdict(list))

    def load(self, people: QuerySet[Person]) -> None:
        """Load people with the partners of their posts. Two queries."""
        posts = defaultdict(set)
        for person, partner in Post.objects.live().filter(person__in=people.values("pk")).values_list("person", "partner"):
            posts[person].add(partner)
        rows = people.order_by().values_list("pk", "search_key", "country", "email", "phone")
        for pk, key, country, email, phone in rows.iterator():
            self.add(KnownPerson(tuple(key.split("\n")), country, email, phone, frozenset(posts[pk]), pk))

    def add(self, person: KnownPerson) -> None:
        if person.pk is not None:
            self.by_pk[person.pk] = person
        for key in person_keys(person):
            self._blocks[key].append(person)

    def likely(self, newcomer: KnownPerson) -> Iterator[tuple[KnownPerson, float, tuple[tuple[str, str], ...]]]:
        candidates: dict[KnownPerson, None] = {}
        for block in sorted((self._blocks.get(key, []) for key in person_keys(newcomer)), key=len):
            if len(candidates) + len(block) > CANDIDATES_PER_PERSON:
                break
            candidates.update(dict.fromkeys(block))
        for person in candidates:
            if person is not newcomer and (judged := compare_people(newcomer, person)) is not None:
                yield person, *judged


def similar_people(person: Person, *, partners: Iterable[int], among: QuerySet[Person]) -> list[Person]:
    """People in use that the one entered may be, the likeliest first. For warnings; ``among``: whom the reader may see."""
    newcomer = KnownPerson.of(
        forms=[person.full_name, person.latin_name, person.native_name],
        country_id=person.country_id, email=person.email, phone=person.phone, partners=partners,
    )  # fmt: skip
    alike = Q(pk__in=[])
    for words in newcomer.words:
        longest = max(words, key=len)
        alike |= Q(search_key__contains=longest)
    alike |= Q(email__iexact=newcomer.email) if newcomer.email else Q()
    # A name with a letter wrong counts only where a partner or an address agrees, so its people are read whole.
    alike |= Q(pk__in=Post.objects.live().filter(partner__in=newcomer.partners).values("person")) if newcomer.partners else Q()
    known = KnownPeople()
    known.load(among.filter(alike, archived_at=None).exclude(pk=person.pk))
    judged = sorted(known.likely(newcomer), key=lambda found: -found[1])
    different = _called_different(PersonPair, person.pk)
    rows = Person.objects.select_related("country").in_bulk([found.pk for found, _score, _reasons in judged if found.pk not in different])
    return [rows[found.pk] for found, _score, _reasons in judged if found.pk in rows]


def _likely_people(country: int | None, since: datetime | None) -> Found:
    """People of a country, with those whose country is not known."""
    known = KnownPeople()
    known.load(Person.objects.live().filter(Q(country=country) | Q(country=None)))
    own = _changed(Person, since).filter(country=country)
    found: Found = {}
    for pk in own.values_list("pk", flat=True):
        person = known.by_pk.get(pk)
        if person is None:
            continue
        best = sorted(known.likely(person), key=lambda judged: -judged[1])[:PAIRS_PER_RECORD]
        for other, score, reasons in best:
            found[_pair(person, other)] = (round(score * 100), list(reasons))
    return found


# --- Keeping ------------------------------------------------------------------------------------------------


def _store(noun: str, found: Found) -> int:
    """Keep new pairs, return how many. A pair that is there already stays as somebody left it."""
    model: Any = PartnerPair if noun == PARTNERS else PersonPair
    firsts = {first for first, _second in found}
    there = set(model.objects.filter(first__in=firsts).values_list("first", "second"))
    new = [
        model(first_id=first, second_id=second, score=score, reasons=reasons)
        for (first, second), (score, reasons) in sorted(found.items())
        if (first, second) not in there
    ]
    model.objects.bulk_create(new, batch_size=1_000, ignore_conflicts=True)
    return len(new)


def called_different(partner: Partner) -> set[int]:
    """Partners that somebody has said are not this one."""
    return _called_different(PartnerPair, partner.pk)


def _called_different(model: Any, pk: int | None) -> set[int]:
    if pk is None:
        return set()
    pairs = model.objects.filter(Q(first=pk) | Q(second=pk), state=PairState.DIFFERENT).values_list("first", "second")
    return {end for pair in pairs for end in pair} - {pk}
