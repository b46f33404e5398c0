"""The user guide: whole in both languages, inside the product, and saying nothing that the product does not do."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from activities.lookup.reading import Reading, read_line
from config.guide import CHAPTER_OF, CONTENTS, GUIDE, PICTURES, chapters_in
from crm.models import User
from tests.factories import make_partner

LANGUAGES = ["vi", "en"]
PICTURE = re.compile(r"!\[([^\]]*)\]\(\.\./pictures/([\w-]+)\.(\w+)\.webp\)")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
KEY = re.compile(r"`([^`]+)`")
ROOT = Path(settings.BASE_DIR)
TEMPLATES = [path for path in ROOT.glob("*/templates/**/*.html") if "node_modules" not in path.parts]
MOST_BYTES = 60_000
TODAY = date(2026, 11, 22)


def texts(language: str) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (GUIDE / language).glob("*.md")}


def table_of(chapter: str, language: str) -> list[list[str]]:
    """The first cells of the table in the chapter: what stands in code in each."""
    rows = re.findall(r"^\| (.+?) \|", texts(language)[chapter], re.MULTILINE)[1:]
    return [KEY.findall(row) for row in rows]


def test_every_chapter_is_there_in_both_languages_in_the_same_order() -> None:
    slugs = {language: [chapter.slug for chapter in chapters_in(language)] for language in LANGUAGES}
    assert slugs["vi"] == slugs["en"]
    for language in LANGUAGES:
        assert {f"{slug}.md" for slug in slugs[language]} | {CONTENTS} == set(texts(language)), "a chapter that the contents leave out"


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_have_the_same_parts_and_pictures(language: str) -> None:
    for name, text in texts(language).items():
        other = texts("en" if language == "vi" else "vi")[name]
        assert text.count("\n## ") == other.count("\n## "), name
        assert [found[1] for found in PICTURE.findall(text)] == [found[1] for found in PICTURE.findall(other)], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_of_its_language_small_and_described(language: str) -> None:
    for name, text in texts(language).items():
        for described, picture, of_language in PICTURE.findall(text):
            assert of_language == language, name
            assert len(described) > 10, name
            assert (GUIDE / PICTURES / f"{picture}.{language}.webp").stat().st_size < MOST_BYTES, picture
            assert finders.find(f"guide/{picture}.{language}.webp")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_bold_is_a_word_of_the_product(language: str) -> None:
    """Bold is for what is read on a page; a renamed button fails here, in both languages."""
    with (settings.LOCALE_PATHS[0] / "vi" / "LC_MESSAGES" / "django.po").open("rb") as file:
        messages: list[tuple[Any, Any]] = [(message.id, message.string) for message in read_po(file) if message.id]
    words = {word for pair in messages for word in ([pair[language == "vi"]] if isinstance(pair[0], str) else pair[language == "vi"])}
    unknown = {name: set(BOLD.findall(text)) - words for name, text in texts(language).items()}
    assert {name: bold for name, bold in unknown.items() if bold} == {}


def test_no_picture_lies_about_unused() -> None:
    used = {
        f"{name}.{language}.webp" for language in LANGUAGES for text in texts(language).values() for _, name, _ in PICTURE.findall(text)
    }
    assert {path.name for path in (GUIDE / PICTURES).iterdir()} == used


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_opens_in_the_product_for_anybody_signed_in(dung: User, client: Client, language: str) -> None:
    client.force_login(dung)
    client.cookies["django_language"] = language
    contents = client.get(reverse("help")).content.decode()
    for chapter in chapters_in(language):
        address = reverse("help", args=[chapter.slug])
        page = client.get(address).content.decode()
        assert f'href="{address}"' in contents
        assert chapter.title in page
        links = re.findall(r"<article.*?</article>", page, re.DOTALL)[0]
        for link in re.findall(r'href="(/help/[^"#]*)', links):
            assert client.get(link).status_code == 200
    assert client.get(reverse("help", args=["nothing"])).status_code == 404


@pytest.mark.django_db
def test_every_page_leads_to_the_chapter_about_it(an: User, client: Client) -> None:
    client.force_login(an)
    slugs = {chapter.slug for chapter in chapters_in("vi")}
    assert set(CHAPTER_OF.values()) <= slugs
    for page, chapter in {
        "partners:import-list": "import",
        "activities:follow-up-list": "follow-ups",
        "partners:partner-list": "partners",
    }.items():
        assert f'href="{reverse("help", args=[chapter])}"' in client.get(reverse(page), follow=True).content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_in_the_guide_are_the_keys_of_the_product(language: str) -> None:
    described = {key.lower() for keys in table_of("shortcuts.md", language) for key in keys}
    on_pages = {key for path in TEMPLATES for key in re.findall(r'data-key="([^"]+)"', path.read_text(encoding="utf-8"))}
    sheet = (ROOT / "config/templates/help_sheet.html").read_text(encoding="utf-8")
    in_sheet = {key.lower() for key in re.findall(r"<kbd>([^<]+)</kbd>", sheet)}
    assert described <= on_pages | in_sheet
    assert on_pages <= described


def test_the_sheet_knows_the_keys_of_the_queue_and_of_merging() -> None:
    sheet = (ROOT / "config/templates/help_sheet.html").read_text(encoding="utf-8")
    pairs = "".join(line for line in sheet.splitlines() if "[data-pairs]" in line or "[data-choices]" in line)
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    keys = {*re.findall(r'data-pair-key="(\w)"', templates), *re.findall(r'data-choice="(\w)"', templates)}
    assert keys
    assert keys <= set(re.findall(r"<kbd>(\w)</kbd>", pairs))


def test_the_sheet_knows_the_keys_that_lists_listen_to() -> None:
    sheet = (ROOT / "config/templates/help_sheet.html").read_text(encoding="utf-8")
    script = (ROOT / "config/static/lists.js").read_text(encoding="utf-8")
    keys = re.findall(r"^    (\w): \(\) =>", script[script.index("const KEYS") :], re.MULTILINE)
    assert keys
    assert set(keys) == {key for line in sheet.splitlines() if "table.listing" in line for key in re.findall(r"<kbd>(.)</kbd>", line)}


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mark_that_the_guide_names_is_read(an: User, language: str) -> None:
    days, kinds, _partner, people, place, field, task, planned = table_of("log.md", language)

    def reading_of(text: str) -> Reading:
        return read_line(text, by=an, today=TODAY)

    assert all(reading_of(text).day for text in days)
    assert all(reading_of(text).kind for text in kinds)
    assert [reading_of(text).people for text in people] == [8]
    assert all(reading_of(text).provinces for text in place)
    assert all(reading_of(text).fields for text in field)
    assert all((found := reading_of(text).task) and found.due and found.due.start for text in task)
    assert all(reading_of(text).is_planned for text in planned)


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "name"), [("vi", "Hội Phụ nữ Sai Nặm"), ("en", "Sai Nam Women's Circle")])
def test_the_line_of_the_guide_is_read_whole(an: User, language: str, name: str) -> None:
    partner = make_partner(name)
    line = next(found for found in KEY.findall(texts(language)["log.md"]) if "->" in found and "@" in found)
    reading = read_line(line, by=an, today=TODAY)
    assert reading.day
    assert reading.day.start == date(2026, 9, 12)
    assert reading.kind
    assert reading.kind.code == "DELEGATION_IN"
    assert [found.candidates for found in reading.partners] == [(partner,)]
    assert (reading.people, len(reading.provinces), len(reading.fields)) == (8, 1, 1)
    assert reading.task
    assert reading.rest == ""
