"""The kinds of partner, and the words by which other lists name them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from crm.reference.files import Problem, Row
from crm.reference.tables import Table, columns
from crm.text import fold
from partners.models import PartnerKind


def one_word_a_line(cell: str) -> str:
    return "\n".join(word.strip() for word in cell.split(";") if word.strip())


def _each_word_names_one_kind(rows: Sequence[Row]) -> Iterable[Problem]:
    owners: dict[str, Row] = {}
    for row in rows:
        words = [row.cells["code"], row.cells["label_vi"], row.cells["label_en"], *row.values["aliases"].splitlines()]
        for word in dict.fromkeys(fold(word) for word in words):
            if (owner := owners.setdefault(word, row)) is not row:
                yield row.problem("aliases", _("“%(word)s” already names the kind of line %(line)s.") % {"word": word, "line": owner.line})


TABLES = (
    Table(
        model=PartnerKind,
        path=Path(__file__).parent / "partner_kinds.csv",
        columns=columns("code family order label_vi label_en aliases source confidence note"),
        key=("code",),
        parsers={"aliases": one_word_a_line},
        checks=(_each_word_names_one_kind,),
    ),
)
