"""The user guide inside the product: the chapters of ``docs/user-guide``, in the reader's language and the product's design."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from markdown_it import MarkdownIt
from markdown_it.token import Token

from crm.permissions import Permission, requires

GUIDE = settings.BASE_DIR / "docs" / "user-guide"
PICTURES = "pictures"
CONTENTS = "README.md"
# The chapter that helps on a page, by the beginning of the page's name; the longest beginning counts.
CHAPTER_OF = {
    "desk": "desk",
    "account": "desk",
    "crm:": "lists",
    "crm:preferences": "desk",
    "crm:notification": "follow-ups",
    "crm:connection": "connections",
    "crm:credential": "connections",
    "crm:webhook": "connections",
    "crm:workbook": "connections",
    "partners:proposal": "connections",
    "partners:": "partners",
    "partners:person": "people",
    "partners:post": "people",
    "partners:vcard": "people",
    "partners:duplicate": "duplicates",
    "partners:merge": "duplicates",
    "partners:pair": "duplicates",
    "partners:import": "import",
    "activities:": "log",
    "activities:follow-up": "follow-ups",
    "activities:calendar": "follow-ups",
    "activities:occasion": "follow-ups",
    "activities:agreement": "agreements",
    "activities:commitment": "commitments",
    "activities:exchange-minutes": "commitments",
    "activities:twinning": "agreements",
    "activities:hand-over": "hand-over",
    "reports:": "coverage",
    "reports:gap": "gaps",
    "reports:collision": "gaps",
    "reports:risk": "risks",
    "reports:partner-risks": "risks",
    "reports:partner-engagement": "risks",
    "reports:briefing": "briefings",
    "reports:country": "briefings",
    "reports:succession": "gaps",
    "reports:reporting": "gaps",
    "reports:known": "known",
    "reports:plan": "plan",
    "reports:action": "plan",
    "reports:digest": "plan",
    "reports:policy": "policy",
    "reports:periodic": "reports",
    "reports:issued": "reports",
    "reports:report-template": "reports",
    "search": "search",
}


@dataclass(frozen=True)
class Chapter:
    slug: str
    title: str
    body: SafeString


@requires(Permission.SIGNED_IN)
def guide(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A chapter of the guide, or its contents."""
    chapters = chapters_in(_language())
    chapter = next((chapter for chapter in chapters if chapter.slug == slug), None)
    if slug and chapter is None:
        raise Http404
    place = chapters.index(chapter) if chapter else -1
    following = chapters[place + 1] if place + 1 < len(chapters) else None
    return render(request, "help.html", {"chapters": chapters, "chapter": chapter, "following": following})


def chapter_for(page: str) -> str:
    """The chapter that helps on the page of that name; empty for the contents."""
    fitting = [start for start in CHAPTER_OF if page.startswith(start)]
    return CHAPTER_OF[max(fitting, key=len)] if fitting else ""


@cache
def chapters_in(language: str) -> tuple[Chapter, ...]:
    """The chapters in the order of the contents, made into HTML once."""
    contents = _read(GUIDE / language / CONTENTS)
    links = [str(child.attrs["href"]) for token in contents for child in token.children or () if child.type == "link_open"]
    return tuple(_chapter(GUIDE / language / link) for link in links if link.endswith(".md"))


def _chapter(path: Path) -> Chapter:
    tokens = _read(path)
    title = tokens[1].content  # The first heading; the page shows it as its own.
    body = _RENDERER.renderer.render(list(_in_the_product(tokens[3:])), _RENDERER.options, {})
    return Chapter(path.stem, title, mark_safe(body))  # noqa: S308  # Our own files; the parser passes no HTML through.


def _read(path: Path) -> list[Token]:
    return _RENDERER.parse(path.read_text(encoding="utf-8"))


def _in_the_product(tokens: list[Token]) -> Iterator[Token]:
    """Point links at pages and pictures at static files, and let wide tables scroll by themselves."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["href"] = _address(str(child.attrs["href"]))
            elif child.type == "image":
                _place_picture(child)
        if token.type == "table_open":
            token.attrSet("class", "data")
        yield token


def _address(link: str) -> str:
    name, hash_sign, anchor = link.partition("#")
    return f"{reverse('help', args=[Path(name).stem])}{hash_sign}{anchor}" if name.endswith(".md") else link


def _place_picture(image: Token) -> None:
    name = Path(str(image.attrs["src"])).name
    width, height = size_of((GUIDE / PICTURES / name).read_bytes())
    image.attrs |= {"src": static(f"guide/{name}"), "width": width, "height": height, "loading": "lazy", "decoding": "async"}


def size_of(webp: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the head of a WebP file of the extended kind (RFC 9649, section 2.7)."""
    if webp[8:16] != b"WEBPVP8X":
        raise ValueError("Not a picture that ./dev guide took.")
    return int.from_bytes(webp[24:27], "little") + 1, int.from_bytes(webp[27:30], "little") + 1


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "vi"


_RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")
