"""The columns of the list of periodic reports, and of the rows that figures count where no list of the noun has them."""

from typing import Any

from django.db.models import Max, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.columns import Column, SortKey, day_column, demo_tag, link, related, soft, text_column, under
from crm.models import User
from crm.templatetags.nhipcau import status
from reports.metrics.periodic.spans import title_of
from reports.models import PeriodicReport


def _with_issues(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    told: QuerySet[Any] = rows.annotate(last_issue=Max("issues__number"), last_issued_at=Max("issues__issued_at"))
    return told


def _title(report: PeriodicReport) -> SafeString:
    return SafeString(link(report.get_absolute_url(), report.title) + demo_tag(report) + under(report.number))


def _standing(report: Any) -> SafeString:
    if report.last_issue is None:
        return status("draft", _("Draft"))
    return SafeString(status("held", _("Issued")) + under(_("issue %(n)s") % {"n": report.last_issue}))


REPORT_COLUMNS = (
    Column("title", gettext_lazy("Report"), _title, lambda report: report.title, heads_row=True),
    text_column("period", gettext_lazy("Period"), title_of, sort=SortKey(("period_to", "id"))),
    text_column("unit", gettext_lazy("Unit"), lambda report: report.unit.display, fetch=related("unit")),
    text_column("directive", gettext_lazy("Directive"), lambda report: report.directive, fetch=related("directive"), standard=False),
    Column("state", gettext_lazy("Status"), _standing, lambda report: report.last_issue or "", fetch=_with_issues),
    day_column(
        "issued", gettext_lazy("Issued on"), lambda report: report.last_issued_at and report.last_issued_at.date(), fetch=_with_issues
    ),
)

REGISTRATION_COLUMNS = (
    Column(
        "partner", gettext_lazy("Partner"), lambda row: link(row.partner.get_absolute_url(), row.partner.name),
        lambda row: row.partner.name, fetch=related("partner"), heads_row=True,
    ),
    text_column("kind", gettext_lazy("Kind"), lambda row: row.get_kind_display()),
    text_column("number", gettext_lazy("Number"), lambda row: row.number),
    day_column("from", gettext_lazy("From"), lambda row: row.valid_from),
    day_column("until", gettext_lazy("Until"), lambda row: row.valid_to),
)  # fmt: skip

UNIT_COLUMNS = (
    Column("name", gettext_lazy("Unit"), lambda row: format_html("{}", row.name), lambda row: row.name, heads_row=True),
    text_column("kind", gettext_lazy("Kind"), lambda row: row.get_kind_display()),
    Column("founded", gettext_lazy("Founded"), lambda row: row.founded or soft("—"), lambda row: row.founded),
)
