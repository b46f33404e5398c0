"""Compile the translations with Babel, so that no machine needs gettext to run the site."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config.bootstrap.places import LOCALE


def compile_translations(folder: Path = LOCALE) -> list[Path]:
    """Write a .mo beside every .po that is newer, and return those written. A site without translations has none."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime > source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3], domain=source.stem)
        draft = compiled.with_suffix(".mo.new")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(compiled)
        written.append(compiled)
    return written


if __name__ == "__main__":
    compile_translations()
