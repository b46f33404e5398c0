"""Reading the files in ``data/``."""

import csv
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@cache
def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file, by column."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def document(name: str) -> dict[str, Any]:
    """Return a TOML file."""
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def parts(text: str) -> list[str]:
    """Return what stands between the semicolons of a cell."""
    return [part.strip() for part in text.split(";") if part.strip()]
