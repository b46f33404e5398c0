"""Model fields for text and for folded keys."""

from typing import Any

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models

from crm.text import nfc


class _NormalisedText:
    """Store text as NFC, shown as typed; refuse NUL bytes, which PostgreSQL cannot hold."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)  # type: ignore[misc]  # a mix-in for the two text fields below
        return nfc(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)  # type: ignore[misc]  # a mix-in for the two text fields below
        return nfc(value) if isinstance(value, str) else value


class NameField(_NormalisedText, models.CharField):
    """One line of text: a name, a title, a place."""

    default_validators = [ProhibitNullCharactersValidator()]


class NoteField(_NormalisedText, models.TextField):
    """Several lines of text, at most 20,000 characters."""

    default_validators = [ProhibitNullCharactersValidator()]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20_000)
        super().__init__(*args, **kwargs)
        # TextField enforces max_length only in forms; actions and API validate through the model.
        self.validators.append(MaxLengthValidator(kwargs["max_length"]))
