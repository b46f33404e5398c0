"""How the words of a cell are read: widgets of django-import-export, with answers kept, since lists repeat themselves."""

import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export import widgets

from crm.choices import Language, NameUsage
from crm.lookup import NotFound
from crm.models import Province
from crm.text import one_line
from crm.written import read_day
from partners.actions.partners import OtherName
from partners.models import Partner

_LANGUAGE_SUFFIX = re.compile(r"^(?P<name>.+?)\s*\((?P<language>[a-z]{2,3})\)$", re.DOTALL)
_WEBSITE = Partner._meta.get_field("website")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(r"^https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,18}/?$")


class CellError(ValueError):
    """What a cell says cannot be taken. ``code``: of the rule that is broken, the same as at every other door."""

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.code = code


def _refusal_of(error: ValidationError, more: str = "") -> CellError:
    """What a look-up or a model's own rule said. A name that nobody has is ``unknown``, whoever asks."""
    code = "unknown" if isinstance(error, NotFound) else error.error_list[0].code or "invalid"
    return CellError(" ".join(filter(None, (*error.messages, more))), code)


class TextWidget(widgets.Widget):
    """One line of text, without marks that nobody sees, as ``NameField`` stores it."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        return value if value.isascii() and value.isprintable() else one_line(value)


class LookupWidget(widgets.Widget):
    """A reference row by any of its names or its code. Unknown or ambiguous: whoever brings the list is asked.

    ``find`` raises ValidationError; each text is looked up once, since a list repeats a few of them a thousand times.
    """

    def __init__(self, find: Callable[[str], Any]) -> None:
        super().__init__()
        self._find = find
        self._answers: dict[str, tuple[Any, CellError | None]] = {}

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        if not value:
            return None
        if value not in self._answers:
            self._answers[value] = self._look_up(value)
        found, refusal = self._answers[value]
        if refusal is not None:
            raise refusal
        return found

    def _look_up(self, value: str) -> tuple[Any, CellError | None]:
        try:
            return self.kept(self._find(value)), None
        except ValidationError as error:
            return None, _refusal_of(error)

    def kept(self, found: Any) -> Any:
        """What is kept of the row found: its key."""
        return found.pk


class ProvinceWidget(LookupWidget):
    """A province of today or before, by any name or code; its name is kept as it was called, old ones stay old."""

    def _look_up(self, value: str) -> tuple[Any, CellError | None]:
        try:
            return self.kept(self._find(value)), None
        except NotFound as error:
            return None, _refusal_of(error, _("Leave the cell empty, or write what the province is called today."))
        except ValidationError as error:
            return None, _refusal_of(error)

    def kept(self, found: Province) -> str:
        return found.name_vi


class OtherNamesWidget(widgets.Widget):
    """``Name (lang); Name (lang)``. A language outside ours becomes "other"; words in brackets stay in the name."""

    def __init__(self, usage: NameUsage) -> None:
        super().__init__()
        self.usage = usage

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> tuple[OtherName, ...]:
        return tuple(self._name(part) for text in value.split(";") if (part := one_line(text).strip())) if value else ()

    def _name(self, text: str) -> OtherName:
        match = _LANGUAGE_SUFFIX.match(text) if text.endswith(")") else None
        if match is None:
            return OtherName(text, Language.OTHER, self.usage)
        language = match["language"] if match["language"] in Language.values else Language.OTHER
        return OtherName(match["name"], language, self.usage)


class WebsiteWidget(widgets.Widget):
    """An address as typed, with https:// where no scheme stands; refused here, so that the value shown is the one typed."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        if not value:
            return ""
        address = value if _SCHEME.match(value) else f"https://{value}"
        # Nine addresses of ten are a plain host, which needs no second look.
        if _PLAIN_ADDRESS.match(address) and len(address) <= 200:
            return address
        try:
            checked: str = _WEBSITE.clean(address, None)
        except ValidationError as error:
            raise _refusal_of(error) from error
        return checked


class YearWidget(widgets.Widget):
    """A year, or a day of which the year is kept: 1986, 1986-05-01, 1/5/86, 5/1986, ngày 1 tháng 5 năm 1986."""

    def __init__(self) -> None:
        super().__init__()
        self._today = timezone.localdate()

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> int | None:
        if not value:
            return None
        written = None if value.isdecimal() else read_day(value, today=self._today)
        if value.isdecimal() and len(value) <= 5:
            year = int(value)
        elif written:
            year = written.day.year
        else:
            raise CellError(_("This is neither a year nor a day. Write the year, such as 1986."))
        if year > self._today.year:
            raise CellError(_("The year %(year)d is still to come.") % {"year": year}, "max_value")
        return year
