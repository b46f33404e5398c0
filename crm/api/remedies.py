"""What to do about a code that a program was answered, in a sentence, for whoever looks after the connection."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.api.problems import KINDS

# Codes of single places in a row; those of whole requests are told by their kind.
_PLACES: dict[str, str | Promise] = {
    "required": _("A value that is always needed is missing. Fill it at the source."),
    "blank": _("A value that is always needed is empty. Fill it at the source."),
    "null": _("A value that is always needed is empty. Fill it at the source."),
    "invalid": _("A value has the wrong form: see the description of the field."),
    "invalid-choice": _("A value is not in the list: see the description of the field for what is."),
    "unknown": _("A code or identifier is not known here: compare your list with the reference rows of the API."),
    "unknown-field": _("A name is not one of the fields: compare with the description of the API."),
    "does-not-exist": _("It names a record that is not here, or not for your office to see."),
    "max-length": _("A text is too long: shorten it at the source."),
    "unique": _("The same is here already: read it, and send your key for it."),
    "period-issued": _("The report of that period is issued: ask the secretariat for a correction."),
}
_OTHERWISE = _("Read “errors” in the answer: it names the place and the rule.")


def remedy_for(code: str) -> str:
    """What to do, in the reader's language."""
    if code in _PLACES:
        return str(_PLACES[code])
    return str(KINDS[code].detail if code in KINDS else _OTHERWISE)
