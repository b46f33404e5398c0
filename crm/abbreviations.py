"""What offices write short in Vietnamese names, so that "HN Lào Việt" and "Hội Hữu nghị Lào - Việt" meet."""

import re
from functools import lru_cache

# Folded: short → long. Only what means one thing in names of organisations; "TW" and "VN" are read so everywhere.
ABBREVIATIONS = {
    "lhcthn": "lien hiep cac to chuc huu nghi",
    "lhhn": "lien hiep huu nghi",
    "hhn": "hoi huu nghi",
    "hn": "huu nghi",
    "hnvn": "huu nghi viet nam",
    "vn": "viet nam",
    "dh": "dai hoc",
    "dhqg": "dai hoc quoc gia",
    "hv": "hoc vien",
    "cd": "cao dang",
    "bv": "benh vien",
    "tt": "trung tam",
    "lh": "lien hiep",
    "tw": "trung uong",
    "tp": "thanh pho",
    "hcm": "ho chi minh",
    "tphcm": "thanh pho ho chi minh",
    "ub": "uy ban",
    "ubnd": "uy ban nhan dan",
    "hd": "hoi dong",
    "hdnd": "hoi dong nhan dan",
    "bch": "ban chap hanh",
    "ld": "lien doan",
    "mttq": "mat tran to quoc",
    "lhpn": "lien hiep phu nu",
    "hlhpn": "hoi lien hiep phu nu",
    "dsq": "dai su quan",
    "tlsq": "tong lanh su quan",
    "tcpcp": "to chuc phi chinh phu",
    "cty": "cong ty",
    "tnhh": "trach nhiem huu han",
    "xhcn": "xa hoi chu nghia",
    "khxh": "khoa hoc xa hoi",
    "univ": "university",
    "assoc": "association",
    "inst": "institute",
    "intl": "international",
    "natl": "national",
    "dept": "department",
    "govt": "government",
    "org": "organization",
    "organisation": "organization",
    "centre": "center",
}
_LONG_FORMS = {long: short for short, long in ABBREVIATIONS.items() if " " in long}
_LONG_FORM = re.compile(rf"\b({'|'.join(sorted(map(re.escape, _LONG_FORMS), key=len, reverse=True))})\b")


@lru_cache(maxsize=65_536)
def spelt_out(folded: str) -> str:
    """Return the folded text with every abbreviation written in full."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in folded.split())


def short_for(folded: str) -> str | None:
    """Return how a folded phrase is written short, or None."""
    return _LONG_FORMS.get(folded)


def long_forms_in(folded: str) -> list[tuple[int, int]]:
    """Return where (start, end) the folded text holds phrases that are also written short."""
    return [found.span() for found in _LONG_FORM.finditer(folded)]


def initials(folded: str) -> str:
    """Return the first letters of the words: "hoi huu nghi lao viet" gives "hhnlv"."""
    return "".join(word[0] for word in folded.split())
