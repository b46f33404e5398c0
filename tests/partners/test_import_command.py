import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from crm.choices import AuditVerb
from crm.models import AuditEvent, Unit, User
from partners.models import Partner

LIST = "id,name,other names,type,country\n7,Lotus College,Sen (vi); Kolehiyo,education; funder,Laos\n8,Palm Trade,,company,Nowhere At All\n"
MAP = ("id=external_id", "name=name", "other names=other_names", "type=kind", "country=country")

pytestmark = pytest.mark.usefixtures("reference_data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "partners.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def run(file: Path, *maps: str, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("import_partners", file, map=list(maps or MAP), json=True, stdout=out, **options)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def test_dry_run_tells_and_writes_nothing(file: Path) -> None:
    result = run(file)
    assert {name: result[name] for name in ("rows", "created", "updated", "unchanged", "duplicates")} == {
        "rows": 2,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "duplicates": 0,
    }
    [error] = result["errors"]
    assert (error["row"], error["column"], error["value"]) == (3, "country", "Nowhere At All")
    assert error["message"]
    assert not Partner.objects.exists()
    assert not User.objects.filter(username="import").exists()


def test_apply_writes_and_the_second_run_adds_none(file: Path) -> None:
    assert run(file, apply=True)["created"] == 1
    partner = Partner.objects.get()
    assert set(partner.names.values_list("name", "language")) == {("Sen", "vi"), ("Kolehiyo", "und")}
    author = User.objects.get(username="import")
    assert partner.created_by == author
    assert author.is_program
    assert not author.has_usable_password()
    assert partner.unit == Unit.objects.get(code="VUFO")
    again = run(file, apply=True)
    assert (again["created"], again["unchanged"]) == (0, 1)
    assert AuditEvent.objects.filter(verb=AuditVerb.IMPORTED).count() == 2


def test_workbook_gives_the_same_as_csv(file: Path, tmp_path: Path) -> None:
    book = Workbook()
    for line in LIST.splitlines():
        book.active.append(line.split(","))
    book.save(tmp_path / "partners.xlsx")
    assert run(tmp_path / "partners.xlsx") == run(file)


def test_kind_unit_and_account_can_be_given(tmp_path: Path, an: User, nghe_an: Unit) -> None:
    path = tmp_path / "names.csv"
    path.write_text("name;country\nHội Sen;Lào\n", encoding="utf-8")
    run(path, "name=name", "country=country", kind="COMPANY", unit=nghe_an.code, by="an", apply=True)
    partner = Partner.objects.get()
    assert (partner.kind.code, partner.unit, partner.created_by) == ("COMPANY", nghe_an, an)


@pytest.mark.parametrize(
    ("maps", "options", "named"),
    [
        (("nome=name",), {}, "nome"),
        (("name=title",), {}, "title"),
        (("name",), {}, "other_names"),
        (("id=external_id",), {}, "--map"),
        (("name=name", "type=name"), {}, "name"),
        (("name=name",), {"kind": "NO_SUCH"}, "NO_SUCH"),
        (("name=name",), {"unit": "NO-SUCH"}, "NO-SUCH"),
        (("name=name",), {"by": "nobody"}, "nobody"),
    ],
)
def test_unknown_column_field_kind_unit_or_account_is_named(file: Path, maps: tuple[str, ...], options: dict[str, str], named: str) -> None:
    with pytest.raises(CommandError, match=named):
        run(file, *maps, **options)


def test_unreadable_and_missing_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "picture.csv"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(CommandError, match=r"picture\.csv"):
        run(binary)
    with pytest.raises(CommandError, match=r"missing\.csv"):
        run(tmp_path / "missing.csv")


def test_account_without_the_right_is_refused(file: Path, dung: User, nghe_an: Unit) -> None:
    with pytest.raises(CommandError):
        run(file, by=dung.username, unit=nghe_an.code)
