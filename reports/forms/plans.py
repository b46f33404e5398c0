from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.forms import RecordForm
from crm.models import Province
from partners.forms.fields import DayField, PlainKeysMixin
from reports.actions.plans import save_plan_line
from reports.models import PlanLine

EARLIEST_YEAR, LATEST_YEAR = 1945, 2200


class PlanLineForm(PlainKeysMixin, RecordForm):
    """A line of the yearly plan. A new one holds for the year that the page shows."""

    instance: PlanLine

    class Meta:
        model = PlanLine
        fields = [
            *("tier", "country", "partner_kind", "field", "province", "required", "cadence_days", "least_level", "exempt"),
            *("directive", "valid_from", "valid_to", "reason"),
        ]
        field_classes = {"valid_from": DayField, "valid_to": DayField}
        help_texts = {
            "tier": _("Asked of each country of the tier. A country's own line goes before it."),
            "province": _("Leave kind, field and province empty for what is asked of a tier or country as a whole."),
            "exempt": _("Nothing is asked, for the reason given."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["required"].initial = None if self.instance.is_new else self.instance.required
        for name in ("required", "cadence_days"):
            self.fields[name].required = False
        today = date(LATEST_YEAR, 1, 1) if not self.instance.valid_from else self.instance.valid_from
        self.fields["province"].queryset = Province.objects.on(today) | Province.objects.filter(pk=self.instance.province_id or 0)  # type: ignore[attr-defined]  # a choice of rows

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("required", "cadence_days"):
            if cleaned.get(name) is None and name not in self.errors:
                if cleaned.get("exempt"):
                    cleaned[name] = 0
                else:
                    self.add_error(name, self.fields[name].error_messages["required"])
        return cleaned

    def save(self, commit: bool = True) -> PlanLine:
        return save_plan_line(self.instance, by=self.by)


def chosen_year(text: str, default: int) -> int:
    """The year of an address; the default for anything that is none."""
    return int(text) if text.isdecimal() and len(text) == 4 and EARLIEST_YEAR <= int(text) <= LATEST_YEAR else default
