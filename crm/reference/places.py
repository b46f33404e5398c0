"""Countries, provinces and their names."""

from pathlib import Path

from crm.models import Country, CountryName, Province, ProvinceCode, ProvinceName, ProvinceSuccession
from crm.models.places import FoldedName
from crm.reference.tables import Table, columns, no_overlap
from crm.text import fold, sort_key

FOLDER = Path(__file__).parent


def _sort_by_vietnamese_name(place: Country | Province) -> None:
    place.sort_key = sort_key(place.name_vi)


def _fold(name: FoldedName) -> None:
    name.folded = fold(name.name)


PLACES = (
    Table(
        model=Country,
        path=FOLDER / "countries.csv",
        columns=columns("alpha2 alpha3 numeric kind name_en name_vi region subregion un_status source confidence note"),
        key=("alpha2",),
        prepare=_sort_by_vietnamese_name,
    ),
    Table(
        model=CountryName,
        path=FOLDER / "country_names.csv",
        columns=columns("country name language usage valid_from valid_to source confidence note"),
        key=("country", "name"),
        references={"country": Country},
        prepare=_fold,
    ),
    Table(
        model=Province,
        path=FOLDER / "provinces.csv",
        columns=columns("slug name_vi name_en valid_from valid_to source confidence note"),
        key=("slug",),
        prepare=_sort_by_vietnamese_name,
        checks=(no_overlap(lambda row: row.cells["name_vi"]),),
    ),
    Table(
        model=ProvinceName,
        path=FOLDER / "province_names.csv",
        columns=columns("province name language usage kind valid_from valid_to source confidence note"),
        key=("province", "name"),
        references={"province": Province},
        prepare=_fold,
    ),
    Table(
        model=ProvinceSuccession,
        path=FOLDER / "province_history.csv",
        columns=columns("predecessor successor happened_on legal_basis source confidence note"),
        key=("predecessor", "successor"),
        references={"predecessor": Province, "successor": Province},
    ),
    Table(
        model=ProvinceCode,
        path=FOLDER / "province_codes.csv",
        columns=columns("province code valid_from valid_to source confidence note"),
        key=("province", "code"),
        references={"province": Province},
        checks=(no_overlap(lambda row: row.cells["code"]), no_overlap(lambda row: row.cells["province"])),
    ),
)
