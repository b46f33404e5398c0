"""Warnings that do not block: shown once, overruled with a tick."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Warning:
    """Something that may be a mistake. ``links``: (address, words) of what the reader should look at first."""

    text: str
    links: tuple[tuple[str, str], ...] = ()


class WarningsMixin(forms.BaseForm):
    """A form that asks back. ``find_warnings`` is called when all fields are valid and nobody ticked yet.

    While there are warnings the form is invalid; sending it again with the tick saves it.
    """

    _errors: Any
    OVERRULE = "overrule_warnings"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[Warning] = []
        self.fields[self.OVERRULE] = forms.BooleanField(label=_("I have looked: save it all the same"), required=False)

    def find_warnings(self) -> list[Warning]:
        raise NotImplementedError

    def full_clean(self) -> None:
        super().full_clean()
        if not self.is_bound or self._errors or self.cleaned_data.get(self.OVERRULE):
            return
        self.warnings = self.find_warnings()
        if self.warnings:
            self.add_error(
                None, forms.ValidationError(_("Please look at the warning below, then tick it or change your entry."), code="warning")
            )
