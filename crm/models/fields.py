"""Model fields for text and for folded keys."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.text import nfc, one_line, turns, unseemly


def refuse_unseemly_marks(text: str) -> None:
    """Refuse control characters and marks that turn text round in a line of text. The same for page, API and import."""
    if mark := unseemly(text):
        raise _refusal(mark)


def refuse_controls(text: str) -> None:
    """Refuse control characters in notes, tabs and line breaks apart."""
    if mark := unseemly(text, lines=True):
        raise _refusal(mark)


def _refusal(mark: str) -> ValidationError:
    if turns(mark):
        text = _("An invisible mark (%(mark)s) that turns the text round was pasted along. Delete the text and type it.")
        return ValidationError(text, code="direction-marks-not-allowed", params={"mark": f"U+{ord(mark):04X}"})
    return ValidationError(_("Control characters are not allowed."), code="control-characters-not-allowed")


class NameField(models.CharField):
    """One line of text: a name, a title, a place. Stored as ``crm.text.one_line`` has it, whoever writes."""

    default_validators = [ProhibitNullCharactersValidator(), refuse_unseemly_marks]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return one_line(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return one_line(value) if isinstance(value, str) else value


class NoteField(models.TextField):
    """Several lines of text, at most 20,000 characters. Stored as NFC, shown as typed."""

    default_validators = [ProhibitNullCharactersValidator(), refuse_controls]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20_000)
        super().__init__(*args, **kwargs)
        # TextField enforces max_length only in forms; actions and API validate through the model.
        self.validators.append(MaxLengthValidator(kwargs["max_length"]))

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return nfc(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return nfc(value) if isinstance(value, str) else value
