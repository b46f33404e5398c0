"""Fields of cooperation and policy documents."""

from pathlib import Path

from crm.models import Field, PolicyDocument
from crm.reference.tables import Table, columns

FOLDER = Path(__file__).parent

SUBJECTS = (
    Table(
        model=Field,
        path=FOLDER / "fields.csv",
        columns=columns("bit code parent label_vi label_en label_ru label_fr dac3_codes sdg_goals source confidence note"),
        key=("code",),
        references={"parent": Field},
    ),
    Table(
        model=PolicyDocument,
        path=FOLDER / "policy_documents.csv",
        columns=columns(
            "code doc_number kind title_vi title_en issuer issued_on dates_precision effective_on expires_on status replaced_by"
            " source confidence note"
        ),
        key=("code",),
        references={"replaced_by": PolicyDocument},
    ),
)
