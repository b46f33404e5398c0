"""What all forms share: their look, a box for picking records by typing, and saving through an action."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.forms.renderers import DjangoTemplates
from django.forms.widgets import ChoiceWidget
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.actions.records import changed_meanwhile, save_record
from crm.meeting import THEIRS, Difference, differences, prints_of
from crm.models import User
from crm.models.records import Record

LONGEST_REVISION = 10
_NO_SUCH_CHOICE = frozenset({"invalid_choice", "invalid_pk_value"})


class FormRenderer(DjangoTemplates):
    """Lets every ``{{ form }}`` look as the design system says. Named by the setting FORM_RENDERER."""

    form_template_name = "crm/forms/form.html"
    field_template_name = "crm/forms/field.html"


class DateInput(forms.DateInput):
    """The browser's own date picker. It speaks ISO whatever the reader's language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class DayInput(forms.DateInput):
    """Typed, not picked: one field, a numeric keyboard on phones, and separators may be left out."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            format="%d/%m/%Y", attrs={"inputmode": "numeric", "placeholder": _("dd/mm/yyyy"), "autocomplete": "off", **(attrs or {})}
        )


class Combobox(ChoiceWidget):
    """Pick one of many records by typing, at an address that answers options (``crm/components/options.html``).

    Only the chosen records are rendered, so the choices may be a table of any size. For ModelChoiceField, and with
    ``many=True`` for ModelMultipleChoiceField.
    """

    template_name = "crm/forms/combobox.html"

    def __init__(self, url_name: str, *, many: bool = False, hint: Any = "", attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.url_name = url_name
        self.many = self.allow_multiple_selected = many
        self.hint = hint or _("Type a part of the name")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        # ChoiceWidget would walk through every choice, which is the whole table.
        context = forms.Widget.get_context(self, name, value, attrs)
        context["widget"] |= {"url": reverse(self.url_name), "many": self.many, "hint": self.hint, "chosen": self._chosen(value)}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if self.many and hasattr(data, "getlist") else data.get(name)

    def use_required_attribute(self, initial: Any) -> bool:
        # The box itself is empty once something is chosen; the form says what is missing.
        return False

    def _chosen(self, value: Any) -> list[tuple[Any, str]]:
        wanted = [str(single) for single in (value if isinstance(value, list | tuple) else [value]) if single not in (None, "")]
        field: Any = getattr(self.choices, "field", None)
        if not wanted or field is None:
            return []
        key = field.to_field_name or "pk"
        try:
            found = list(field.queryset.filter(**{f"{key}__in": wanted}))
        except (ValueError, TypeError, ValidationError):
            return []
        return [(field.prepare_value(row), field.label_from_instance(row)) for row in found]


class BulkForm(forms.Form):
    """What to set on many rows at once: what is left empty stays as it is. Fields are named as the list's operations are."""

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        fields: Iterable[Any] = self.fields.values()
        for field in fields:
            field.required = False
            if isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField):
                field.empty_label = _("— leave as it is —")
            elif isinstance(field.widget, forms.CheckboxSelectMultiple):
                field.widget.wide = True  # type: ignore[attr-defined]  # read by the template of fields
            elif type(field) in (forms.ChoiceField, forms.TypedChoiceField):
                field.choices = [("", _("— leave as it is —")), *field.choices]

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.values():
            raise ValidationError(_("Choose at least one thing to change."), code="nothing")
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """What to set, by the name of the operation."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None and value != "" and not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return isinstance(value, QuerySet) and not value


class SeenInput(forms.HiddenInput):
    """The revision that was shown, and beside it the print of each field as it was shown; see ``crm.meeting``."""

    template_name = "crm/forms/seen.html"
    prints = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["prints"] = self.prints
        return context


class RecordForm(forms.ModelForm):
    """A form over one record. ``by`` is who saves; a form whose noun has an action calls it in ``save``.

    The revision that was shown travels along. If somebody else has saved meanwhile, the form saves nothing and shows
    what they changed beside what was written; sent again with a choice for each field that both changed, it saves.
    """

    seen_revision = forms.IntegerField(widget=SeenInput, required=False)
    instance: Record

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["seen_revision"].initial = self.instance.revision
        self.differences: list[Difference] = []
        self.was_overtaken = False
        # The stored row as it was read: cleaning writes what was sent onto the instance itself.
        self.stored_revision = self.instance.revision

    def __getitem__(self, name: str) -> forms.BoundField:
        if name == "seen_revision" and self.instance.pk:
            self.fields[name].widget.prints = self._sent_beside("prints") if self.is_bound else prints_of(self)
        return super().__getitem__(name)

    def full_clean(self) -> None:
        """Meet what somebody else saved before anything is cleaned: fields of which theirs is chosen take the stored value."""
        self.was_overtaken = bool(self.is_bound and self.instance.pk and self._seen() not in (None, self.stored_revision))
        if self.was_overtaken:
            choices = {name: self.data.get(self.add_prefix(f"keep_{name}"), "") for name in self.fields}
            self.differences = differences(self, shown=self._sent_beside("prints"), choices=choices)
            for difference in self.differences:
                self.fields[difference.name].disabled = difference.chosen == THEIRS
        super().full_clean()
        for difference in self.differences:
            self.fields[difference.name].disabled = False

    def add_error(self, field: str | None, error: Any) -> None:
        """Say of a choice that there is not what every other door says of it: ``unknown``."""
        if field and isinstance(self.fields.get(field), forms.ModelChoiceField) and isinstance(error, ValidationError):
            for one in error.error_list if hasattr(error, "error_list") else ():
                one.code = "unknown" if one.code in _NO_SUCH_CHOICE else one.code
        super().add_error(field, error)

    def clean_seen_revision(self) -> int | None:
        seen: int | None = self.cleaned_data["seen_revision"]
        if not self.was_overtaken:
            return seen
        is_met = self._sent_beside("met") == str(self.stored_revision)
        if not is_met or any(not difference.chosen for difference in self.differences):
            raise changed_meanwhile(self.instance.updated_by)
        return seen

    def _seen(self) -> int | None:
        sent = str(self.data.get(self.add_prefix("seen_revision"), "")).strip()
        return int(sent) if sent.isdecimal() and len(sent) < LONGEST_REVISION else None

    def _sent_beside(self, what: str) -> str:
        return str(self.data.get(f"{self.add_prefix('seen_revision')}_{what}", ""))

    def save(self, commit: bool = True) -> Any:
        save_record(self.instance, by=self.by)
        self._save_m2m()  # type: ignore[attr-defined]  # Django's, unknown to its stubs
        return self.instance


def add_action_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Show what an action refused on the form: at the field that it names, else above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        known = name if name in form.fields else None
        form.add_error(known, errors if known or name == NON_FIELD_ERRORS else _named(form, name, errors))


def _named(form: forms.BaseForm, name: str, errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Say which field is meant where the form does not show it."""
    model = getattr(getattr(form, "_meta", None), "model", None)
    known = {field.name: field for field in model._meta.get_fields()} if model else {}
    label = name
    if name in known:
        label = getattr(known[name], "verbose_name", None) or known[name].related_model._meta.verbose_name_plural
    return [ValidationError(f"{label}: {message}", code=error.code) for error in errors for message in error.messages]
