"""The kinds of exchange and of agreement, the forums, and the days that come back every year."""

from pathlib import Path

from activities.choices import PointsClass
from activities.models import AgreementKind, ExchangeKind, Forum, Occasion
from crm.models import Country
from crm.reference.tables import Table, columns

FOLDER = Path(__file__).parent


def points_class(cell: str) -> int | None:
    """Read the name of a class of M1, such as ``delegation``; empty: the kind counts for no partner."""
    return PointsClass[cell.upper()].value if cell else None


TABLES = (
    Table(
        model=ExchangeKind,
        path=FOLDER / "exchange_kinds.csv",
        columns=columns(
            "code family order label_vi label_en direction points_class report_bucket typical_duration needs_approval"
            " source confidence note"
        ),
        key=("code",),
        parsers={"points_class": points_class},
    ),
    Table(
        model=AgreementKind,
        path=FOLDER / "agreement_kinds.csv",
        columns=columns("code family order label_vi label_en source confidence note"),
        key=("code",),
    ),
    Table(
        model=Forum,
        path=FOLDER / "forums.csv",
        columns=columns("code name_vi name_en abbreviation kind scope founded periodicity vn_participant status source confidence note"),
        key=("code",),
    ),
    Table(
        model=Occasion,
        path=FOLDER / "occasions.csv",
        columns=columns("code kind country name_vi name_en month day year source confidence note"),
        key=("code",),
        references={"country": Country},
    ),
)
