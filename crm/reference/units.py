"""The bodies of the network."""

from pathlib import Path

from crm.models import Country, Province, Unit
from crm.reference.tables import Table, columns

FOLDER = Path(__file__).parent

UNITS = (
    Table(
        model=Unit,
        path=FOLDER / "units.csv",
        columns=columns("code kind parent name_vi name_en short_name province country founded valid_from valid_to source confidence note"),
        key=("code",),
        references={"parent": Unit, "province": Province, "country": Country},
    ),
)
