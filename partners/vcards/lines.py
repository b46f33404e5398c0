"""From the bytes of a file to the properties of its cards: encodings, folding, soft breaks, groups and parameters."""

import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Pictures, sounds and keys are never read, however large.
IGNORED = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_LINE = re.compile(r'(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9-]+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';((?:[^":;]|"[^"]*")*)')
_HEAD = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)[;:]")
# What Python calls text encodings besides alphabets: they cost the square of the length, or run escapes.
_NO_ALPHABETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape", "utf-7"})
_BARE = {"QUOTED-PRINTABLE": "ENCODING", "BASE64": "ENCODING", "8BIT": "ENCODING", "7BIT": "ENCODING", "B": "ENCODING"}


@dataclass(frozen=True)
class Property:
    """One property of a card. ``parameters``: upper-case names, each with its values in upper case but for languages and charsets."""

    name: str
    value: str
    group: str = ""
    parameters: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        return next(iter(self.parameters.get(name, ())), "")


def decoded(data: bytes) -> tuple[str, bool]:
    """Return the text of a file and whether its letters are certain. Bytes of an unknown encoding are kept one by one (Latin-1)."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), True
    try:
        return data.decode(), True
    except UnicodeDecodeError:
        return data.decode("latin-1"), False


def logical_lines(text: str) -> Iterator[str]:
    """Yield lines put together again: folded ones, and quoted-printable ones that end in a soft break."""
    held: list[str] = []
    soft = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if held and (soft or line[:1] in (" ", "\t")):
            held.append(line if soft else line[1:])
        else:
            if held:
                yield "".join(held)
            held = [line]
        soft = _is_quoted(held[0]) and line.endswith("=")
        if soft:
            held[-1] = held[-1][:-1]
    if held:
        yield "".join(held)


def parse(line: str, *, certain: bool) -> Property | None:
    """Return the property that a line holds; None for a line that holds none. What is ignored comes without a value."""
    head = _HEAD.match(line)
    if head and head[1].upper() in IGNORED:
        return Property(head[1].upper(), "")
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    group, name, given, value = match.groups()
    parameters = _parameters(given)
    if "QUOTED-PRINTABLE" in parameters.get("ENCODING", ()):
        raw = quopri.decodestring(value.encode("latin-1" if not certain else "utf-8"))
        value = _text_of(raw, parameters)
    elif not certain:
        value = _text_of(value.encode("latin-1"), parameters)
    return Property(name.upper(), value, (group or "").lower(), parameters)


def _parameters(given: str) -> dict[str, list[str]]:
    """``;TYPE=home,pref;LANGUAGE=vi`` and, as in 2.1, bare ``;HOME;QUOTED-PRINTABLE``."""
    found: dict[str, list[str]] = {}
    for part in _PARAMETER.findall(given):
        name, is_named, value = part.partition("=")
        if not is_named:
            name, value = _BARE.get(part.strip().upper(), "TYPE"), part
        name = name.strip().upper()
        values = [single.strip().strip('"') for single in value.split(",")]
        found.setdefault(name, []).extend(values if name in ("LANGUAGE", "CHARSET") else [single.upper() for single in values])
    return found


def _text_of(raw: bytes, parameters: dict[str, list[str]]) -> str:
    """Decode bytes by the CHARSET that the property names, else as UTF-8, else as the letters of western and Vietnamese Windows."""
    named = next(iter(parameters.get("CHARSET", ())), "")
    for encoding in (_alphabet(named), "utf-8", "cp1258", "latin-1"):
        try:
            return raw.decode(encoding) if encoding else raw.decode()
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return raw.decode("utf-8", errors="replace")


def _alphabet(charset: str) -> str:
    """The encoding as Python calls it; empty for one that is unknown or stands for no alphabet."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""
    return "" if name in _NO_ALPHABETS else name


def _is_quoted(line: str) -> bool:
    return "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
