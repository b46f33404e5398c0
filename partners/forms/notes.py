from typing import Any

from django import forms

from crm.forms import RecordForm
from partners.actions.notes import save_note
from partners.forms.fields import DayField, PlainKeysMixin
from partners.models import PersonNote


class PersonNoteForm(PlainKeysMixin, RecordForm):
    """A note on a person, at its own level."""

    instance: PersonNote

    class Meta:
        model = PersonNote
        fields = ["kind", "text", "on", "confidentiality"]
        field_classes = {"on": DayField}
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def save(self, commit: bool = True) -> Any:
        return save_note(self.instance, by=self.by)
