"""Bringing a list, saying how its file is read, and giving its columns a meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.choices import ImportNoun
from crm.legacy_text import Coding
from crm.lookup import CountryIndex
from crm.models import Country, ImportJob, Unit, User
from crm.tabular import Examined, Groups, Layout, shown
from crm.tabular.sources import Source
from partners.actions import import_jobs
from partners.actions.import_nouns import imported_noun, noun_choices
from partners.models import PartnerKind
from partners.resources import guess_mapping

CODING_LABELS = {Coding.TCVN3: "TCVN3 (.VnTime)", Coding.VNI: "VNI", Coding.MISREAD_UTF8: _("UTF-8 that was misread")}
ENCODINGS = [
    ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16 LE"), ("utf-16-be", "UTF-16 BE"),
    ("cp1258", "Windows-1258"), ("cp1252", _("Windows-1252, TCVN3 or VNI")),
]  # fmt: skip


class BringListForm(forms.Form):
    """A file, the unit it is for, and what holds where its rows are silent."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("The list as it is: an Excel workbook (.xlsx) or CSV. Titles, merged headers and old fonts are looked at next."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm"}),
        max_length=200,
    )
    noun = forms.ChoiceField(label=_("Its rows are"), choices=noun_choices, initial=ImportNoun.PARTNERS, required=False)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit that keeps them"))
    kind = forms.ModelChoiceField(
        PartnerKind.objects.none(),
        label=_("Kind, where the list does not say"),
        help_text=_("For a list of people: the kind of organisations that are new."),
        required=False,
        empty_label=_("the list says"),
    )
    country = forms.ModelChoiceField(
        Country.objects.all(), label=_("Country, where the list does not say"), required=False, empty_label=_("the list says")
    )
    message = forms.CharField(
        label=_("What this import is"),
        help_text=_("Stands in the list of changes, from which it can be undone."),
        max_length=300,
        required=False,
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
            file.file,
            name=file.name,
            by=self.by,
            unit=values["unit"],
            kind=values["kind"],
            country=values["country"],
            noun=ImportNoun(values["noun"] or ImportNoun.PARTNERS),
            message=values["message"],
        )


class LayoutForm(forms.Form):
    """How the file is read: the sheet, the header, what is left out, and which columns are converted."""

    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)
    header_from = forms.IntegerField(label=_("Header from row"), min_value=1, max_value=10_000)
    header_to = forms.IntegerField(label=_("to row"), min_value=1, max_value=10_000)
    last = forms.IntegerField(
        label=_("Last row of the table"), help_text=_("Empty: up to the signatures, or the end."), min_value=1, required=False
    )
    groups = forms.ChoiceField(
        label=_("Rows with one merged cell"),
        choices=[
            (Groups.COLUMN, _("are headings: their words become a column of the rows below")),
            (Groups.SKIP, _("are headings: leave them out")),
            (Groups.ROWS, _("are rows like the others")),
        ],
        required=False,
    )
    hidden_rows = forms.BooleanField(label=_("Read hidden rows too"), required=False)
    hidden_columns = forms.BooleanField(label=_("Read hidden columns too"), required=False)

    def __init__(self, *args: Any, layout: Layout, examined: Examined, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._layout = layout
        self.former = examined.former
        sheet: Any = self.fields["sheet"]
        sheet.choices = [(each.name, f"{each.name} ({_('hidden')})" if each.is_hidden else each.name) for each in source.sheets]
        absent = {
            "sheet": len(source.sheets) < 2, "encoding": not source.encoding, "groups": layout.groups is Groups.NONE,
            "hidden_rows": not examined.hidden_rows, "hidden_columns": not examined.hidden_columns,
        }  # fmt: skip
        for name in [name for name, is_absent in absent.items() if is_absent]:
            del self.fields[name]
        for name in self.fields:
            self.fields[name].initial = getattr(layout, name)
        for place, column in enumerate(examined.former):
            choices = [(column.coding, _("convert")), ("", _("do not convert: leave the column out"))]
            self.fields[f"convert_{place}"] = forms.ChoiceField(label=column.column, choices=choices, required=False, initial=column.coding)

    def former_rows(self) -> list[tuple[forms.BoundField, Any, str]]:
        """Each column in a former font: the choice, its samples, and what the coding is called."""
        return [(self[f"convert_{place}"], column.samples, str(CODING_LABELS[column.coding])) for place, column in enumerate(self.former)]

    def plain_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith("convert_")]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("header_from"), values.get("header_to")
        if first and last and not first <= last < first + 4:
            self.add_error("header_to", _("The header has one to four rows, the last below the first."))
        return values

    def layout(self) -> Layout:
        """The layout as chosen. Codings hold only for the sheet and the encoding whose columns were shown."""
        names = ("sheet", "encoding", "header_from", "header_to", "last", "hidden_rows", "hidden_columns")
        chosen = {name: self.cleaned_data[name] for name in names if name in self.fields}
        groups = Groups(self.cleaned_data.get("groups") or self._layout.groups)
        codings = {column.column: column.coding for place, column in enumerate(self.former) if self.cleaned_data[f"convert_{place}"]}
        return replace(self._layout, **chosen, groups=groups, codings=codings)


class MappingForm(forms.Form):
    """One choice per column: the field it fills, or none; and what holds where the rows are silent.

    First what was chosen before, for this list or one like it, else a guess.
    """

    kind = forms.ModelChoiceField(
        PartnerKind.objects.none(),
        label=_("Kind, where the list does not say"),
        to_field_name="code",
        required=False,
        empty_label=_("the list says"),
    )
    country = forms.ModelChoiceField(
        Country.objects.all(),
        label=_("Country, where the list does not say"),
        to_field_name="alpha2",
        required=False,
        empty_label=_("the list says"),
    )

    def __init__(self, *args: Any, job: ImportJob, samples: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        self.noun = imported_noun(job.noun)
        self.remembered = not job.mapping and import_jobs.remembered_mapping(job)
        chosen = job.mapping or self.remembered or self._guess(samples)
        for position, column in enumerate(job.columns):
            self.fields[f"column_{position}"] = forms.ChoiceField(
                label=column,
                choices=[("", _("leave out")), *self.noun.resource.labels.items()],
                initial=chosen.get(column, ""),
                required=False,
            )
        self._samples = samples
        for name in {"kind", "country"} - set(self.noun.silent):
            del self.fields[name]
        self._offer_defaults()

    def _offer_defaults(self) -> None:
        """The kind and the country: as said for this list, else as last assumed for one like it."""
        kind: Any = self.fields.get("kind")
        if kind:
            kind.queryset = PartnerKind.objects.exclude(retired_on__lte=timezone.localdate())
        if kind and self.job.noun == ImportNoun.PEOPLE:
            kind.label, kind.empty_label = _("Kind of organisations that are new"), _("none: ask")
        remembered = import_jobs.remembered_defaults(self.job) if not self.job.mapping else {}
        for name in self.noun.silent:
            self.fields[name].initial = self.job.defaults.get(name) or remembered.get(name, "")

    def default_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.noun.silent]

    def defaults(self) -> dict[str, str]:
        """The codes of what was chosen, empty for nothing. What was not sent along is not named: it stays as it was."""
        kind, country = self.cleaned_data.get("kind"), self.cleaned_data.get("country")
        chosen = {"kind": kind.code if kind else "", "country": country.alpha2 if country else ""}
        return {name: code for name, code in chosen.items() if name in self.data}

    def _guess(self, samples: Mapping[str, Sequence[str]]) -> dict[str, str]:
        guessed = guess_mapping(self.noun.resource, tuple(self.job.columns))
        headings = self.job.layout.get("group_column")
        wanted = "country" in self.noun.resource.labels and "country" not in guessed.values()
        if wanted and headings in samples and _are_countries(samples[headings]):
            guessed[headings] = "country"
        return guessed

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


def _are_countries(texts: Sequence[str]) -> bool:
    countries = CountryIndex()
    try:
        return bool(texts) and all(countries.find(text) for text in texts)
    except ValidationError:
        return False
