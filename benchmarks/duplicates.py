"""Looking through the whole register for duplicates: how long, how much memory, how many of those planted; and the gold set."""

import random
import resource
import time

from django.utils import timezone

from benchmarks.gold import gold_pairs, score
from benchmarks.measure import heading, line
from crm.text import fold
from partners.actions.duplicate_scans import PARTNERS, scan_next, start_scan
from partners.models import Partner, PartnerPair

PLANTED_SHARE = 0.02
CHANGED = 100


def run() -> None:
    planted = _plant()
    heading(
        f"Duplicates among {Partner.objects.count():,} partners, {len(planted):,} of them planted: abbreviated, mistyped, in another order"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, found = _scan(everything=True)
    pairs = set(PartnerPair.objects.values_list("first", "second"))
    line("everything, from nothing", f"{seconds:.0f} s", f"{found:,} pairs")
    line("planted ones found", f"{sum(pair in pairs for pair in planted) / max(1, len(planted)):.1%}")
    line("more memory than before", f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MiB")
    Partner.objects.filter(pk__in=[first for first, _second in planted[:CHANGED]]).update(updated_at=timezone.now())
    seconds, found = _scan(everything=False)
    line(f"only what changed since ({CHANGED} partners)", f"{seconds:.1f} s", f"{found:,} pairs")
    heading("Likely duplicates told from look-alikes, pairs judged by hand")
    line("", "pairs", "precision", "recall")
    for name, held_out in (("half used for tuning", False), ("half kept out of all tuning", True)):
        judged = score([pair for pair in gold_pairs() if pair.held_out is held_out])
        line(name, str(judged.pairs), f"{judged.precision:.3f}", f"{judged.recall:.3f}")
    judged = score(gold_pairs())
    line("all (goal: recall >= 0.95 at precision >= 0.9)", str(judged.pairs), f"{judged.precision:.3f}", f"{judged.recall:.3f}")


def _scan(*, everything: bool) -> tuple[float, int]:
    start = time.perf_counter()
    scan = start_scan(PARTNERS, everything=everything)
    if scan is None:
        raise RuntimeError("Another scan is running.")
    while scan_next(scan):
        pass
    return time.perf_counter() - start, scan.pairs_found


def _plant() -> list[tuple[int, int]]:
    """Copies of some partners under names as people mistype and shorten them; as pairs of numbers."""
    dice = random.Random(20261122)
    pks = list(Partner.objects.order_by("pk").values_list("pk", flat=True))
    chosen = dice.sample(pks, int(len(pks) * PLANTED_SHARE))
    originals = list(Partner.objects.filter(pk__in=chosen).order_by("pk"))
    copies = []
    for original in originals:
        name = dice.choice((_mistyped, _shortened, _turned))(original.name, dice)
        copy = Partner(name=name, kind_id=original.kind_id, country_id=original.country_id)
        copy.set_keys([])
        copies.append(copy)
    Partner.objects.bulk_create(copies, batch_size=1_000)
    return [(original.pk, copy.pk) for original, copy in zip(originals, copies, strict=True) if original.pk < copy.pk]


def _mistyped(name: str, dice: random.Random) -> str:
    """One letter of the longest word left out."""
    word = max(name.split(), key=len)
    place = dice.randrange(1, len(word))
    return name.replace(word, word[:place] + word[place + 1 :], 1)


def _shortened(name: str, dice: random.Random) -> str:
    short = {"Hữu nghị": "HN", "Đại học": "ĐH", "Trung tâm": "TT", "University": "Univ", "Institute": "Inst", "Association": "Assoc"}
    for long, form in short.items():
        name = name.replace(long, form)
    return fold(name)


def _turned(name: str, dice: random.Random) -> str:
    words = name.split()
    return " ".join([*words[1:-1], words[0], words[-1]])
