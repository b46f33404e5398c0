"""What the list of partners at risk is filtered by, and its columns."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import Case, F, FilteredRelation, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.columns import Column, SortKey, joined, text_column
from crm.filters import ChoicesFilter
from crm.templatetags.nhipcau import status
from partners.columns import PARTNER_COLUMNS
from partners.filters import PartnerFilter
from partners.models import Partner
from reports.choices import Alarm, Risk
from reports.metrics.days import refuse_to_come
from reports.metrics.risks import codes_of
from reports.models import PolicyVersion, RiskSnapshot

SHORT = {code: f"R{code.bit_length()}" for code in Risk}
_BY_SHORT = {short.lower(): code for code, short in SHORT.items()}


class RiskFilter(PartnerFilter):
    """Partners with a reason code on the last stored day up to ``as_of``, and all filters of the list of partners."""

    alarm = ChoicesFilter(method="leave", choices=Alarm.choices, label=_("Alarm"))
    code = ChoicesFilter(method="leave", choices=[(short.lower(), code.label) for code, short in SHORT.items()], label=_("Reason"))
    as_of = django_filters.DateFilter(method="leave", label=_("As of"), validators=[refuse_to_come])

    class Meta:
        model = Partner
        fields: list[str] = []

    @cached_property
    def day(self) -> date | None:
        """The day whose stored risks are shown; None where none was stored by then, or the question makes no sense."""
        if not self.is_valid():
            return None
        asked = self.form.cleaned_data.get("as_of") or timezone.localdate()
        stored = RiskSnapshot.objects.filter(day__lte=asked).order_by("-day").values_list("day", flat=True)
        return stored.first()

    @property
    def qs(self) -> QuerySet[Any]:
        asked = self.form.cleaned_data if self.is_valid() else {}
        policy = PolicyVersion.objects.in_force(self.day).first() if self.day else None
        if policy is None:
            nobody: QuerySet[Any] = super().qs.annotate(mask=Value(0), alarm=Value(""), gravity=Value(0)).none()
            return nobody
        of_day = FilteredRelation("risk_snapshots", condition=Q(risk_snapshots__policy=policy, risk_snapshots__day=self.day))
        rows: QuerySet[Any] = super().qs.annotate(risk=of_day).filter(risk__isnull=False)
        rows = rows.annotate(mask=F("risk__mask"), alarm=F("risk__alarm"), gravity=_GRAVITY)
        if asked.get("alarm"):
            rows = rows.filter(alarm__in=asked["alarm"])
        if asked.get("code"):
            wanted = sum(_BY_SHORT[short] for short in asked["code"])
            rows = rows.annotate(given=F("risk__mask").bitand(wanted)).filter(given__gt=0)
        return rows


_GRAVITY = Case(When(risk__alarm=Alarm.RED, then=Value(0)), default=Value(1))


def _alarm(partner: Any) -> SafeString:
    return status(partner.alarm, Alarm(partner.alarm).label)


def _codes(partner: Any) -> SafeString:
    """Each code opens the rows that prove it."""
    page = reverse("reports:partner-risks", args=[partner.public_id])
    told = ((page, SHORT[code].lower(), code.label) for code in codes_of(partner.mask))
    return format_html("<div>{}</div>", format_html_join("", '<div><a href="{}#{}">{}</a></div>', told))


_OWN = (
    Column("alarm", _("Alarm"), _alarm, lambda partner: str(Alarm(partner.alarm).label), sort=SortKey(("gravity", "sort_key", "id"))),
    Column("codes", _("Reasons"), _codes, lambda partner: joined((code.label for code in codes_of(partner.mask)), separator="; ")),
    text_column("short", _("Codes"), lambda partner: joined(SHORT[code] for code in codes_of(partner.mask)), standard=False),
)
_STANDARD = ("country", "steward", "last_contact")
_NAME, *_OTHERS = PARTNER_COLUMNS
RISK_COLUMNS = (
    _NAME,
    *_OWN,
    *(column for column in _OTHERS if column.name in _STANDARD),
    *(Column(**{**vars(column), "standard": False}) for column in _OTHERS if column.name not in _STANDARD),
)
