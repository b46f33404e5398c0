"""The lines of briefings: how an exchange, a promise, a post, an agreement, a note is said in one line."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from activities.calendar.occurrences import Occurrence
from activities.choices import Side
from activities.models import Agreement, Commitment, Delegation, Exchange
from crm.choices import Confidentiality, Language
from partners.models import PersonNote, Post, Registration
from partners.names import address_form, formal_name
from reports.documents.briefing import Line, Part, shortened


def part(heading: str, lines: Iterable[Line], *, shown: int, empty: str = "") -> Part:
    """A part of at most ``shown`` lines; how many more there are is counted."""
    every = list(lines)
    return Part(heading, every[:shown], more=max(0, len(every) - shown), empty=empty)


def joined(words: Iterable[Any], by: str = "; ") -> str:
    return by.join(str(word) for word in words if word)


def day(value: date | None) -> str:
    return date_format(value, "SHORT_DATE_FORMAT") if value else ""


def index(value: Decimal) -> str:
    """An engagement index with one decimal, as the reader's language writes it."""
    return number_format(value, decimal_pos=1)


def marked(record: Any, words: str) -> str:
    """The words of a restricted record say so, that nobody passes them on unawares."""
    restricted = getattr(record, "confidentiality", "") == Confidentiality.RESTRICTED
    return f"{words} ({_('restricted')})" if restricted else words


def exchange(row: Exchange, *, with_partners: Sequence[str] = ()) -> Line:
    named = joined((name for name in with_partners if name not in row.title), ", ")
    told = joined([named, row.get_level_display(), row.place, shortened(row.outcome or row.summary, 110)])
    return Line(marked(row, told), row.title or str(row.kind), row.starts_on, row)


def commitment(row: Commitment, today: date, *, with_partner: bool = False) -> Line:
    due = _("due %(day)s") % {"day": day(row.due_on)} if row.due_on else _("without a day")
    overdue = _("overdue") if row.is_overdue(today) else ""
    by = _("Ours") if row.owed_by == Side.OURS else _("Theirs")
    told = joined([row.partner if with_partner else "", shortened(row.text, 120), due, overdue, row.unit.display])
    return Line(marked(row, told), by, row.promised_on, row)


def post(row: Post) -> Line:
    """A person in a post: the name in its own order and script, the title of today, how to speak to them."""
    person = row.person
    native = person.native_name if person.native_name != person.full_name else ""
    country = person.country.alpha2 if person.country else row.partner.country.alpha2 if row.partner.country else None
    title = joined(dict.fromkeys([row.title, row.title_native]), " / ")
    spoken = _("to be addressed as “%(words)s”") % {"words": address_form(person, country)}
    return Line(
        marked(person, joined([title, spoken, languages(person.languages)])),
        joined([formal_name(person), native], " · "),
        row.valid_from,
        person,
    )


def languages(codes: str) -> str:
    """The languages somebody speaks, codes such as ``lo, vi`` in words."""
    words = [word.strip() for word in codes.split(",")]
    return joined((Language(word).label if word in Language.values else word for word in words), ", ")


def agreement(row: Agreement, today: date) -> Line:
    ends = _("ends %(day)s") % {"day": day(row.valid_to)} if row.valid_to else _("without an end")
    left = row.days_left(today)
    soon = _("in %(n)d days") % {"n": left} if left is not None and left <= 180 else ""
    return Line(marked(row, joined([row.number, row.kind, ends, soon])), row.title, row.signed_on or row.valid_from, row)


def registration(row: Registration) -> Line:
    ends = _("ends %(day)s") % {"day": day(row.valid_to)} if row.valid_to else ""
    return Line(joined([row.number, ends]), str(row.get_kind_display()), row.valid_from, row)


def note(row: PersonNote) -> Line:
    return Line(marked(row, shortened(row.text)), f"{row.person} · {row.get_kind_display()}", row.on, row)


def gifts(row: Delegation) -> list[Line]:
    given = [(_("We gave"), row.gifts_given), (_("We received"), row.gifts_received)]
    return [Line(marked(row.exchange, shortened(text, 120)), lead, row.exchange.starts_on, row.exchange) for lead, text in given if text]


def occasion(row: Occurrence) -> Line:
    doubtful = _("day to be confirmed") if row.occasion.to_be_confirmed else ""
    return Line(joined([row.title, doubtful]), _("Occasion"), row.on)
