"""Why two records may be the same: kept as codes with values, told in the reader's language."""

from collections.abc import Callable, Iterable

from django.utils.translation import gettext as _

Reason = tuple[str, str]

_WORDS: dict[str, Callable[[str], str]] = {
    "name": lambda value: _("name %(similarity)s") % {"similarity": value},
    "country": lambda value: _("same country"),
    "city": lambda value: _("same city"),
    "website": lambda value: _("same website %(host)s") % {"host": value},
    "short": lambda value: _("same short name %(name)s") % {"name": value},
    "acronym": lambda value: _("%(acronym)s are the first letters of the other name") % {"acronym": value},
    "email": lambda value: _("same e-mail address"),
    "phone": lambda value: _("same phone number"),
    "partner": lambda value: _("post at the same partner"),
    "order": lambda value: _("same names in another order"),
    "shortened": lambda value: _("a part of the name is left out or shortened"),
}


def in_words(reasons: Iterable[Iterable[str]]) -> list[str]:
    """The reasons in the reader's language; a code that is no longer known is left out."""
    return [_WORDS[code](value) for code, value in reasons if code in _WORDS]
