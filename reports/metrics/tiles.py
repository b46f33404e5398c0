"""Where countries and provinces stand on the tile maps: one square each, neighbours near each other, no borders drawn."""

import csv
from functools import cache
from pathlib import Path

REFERENCE = Path(__file__).parent.parent / "reference"
Place = tuple[int, int]


@cache
def country_places() -> dict[str, Place]:
    """Code of the country or bloc → column and row, from 0: by continents, west to east and north to south."""
    return _read("country_tiles.csv", "alpha2")


@cache
def province_places() -> dict[str, Place]:
    """Key of a province of today → column and row, from 0: from north to south."""
    return _read("province_tiles.csv", "slug")


def extent(places: dict[str, Place]) -> Place:
    """How many columns and rows there are."""
    return max(x for x, _y in places.values()) + 1, max(y for _x, y in places.values()) + 1


def _read(name: str, key: str) -> dict[str, Place]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return {row[key]: (int(row["x"]), int(row["y"])) for row in csv.DictReader(file)}
