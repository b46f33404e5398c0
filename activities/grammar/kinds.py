"""Which words say what kind of exchange it was, and which way: a table, longest phrase first. docs/logging-grammar.md lists it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from activities.choices import Direction
from activities.grammar.lines import Line, Word

IN, OUT = Direction.IN, Direction.OUT

# Phrases without marks, by the code of the kind and the direction that they say; None: as usual for the kind.
_PHRASES: dict[tuple[str, Direction | None], str] = {
    (
        "DELEGATION_IN",
        IN,
    ): "tiep doan, don doan, don tiep doan, tiep don doan, doan vao, doan den, den tham, vao tham, tham viet nam, "
    "sang tham viet nam, "
    "incoming delegation, received delegation, received a delegation, hosted delegation, hosted a delegation, welcomed",
    ("DELEGATION_OUT", OUT): "doan ra, doan di, cu doan, dan doan, doan tham, di tham, sang tham, tham va lam viec tai, "
    "outgoing delegation, sent delegation, sent a delegation, delegation to, visited, visit to, trip to",
    ("COURTESY_CALL", IN): "tiep, tiep xa giao, chao xa giao, den chao, courtesy call, courtesy call by, received",
    ("COURTESY_CALL", OUT): "den chao xa giao, courtesy call on",
    ("TALKS", None): "hoi dam, talks",
    ("WORKING_MEETING", None): "hop, hop voi, hop ban, lam viec, lam viec voi, buoi lam viec, gap, gap lam viec, trao doi cong viec, "
    "met, met with, meeting, meeting with, working meeting, working session",
    ("WORKING_MEETING", IN): "tiep va lam viec",
    (
        "ONLINE_MEETING",
        None,
    ): "hop truc tuyen, hoi dam truc tuyen, lam viec truc tuyen, gap truc tuyen, hop online, hop qua mang, "
    "hop zoom, hop qua zoom, truc tuyen, zoom, online, online meeting, online talks, video call, videoconference",
    ("CONGRATULATION", OUT): "chuc mung, thu mung, dien mung, thiep mung, gui thu mung, gui dien mung, gui thiep mung, thu chuc mung, "
    "gui thu chuc mung, congratulated, congratulations, letter of congratulation, sent congratulations",
    ("CONGRATULATION", IN): "nhan thu mung, nhan dien mung, nhan thiep mung, nhan thu chuc mung, received congratulations",
    ("CONDOLENCE", OUT): "chia buon, dien chia buon, gui dien chia buon, thu chia buon, gui thu chia buon, vieng, condolences, "
    "sent condolences, message of sympathy",
    ("CONDOLENCE", IN): "nhan dien chia buon, nhan thu chia buon, received condolences",
    ("LETTER_EXCHANGE", None): "trao doi thu, trao doi thu tu, exchanged letters",
    (
        "LETTER_EXCHANGE",
        OUT,
    ): "gui thu, gui cong ham, gui cong van, gui van ban, gui email, viet thu, goi dien, sent letter, "
    "sent a letter, wrote to, emailed, called, letter to",
    ("LETTER_EXCHANGE", IN): "nhan thu, nhan cong ham, nhan cong van, nhan email, received letter, received a letter, letter from",
    ("SIGNING", None): "ky, ky ket, ky thoa thuan, ky ban ghi nho, ky mou, ky bien ban, ky hop tac, le ky, signed, signing",
    ("TWINNING", None): "ket nghia, ky ket nghia, twinning, twinned",
    ("ACTION_PLAN", None): "ke hoach hop tac, ky ke hoach hop tac, action plan",
    ("ANNIVERSARY", None): "ky niem, le ky niem, mit tinh, mit tinh ky niem, anniversary",
    ("SEMINAR_INT", None): "hoi thao, toa dam, seminar, workshop, symposium",
    ("CONFERENCE_INT", None): "hoi nghi, conference",
    ("FORUM_SESSION", None): "dien dan, du dien dan, tham du dien dan, forum",
    ("TRAINING_COURSE", None): "tap huan, boi duong, training, training course",
    ("DIPLOMATIC_RECEPTION", None): "chieu dai, du chieu dai, du quoc khanh, reception, national day reception",
    ("FRIENDSHIP_EXCHANGE", None): "giao luu, giao luu huu nghi, friendship exchange, friendship gathering",
    ("YOUTH_CAMP", None): "giao luu thanh nien, giao luu sinh vien, trai he, youth exchange, youth camp",
    ("PEOPLE_GATHERING", None): "gap go, lien hoan, gap go huu nghi, lien hoan huu nghi",
    ("CULTURAL_EVENT", None): "bieu dien, dem nhac, bieu dien van nghe, concert, performance",
    ("EXHIBITION", None): "trien lam, exhibition",
    ("FILM_SCREENING", None): "chieu phim, tuan phim, film screening, film week",
    ("SPORT_EVENT", None): "giao huu, giao huu the thao, friendly match",
    ("FOOD_TOURISM", None): "ngay am thuc, le hoi am thuc, food festival",
    ("AID_RECEIPT", IN): "tiep nhan vien tro, nhan vien tro, received aid",
    ("AID_GIVEN", OUT): "ho tro ban be quoc te, gave aid",
    ("DONATION_EVENT", None): "trao tang, trao qua, tang qua, quyen gop, donation, donated, handed over gifts",
    ("EMERGENCY_RELIEF", None): "cuu tro, cuu tro khan cap, emergency relief",
    ("FIELD_VISIT", None): "khao sat, khao sat thuc dia, tham du an, field visit, site visit",
    ("DELEGATION_DOMESTIC", None): "doan cong tac, working trip",
    ("AWARD", None): "trao ky niem chuong, trao huan chuong, trao tang ky niem chuong, awarded, award",
    ("VISIT_FAMILY", None): "tham hoi, tham gia dinh",
    ("STATEMENT", OUT): "ra tuyen bo, tuyen bo, tuyen bo chung, statement, joint statement",
    ("DIASPORA_MEETING", None): "gap mat kieu bao, gap kieu bao",
}
VERBS = {tuple(phrase.split()): meaning for meaning, phrases in _PHRASES.items() for phrase in phrases.split(", ")}

# What says that it is still to come; a plan or a preparation only where it is not what the exchange was about.
_AHEAD = {tuple(phrase.split()) for phrase in ("du kien", "se", "chuan bi", "ke hoach", "planned", "planning", "will", "upcoming")}
_SUBJECTS = frozenset([("ke", "hoach"), ("chuan", "bi")])
# A verb shorter than this is too easily one letter away from another word.
_SHORTEST_MISTYPED = 8


@dataclass(frozen=True)
class Kind:
    """The code of a kind, and the direction that the words say; None: as usual for the kind. ``start``: where they stand."""

    code: str
    direction: Direction | None
    start: int = 0

    def by_partner(self) -> "Kind":
        """The same said of the partner: "Hội X sang thăm" is their visit, "Hội X gửi thư mừng" their letter."""
        if self.direction != OUT:
            return self
        return Kind("DELEGATION_IN" if self.code == "DELEGATION_OUT" else self.code, IN, self.start)


def read_kind(line: Line, labels: dict[tuple[str, ...], str]) -> Kind | None:
    """Read the first kind that the line names, by a verb or by a label of a kind, and blot it out. Of several that begin at
    one word the longest is meant; only where there is none, one with a letter mistyped.

    ``labels``: folded words of a label by the code of its kind.
    """
    phrases = {words: Kind(code, None) for words, code in labels.items()}
    phrases |= {words: Kind(code, direction) for words, (code, direction) in VERBS.items()}
    found = _first_phrase(line, phrases) or _first_mistyped(line, VERBS)
    if found is None:
        return None
    words, phrase = found
    line.blot(words[0].start, words[-1].end)
    return replace(phrases[phrase], start=words[0].start)


def read_ahead(line: Line) -> bool:
    """Whether the line says that the exchange is planned; the words that say so are blotted out."""
    found = _first_phrase(line, _AHEAD)
    if found is None or (found[1] in _SUBJECTS and _is_subject(line, found[0])):
        return False
    line.blot(found[0][0].start, found[0][-1].end)
    return True


def _is_subject(line: Line, words: list[Word]) -> bool:
    """ "Kế hoạch hợp tác" is a kind of exchange, and "làm việc về kế hoạch năm sau" was held: a verb stands before."""
    verb = _first_phrase(line, VERBS)
    return line.shadow[words[-1].end :].lstrip().startswith("hop tac") or (verb is not None and verb[0][0].start < words[0].start)


def _first_phrase(line: Line, phrases: Iterable[tuple[str, ...]]) -> tuple[list[Word], tuple[str, ...]] | None:
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        by_first.setdefault(phrase[0], []).append(phrase)
    words = line.words()
    for place, word in enumerate(words):
        for phrase in sorted(by_first.get(word.folded, ()), key=len, reverse=True):
            candidate = words[place : place + len(phrase)]
            if tuple(other.folded for other in candidate) == phrase and _stand_together(line, candidate):
                return candidate, phrase
    return None


def _first_mistyped(line: Line, phrases: Iterable[tuple[str, ...]]) -> tuple[list[Word], tuple[str, ...]] | None:
    """The first words that are one letter away from a phrase of several words: "tếp đoàn"."""
    long = [phrase for phrase in phrases if len(phrase) > 1 and len(" ".join(phrase)) >= _SHORTEST_MISTYPED]
    words = line.words()
    for place in range(len(words)):
        for phrase in sorted(long, key=len, reverse=True):
            candidate = words[place : place + len(phrase)]
            typed = " ".join(word.folded for word in candidate)
            if (
                len(candidate) == len(phrase)
                and OSA.distance(typed, " ".join(phrase), score_cutoff=1) <= 1
                and _stand_together(line, candidate)
            ):
                return candidate, phrase
    return None


def _stand_together(line: Line, words: list[Word]) -> bool:
    return "\x00" not in line.shadow[words[0].start : words[-1].end]
