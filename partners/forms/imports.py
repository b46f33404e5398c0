"""Bringing a list, giving its columns a meaning, deciding on likely duplicates."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Country, ImportJob, Unit, User
from crm.tabular import shown
from partners.actions import import_jobs
from partners.models import PartnerKind
from partners.resources import FIELD_LABELS, guess_mapping

SKIP = "skip"


class BringListForm(forms.Form):
    """A file, the unit it is for, and what holds where its rows are silent."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV (UTF-8) or Excel (.xlsx), with the names of the columns in row 1."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        max_length=200,
    )
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit that keeps these partners"))
    kind = forms.ModelChoiceField(
        PartnerKind.objects.none(), label=_("Kind, where the list does not say"), required=False, empty_label=_("the list says")
    )
    country = forms.ModelChoiceField(
        Country.objects.all(), label=_("Country, where the list does not say"), required=False, empty_label=_("the list says")
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        today = timezone.localdate()
        units = Unit.objects.on(today)
        unit: Any = self.fields["unit"]
        kind: Any = self.fields["kind"]
        unit.queryset = units if by.scope.central else units.filter(pk__in=by.scope.unit_ids)
        unit.initial = by.scope.home_unit_ids[0] if by.scope.home_unit_ids else None
        kind.queryset = PartnerKind.objects.exclude(retired_on__lte=today)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            limit = settings.IMPORT_MAX_BYTES // 1024 // 1024
            raise ValidationError(
                _("The file is larger than %(limit)d MB. Split it and bring the parts one by one."),
                code="too_large",
                params={"limit": limit},
            )
        return file

    def save(self) -> ImportJob:
        values = self.cleaned_data
        file = values["file"]
        return import_jobs.bring_list(
            file.file, name=file.name, by=self.by, unit=values["unit"], kind=values["kind"], country=values["country"]
        )


class MappingForm(forms.Form):
    """One choice per column: the field it fills, or none. Guesses come first, or what was chosen before."""

    def __init__(self, *args: Any, job: ImportJob, samples: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        chosen = job.mapping or guess_mapping(tuple(job.columns))
        for position, column in enumerate(job.columns):
            self.fields[f"column_{position}"] = forms.ChoiceField(
                label=column,
                choices=[("", _("leave out")), *FIELD_LABELS.items()],
                initial=chosen.get(column, ""),
                required=False,
            )
        self._samples = samples

    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """Each column's choice beside its first values."""
        return [
            (self[f"column_{position}"], [shown(value, length=40) for value in self._samples[column]])
            for position, column in enumerate(self.job.columns)
        ]

    def mapping(self) -> dict[str, str]:
        """Column → field, for the columns that are used."""
        chosen = {column: self.cleaned_data[f"column_{position}"] for position, column in enumerate(self.job.columns)}
        return {column: name for column, name in chosen.items() if name}


class DecisionForm(forms.Form):
    """For each row that looks like a partner we know: a new partner, the same one, or leave the row out."""

    def __init__(self, *args: Any, job: ImportJob, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.likely: list[dict[str, Any]] = job.preview.get("likely", [])
        for row in self.likely:
            same = [
                (candidate["partner"], _("the same as %(name)s") % {"name": candidate["name"]})
                for candidate in row["candidates"]
                if candidate["partner"]
            ]
            self.fields[str(row["row"])] = forms.ChoiceField(
                label=row["name"], choices=[("", _("a new partner")), *same, (SKIP, _("leave the row out"))], required=False
            )

    def rows(self) -> list[tuple[dict[str, Any], forms.BoundField]]:
        return [(row, self[str(row["row"])]) for row in self.likely]

    def decisions(self) -> dict[str, str]:
        """Row number → what was decided, where it is not simply a new partner."""
        return {number: choice for number, choice in self.cleaned_data.items() if choice}
