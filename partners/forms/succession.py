from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import Combobox
from crm.models import User
from partners.actions.succession import Titles, name_successor
from partners.forms.fields import DayField, PlainKeysMixin
from partners.forms.people import likely_people_warning
from partners.forms.warnings import Warning, WarningsMixin
from partners.models import Person, Post
from partners.names import propose_parts


class SuccessionForm(WarningsMixin, PlainKeysMixin, forms.Form):
    """End a post and name who follows: somebody known, or a new person by the name on the card."""

    fields: dict[str, Any]

    on = DayField(label=_("Hands over on"), help_text=_("The first day of the successor."))
    successor = forms.ModelChoiceField(
        label=_("Successor"), queryset=Person.objects.none(), to_field_name="public_id", required=False,
        widget=Combobox("partners:person-options"), help_text=_("Somebody who is recorded already…"),
    )  # fmt: skip
    full_name = forms.CharField(label=_("New person"), max_length=200, required=False, help_text=_("… or the name as on the card."))
    title_vi = forms.CharField(label=_("Post in Vietnamese"), max_length=200, required=False)
    title_en = forms.CharField(label=_("Post in English"), max_length=200, required=False)
    title_native = forms.CharField(label=_("Post in own language"), max_length=200, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, by: User, post: Post) -> None:
        super().__init__(data, files)
        self.by, self.ending = by, post
        self.fields["successor"].queryset = Person.objects.editable_by(by).live().exclude(pk=post.person_id)
        self.initial = {"title_vi": post.title_vi, "title_en": post.title_en, "title_native": post.title_native, "on": post.valid_to}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(cleaned.get("successor")) == bool(cleaned.get("full_name")) and "successor" not in self.errors:
            self.add_error("successor", _("Choose a person, or write the name of a new one."))
        return cleaned

    def find_warnings(self) -> list[Warning]:
        if self.cleaned_data["successor"]:
            return []
        return likely_people_warning(self._newcomer(), partners=[self.ending.partner_id], by=self.by)

    def save(self) -> Post:
        titles = Titles(*(self.cleaned_data[f"title_{language}"] for language in ("vi", "en", "native")))
        successor = self.cleaned_data["successor"] or self._newcomer()
        return name_successor(self.ending, successor=successor, on=self.cleaned_data["on"], by=self.by, titles=titles)

    def _newcomer(self) -> Person:
        """A new person of the predecessor's country, kept at the predecessor's level."""
        before, name = self.ending.person, self.cleaned_data["full_name"]
        parts = propose_parts(name, before.country.alpha2 if before.country else None)
        return Person(
            full_name=name, country=before.country, confidentiality=before.confidentiality, name_order=parts.order,
            family_name=parts.family, middle_name=parts.middle, given_name=parts.given,
        )  # fmt: skip
