from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.identifiers import new_public_id
from crm.models import Unit, User
from crm.models.fields import NameField, NoteField
from crm.models.records import Record, RecordQuerySet
from reports.choices import FileFormat, PeriodKind


class ReportTemplateQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        """Templates of the account's own units; those of everybody at the centre."""
        live = self.visible_to(user).live()
        return live if user.scope.central else live.filter(unit__in=user.scope.unit_ids)

    def usable_for(self, unit: Unit) -> Self:
        """Templates in use that papers of the unit may take: its own, those of units above it, and those for everybody."""
        above = unit.path.strip("/").split("/")
        return self.live().filter(Q(unit__isnull=True) | Q(unit__code__in=above))


class ReportTemplate(Record):
    """A Word or Excel file with fields in it that staff brought, used in place of the one that the product ships."""

    name = NameField(_("name"), max_length=200)
    format = models.CharField(_("format"), max_length=4, choices=FileFormat.choices)
    unit = models.ForeignKey(
        "crm.Unit",
        verbose_name=_("unit"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="report_templates",
        help_text=_("Empty: for everybody."),
    )
    content = models.BinaryField(_("file"))
    original_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64, editable=False)

    objects = ReportTemplateQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("reports:report-template-list")


class PeriodicReportQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Reports of the reader's own units and those below; all of them for the centre."""
        if not user.scope.permissions:
            return self.none()
        return self if user.scope.central else self.filter(unit__in=user.scope.unit_ids)

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user).live()


class PeriodicReport(Record):
    """A report of a unit for the period ``[period_from, period_to)``: figures made from the records, and text beside them.

    ``with_below``: with the units under it. While it is a draft its figures are those of now; each issue freezes them
    (``IssuedReport``), and a corrected report is issued once more.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="periodic_reports")
    with_below = models.BooleanField(_("with the units below"), default=True)
    period_kind = models.CharField(_("period"), max_length=9, choices=PeriodKind.choices)
    period_from = models.DateField(_("from"))
    period_to = models.DateField(_("until"), help_text=_("First day that no longer belongs to it."))
    directive = models.ForeignKey(
        "crm.PolicyDocument",
        verbose_name=_("by directive"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="periodic_reports",
        help_text=_("Only what serves it."),
    )
    title = NameField(_("title"), max_length=300)
    number = NameField(_("number and sign"), max_length=80, blank=True)
    place = NameField(_("place"), max_length=100, blank=True)
    addressee = NameField(_("addressed to"), max_length=300, blank=True)
    signatory = NameField(_("signed by"), max_length=200, blank=True)
    signatory_title = NameField(_("title of who signs"), max_length=200, blank=True)
    template_docx = models.ForeignKey(
        ReportTemplate, verbose_name=_("Word template"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    template_xlsx = models.ForeignKey(
        ReportTemplate, verbose_name=_("Excel template"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)

    objects = PeriodicReportQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("periodic report")
        verbose_name_plural = _("periodic reports")
        ordering = ["-period_to", "-id"]
        indexes = [models.Index(fields=["unit", "-period_to"], name="periodic_report_by_unit")]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(period_to__gt=F("period_from")),
                name="reports_periodicreport_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("reports:periodic-report-detail", args=[self.public_id])

    def template(self, file_format: FileFormat) -> ReportTemplate | None:
        """The template in use that the report names; None where it takes the usual one."""
        named = self.template_docx if file_format == FileFormat.DOCX else self.template_xlsx
        return None if named is None or named.is_archived else named


class ReportSection(models.Model):
    """A part of a report that somebody writes: assessment, difficulties, the work ahead."""

    report = models.ForeignKey(PeriodicReport, verbose_name=_("report"), on_delete=models.CASCADE, related_name="sections")
    code = models.SlugField(_("code"), max_length=40)
    heading = NameField(_("heading"), max_length=300)
    text = NoteField(_("text"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=1)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("section of a report")
        verbose_name_plural = _("sections of reports")
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "code"], name="reports_reportsection_once")]

    def __str__(self) -> str:
        return self.heading


class IssuedReportQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Issues of the reports that the account may see."""
        return self.filter(report__in=PeriodicReport.objects.visible_to(user).values("pk"))


class IssuedReport(models.Model):
    """A report as it was issued: never changed afterwards.

    ``figures``: every figure as it was given. ``ledger``: for each figure the rows that it counts. ``inputs_sha256``: the
    digest of both with the text, the period and the policy. ``checked_at`` and ``is_intact``: when the digest was last worked
    out anew, and whether it was the same.
    """

    public_id = models.UUIDField(_("identifier"), default=new_public_id, unique=True, editable=False)
    report = models.ForeignKey(PeriodicReport, verbose_name=_("report"), on_delete=models.PROTECT, related_name="issues")
    number = models.PositiveSmallIntegerField(_("issue"))
    issued_at = models.DateTimeField(_("issued at"), auto_now_add=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("issued by"), on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField(_("figures as of"))
    policy = models.ForeignKey("reports.PolicyVersion", verbose_name=_("policy"), on_delete=models.PROTECT, related_name="+")
    content = models.JSONField(_("the report"), help_text=_("Heading, period, unit and sections as issued."))
    figures = models.JSONField(_("figures"))
    ledger = models.JSONField(_("ledger"))
    inputs_sha256 = models.CharField(max_length=64, editable=False)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    is_intact = models.BooleanField(_("intact"), null=True)

    objects = IssuedReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("issued report")
        verbose_name_plural = _("issued reports")
        ordering = ["-issued_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="reports_issuedreport_once")]

    def __str__(self) -> str:
        return f"{self.report} · {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("reports:issued-report", args=[self.public_id])


class IssuedFile(models.Model):
    """The bytes of an issued report in one format, so that every export of it is the same file."""

    issued = models.ForeignKey(IssuedReport, verbose_name=_("issued report"), on_delete=models.CASCADE, related_name="files")
    format = models.CharField(_("format"), max_length=4, choices=FileFormat.choices)
    content = models.BinaryField(_("file"))
    sha256 = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("file of an issued report")
        verbose_name_plural = _("files of issued reports")
        constraints = [models.UniqueConstraint(fields=["issued", "format"], name="reports_issuedfile_once")]

    def __str__(self) -> str:
        return f"{self.issued} · {self.format}"
