"""Taking a workbook along, bringing it back, deciding where both sides changed a cell."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Unit, User, WorkbookUpload
from crm.workbooks import uploads


def units_of(by: User) -> Any:
    """The units whose workbooks the account may take: its own and those below, at the centre all."""
    units = Unit.objects.on(timezone.localdate())
    return units if by.scope.central else units.filter(pk__in=by.scope.unit_ids)


class TakeForm(forms.Form):
    """Whose data are taken along."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), to_field_name="code", help_text=_("With the units below it."))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit: Any = self.fields["unit"]
        unit.queryset = units_of(by)
        home = Unit.objects.filter(pk=by.scope.home_unit_ids[0]).first() if by.scope.home_unit_ids else None
        unit.initial = home.code if home else None


class BringForm(forms.Form):
    """A workbook that comes back."""

    file = forms.FileField(
        label=_("Workbook"),
        help_text=_("The file that was taken here, as Excel or LibreOffice saved it (.xlsx)."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm"}),
        max_length=200,
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            limit = settings.IMPORT_MAX_BYTES // 1024 // 1024
            message = _("The file is larger than %(limit)d MB. A workbook of ours is not: take a new one, and copy the cells into it.")
            raise ValidationError(message, code="too_large", params={"limit": limit})
        return file

    def save(self) -> WorkbookUpload:
        file = self.cleaned_data["file"]
        return uploads.take_upload(file, name=file.name, by=self.by)
