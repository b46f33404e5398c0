"""Papers as files: a template filled with the fields of a paper, the same bytes for the same paper and template."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from docxtpl import DocxTemplate
from jinja2 import TemplateError

from reports.actions.periodic_papers import Paper
from reports.choices import FileFormat
from reports.documents.archives import word_file
from reports.documents.decree30 import unbroken
from reports.documents.fields import context_of
from reports.documents.ready_excel import ready_excel
from reports.documents.ready_word import ready_word
from reports.documents.sandbox import environment
from reports.documents.workbooks import filled_workbook
from reports.models import PeriodicReport, ReportTemplate

# What a template leads to that compares or measures what cannot be, or that is no document any more once it is filled.
_FAILURES = (TemplateError, TypeError, ValueError, LookupError, SyntaxError)


def draw(report: PeriodicReport, paper: Paper) -> dict[FileFormat, bytes]:
    """Return both files of a paper, by the templates of its report."""
    return {file_format: file_of(paper, file_format, report.template(file_format)) for file_format in FileFormat}


def file_of(paper: Paper, file_format: FileFormat, template: ReportTemplate | None) -> bytes:
    """Return one file of a paper, by the template or the one that the product ships."""
    return word_of(paper, template) if file_format == FileFormat.DOCX else excel_of(paper, template)


def word_of(paper: Paper, template: ReportTemplate | None = None) -> bytes:
    """Return the Word file, by the template or the one that the product ships. Raises ValidationError for a template that fails."""
    template = _in_use(template)
    context = {**context_of(paper), "agency": unbroken(paper.unit), "superior": unbroken(paper.superior)}
    words = {"agency": context["agency"], "title": paper.title}
    shape = {"with_year_before": context["has_year_before"], "with_superior": bool(paper.superior)}
    ready = None if template else ready_word(**words, **shape)
    return fill_word(ready or bytes(template.content), context, paper)  # type: ignore[union-attr]  # one of the two is there


def excel_of(paper: Paper, template: ReportTemplate | None = None) -> bytes:
    """Return the workbook, likewise."""
    template = _in_use(template)
    content = bytes(template.content) if template else ready_excel()
    with _naming_the_field():
        return filled_workbook(content, context_of(paper), title=paper.title, day=paper.dated)


def _in_use(template: ReportTemplate | None) -> ReportTemplate | None:
    """A template that was archived meanwhile gives way to the usual one."""
    return None if template is None or template.is_archived else template


def fill_word(content: bytes, context: Mapping[str, Any], paper: Paper) -> bytes:
    with _naming_the_field():
        filled = DocxTemplate(BytesIO(content))
        filled.render(dict(context), environment(), autoescape=True)
    return word_file(filled.docx, title=paper.title, author=paper.unit, day=paper.dated)


class _naming_the_field:  # noqa: N801  # a context manager reads as a phrase
    """Turn what the template language raises into words for staff."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValidationError):
            raise ValidationError(_("The template fails: %(why)s"), code="template", params={"why": error.messages[0]}) from error
        if isinstance(error, _FAILURES):
            raise ValidationError(_("The template fails: %(why)s"), code="template", params={"why": str(error)}) from error
