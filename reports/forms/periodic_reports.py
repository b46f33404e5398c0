"""The forms of periodic reports: which one, its head and its text, its issue; and of templates."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.forms import RecordForm
from crm.models import PolicyDocument, Unit, User
from partners.forms.fields import DayField, PlainKeysMixin
from reports.actions.periodic_papers import SectionText, default_title
from reports.actions.periodic_reports import Draw, issue_report, save_periodic_report
from reports.actions.report_templates import save_report_template
from reports.choices import FileFormat, PeriodKind
from reports.documents.checking import check_template
from reports.documents.uploads import MOST_BYTES
from reports.metrics.periods import CALENDAR_KINDS, last_over, period_of
from reports.models import IssuedReport, PeriodicReport, ReportTemplate

LONGEST_TEXT = 20_000


def offered_units(user: User) -> Any:
    """Units that the account may report for, today's first in the order of the tree."""
    units = Unit.objects.on(timezone.localdate()).order_by("path")
    return units if user.scope.central else units.filter(pk__in=user.scope.unit_ids)


class PeriodicReportForm(PlainKeysMixin, RecordForm):
    """A new report. A day says which week, month, quarter, half-year or year; a term, or another period, says its own days."""

    instance: PeriodicReport
    fields: dict[str, Any]

    day = DayField(label=_("A day in the period"), required=False, help_text=_("For a week, month, quarter, half-year or year."))
    first_day = DayField(label=_("First day"), required=False, help_text=_("Only for a term or another period."))
    last_day = DayField(label=_("Last day"), required=False)

    class Meta:
        model = PeriodicReport
        fields = ["unit", "with_below", "period_kind", "directive"]

    field_order = ["unit", "with_below", "period_kind", "day", "first_day", "last_day", "directive"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = offered_units(self.by)
        self.initial.setdefault("unit", next(iter(self.by.scope.home_unit_ids), None))
        self.fields["directive"].queryset = PolicyDocument.objects.all()
        self.fields["directive"].help_text = _("Empty: everything. Else only what serves it.")
        self.initial.setdefault("period_kind", PeriodKind.QUARTER)
        self.initial.setdefault("day", _usual_day(str(self.initial["period_kind"])))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "period_kind" in cleaned:
            self.instance.period_from, self.instance.period_to = self._days(cleaned)
        return cleaned

    def _days(self, cleaned: Mapping[str, Any]) -> tuple[date, date]:
        kind = PeriodKind(cleaned["period_kind"])
        if kind in CALENDAR_KINDS:
            if cleaned.get("day") is None:
                raise ValidationError({"day": ValidationError(_("Give a day in the period."), code="required")})
            period = period_of(kind, cleaned["day"])
            first, end = period.start, period.end
        else:
            if cleaned.get("first_day") is None or cleaned.get("last_day") is None:
                raise ValidationError({"first_day": ValidationError(_("Give the first and the last day of the period."), code="required")})
            first, end = cleaned["first_day"], cleaned["last_day"] + timedelta(days=1)
        if first > timezone.localdate():
            raise ValidationError({"day": ValidationError(_("This period has not begun yet: there is nothing to report."), code="future")})
        return first, end

    def save(self, commit: bool = True) -> PeriodicReport:
        report = self.instance
        report.title = default_title(report)
        report.place = _place_of(report.unit)
        report.addressee = "" if report.unit.parent is None else report.unit.parent.name_vi
        save_periodic_report(report, by=self.by)
        return report


class ReportTextForm(PlainKeysMixin, RecordForm):
    """The head and the text of a draft. ``previous``: the text of last time; ``taken``: of which part it is put in."""

    instance: PeriodicReport
    fields: dict[str, Any]

    class Meta:
        model = PeriodicReport
        fields = ["title", "number", "place", "addressee", "signatory_title", "signatory", "template_docx", "template_xlsx"]

    def __init__(self, *args: Any, previous: Mapping[str, SectionText], taken: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.previous = previous
        for name, file_format in (("template_docx", FileFormat.DOCX), ("template_xlsx", FileFormat.XLSX)):
            usable = ReportTemplate.objects.usable_for(self.instance.unit)
            self.fields[name].queryset = usable.filter(format=file_format)
            self.fields[name].empty_label = _("the usual one")
        self.sections = list(self.instance.sections.all()) if self.instance.pk else []
        for section in self.sections:
            text = previous[section.code].text if section.code == taken and section.code in previous else section.text
            self.fields[f"text_{section.code}"] = forms.CharField(
                label=section.heading, required=False, max_length=LONGEST_TEXT, initial=text, widget=forms.Textarea({"rows": 8})
            )

    @property
    def head_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self._meta.fields or ()]

    @property
    def parts(self) -> list[tuple[Any, forms.BoundField, SectionText | None]]:
        """Each part with its field and the text of last time."""
        return [(section, self[f"text_{section.code}"], self.previous.get(section.code)) for section in self.sections]

    def save(self, commit: bool = True) -> PeriodicReport:
        texts = {section.code: self.cleaned_data[f"text_{section.code}"] for section in self.sections}
        save_periodic_report(self.instance, by=self.by, texts=texts)
        return self.instance


class IssueForm(forms.Form):
    """Issuing the draft that was shown; a corrected issue says what it corrects."""

    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label=_("What this issue corrects"), max_length=500, required=False, widget=forms.Textarea({"rows": 3}),
        help_text=_("It stands in the paper."),
    )  # fmt: skip

    def __init__(self, *args: Any, report: PeriodicReport, by: User, draw: Draw, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.report, self.by, self.draw = report, by, draw
        self.fields["seen_revision"].initial = report.revision
        if not report.issues.exists():
            del self.fields["note"]

    def save(self) -> IssuedReport:
        seen, note = self.cleaned_data["seen_revision"], self.cleaned_data.get("note", "")
        return issue_report(self.report, by=self.by, draw=self.draw, note=note, seen_revision=seen)

    def show_current(self) -> None:
        """Send the draft that stands with the next press: whoever was overtaken has been told to read it."""
        self.data = {name: self.data.get(name) for name in self.data} | {"seen_revision": self.report.revision}


class ReportTemplateForm(PlainKeysMixin, RecordForm):
    """A template that staff bring."""

    instance: ReportTemplate
    fields: dict[str, Any]

    file = forms.FileField(label=_("File"), help_text=_("A Word file (.docx) or Excel workbook (.xlsx) of at most 2 MB, without macros."))

    class Meta:
        model = ReportTemplate
        fields = ["name", "unit"]

    field_order = ["name", "file", "unit"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = offered_units(self.by)
        self.fields["unit"].required = not self.by.scope.central
        if not self.by.scope.central:
            self.fields["unit"].help_text = ""
            self.initial.setdefault("unit", next(iter(self.by.scope.home_unit_ids), None))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 2 MB. Take large pictures out of it."), code="too-large")
        file_format = str(file.name).lower().rpartition(".")[2]
        if file_format not in FileFormat.values:
            raise ValidationError(_("Bring a Word file (.docx) or an Excel workbook (.xlsx)."), code="format")
        self.instance.format, self.instance.original_name = file_format, str(file.name)[-200:]
        self.instance.content = file.read()
        return file

    def save(self, commit: bool = True) -> ReportTemplate:
        template = self.instance
        save_report_template(template, by=self.by, check=check_template)
        return template


def _usual_day(kind: str) -> date | None:
    """A day in the last period of the kind that is over."""
    return last_over(PeriodKind(kind), timezone.localdate()).start if kind in CALENDAR_KINDS else None


def _place_of(unit: Unit) -> str:
    """Where papers of the unit are dated: its province, or that of the unit above it; else Hà Nội."""
    province = unit.province or (unit.parent.province if unit.parent else None)
    return province.name_vi if province else "Hà Nội"
