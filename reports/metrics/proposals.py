"""One next step for each gap, with what speaks for it. No weighing and no learning: rules in a fixed order, the first that fits.

1. A country without a partner: find one. 2. A visit of theirs that we have not returned: return it. 3. An agreement that ends
within 180 days with no step to a renewal: meet about it. 4. An event within 180 days in the country, or of a forum that its
partners attend: meet there. 5. A national day or day of relations within 60 days: use it. 6. Else: arrange a meeting.

Through whom: the association for the country; else the unit that leads most of its partners; else the one that met them
most in three years; else the unit on the border. Who knows them is told beside it, as far as the reader may know.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.choices import Level
from crm.models import Unit, User
from partners.models import Partner
from reports.choices import Step
from reports.metrics.borders import units_on_the_border
from reports.metrics.gaps import Gap
from reports.metrics.openings import Openings, openings

# How much time a step without a day of its own gets.
STEP_DAYS = 60


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks for a step, with the page that shows it."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Proposal:
    """``text`` says the step in a sentence; ``until`` the day by which it makes sense."""

    step: Step
    text: str
    until: date
    partner: Partner | None
    unit: Unit | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class ProposedGap:
    gap: Gap
    proposal: Proposal


def with_proposals(gaps: Iterable[Gap], as_of: date, reader: User) -> list[ProposedGap]:
    """Give each gap its next step, for this reader. The same number of queries for one gap and for a hundred."""
    gaps = list(gaps)
    country_ids = sorted({gap.country.pk for gap in gaps if gap.country})
    found = openings(country_ids, as_of, reader)
    borders = units_on_the_border([gap.country for gap in gaps if gap.country], as_of)
    return [ProposedGap(gap, _propose(gap, found, borders.get(gap.country.pk if gap.country else 0, []), as_of)) for gap in gaps]


def _propose(gap: Gap, found: Openings, border: list[Unit], as_of: date) -> Proposal:
    home = gap.country.pk if gap.country else 0
    unit, why = _best_placed(home, found, border)
    step, text, until, partner, own = _step(gap, home, found, as_of)
    if unit and step in (Step.INTRODUCTION, Step.CONTACT):
        text = _("%(step)s, through %(unit)s") % {"step": text, "unit": unit.display}
    evidence = [*own, *([why] if why else []), *_acquaintances(home, found), *_also_coming(step, home, found)]
    return Proposal(step, f"{text}.", until, partner, unit, tuple(evidence))


def _step(gap: Gap, home: int, found: Openings, as_of: date) -> tuple[Step, str, date, Partner | None, list[Evidence]]:
    """The first rule that fits: the step, its words, its day, whom it concerns and what it rests on."""
    partner, later = found.partners.get(home), as_of + timedelta(days=STEP_DAYS)
    if gap.country is None:
        return Step.CONTACT, _("Plan an exchange for “%(target)s”") % {"target": _target(gap)}, later, None, []
    if partner is None:
        return Step.INTRODUCTION, _("Find a first partner in %(country)s") % {"country": gap.country}, later, None, []
    if home in found.owed:
        owed, partner = found.owed[home]
        words = {"partner": partner, "day": _day(owed.day)}
        rests_on = _("They came on %(day)s at level “%(level)s”; no visit of ours since.")
        seen = Evidence(rests_on % {"day": _day(owed.day), "level": Level(owed.level).label}, partner.get_absolute_url())
        return Step.RETURN_VISIT, _("Return the visit of %(partner)s of %(day)s") % words, max(owed.due_on, later), partner, [seen]
    if home in found.ending:
        agreement, partner = found.ending[home]
        words = {"partner": partner, "title": agreement}
        ends = agreement.valid_to or later
        seen = Evidence(_("It ends on %(day)s, and nobody renews it.") % {"day": _day(ends)}, agreement.get_absolute_url())
        return Step.RENEWAL, _("Meet %(partner)s about renewing “%(title)s”") % words, ends, partner, [seen]
    if home in found.events:
        event = found.events[home]
        seen = Evidence(_("%(event)s begins on %(day)s.") % {"event": event, "day": _day(event.starts_on)}, event.get_absolute_url())
        return Step.EVENT, _("Meet %(partner)s at “%(event)s”") % {"partner": partner, "event": event}, event.starts_on, partner, [seen]
    if home in found.occasions:
        occasion = found.occasions[home]
        seen = Evidence(_("%(occasion)s: %(day)s.") % {"occasion": occasion.title, "day": _day(occasion.on)}, occasion.get_absolute_url())
        words = {"partner": partner, "occasion": occasion.occasion.name}
        return Step.OCCASION, _("Call on %(partner)s for “%(occasion)s”") % words, occasion.on, partner, [seen]
    return Step.CONTACT, _("Arrange a meeting with %(partner)s") % {"partner": partner}, later, partner, []


def _target(gap: Gap) -> str:
    return gap.target.line.scope_label if gap.target else ""


def _best_placed(home: int, found: Openings, border: list[Unit]) -> tuple[Unit | None, Evidence | None]:
    if unit := found.associations.get(home):
        return unit, Evidence(_("%(unit)s is the unit for this country.") % {"unit": unit.name})
    if unit := found.stewards.get(home):
        return unit, Evidence(_("%(unit)s leads most partners of this country.") % {"unit": unit.display})
    if met := found.meetings.get(home):
        text = ngettext(
            "%(unit)s met them %(times)d time in three years, last on %(day)s.",
            "%(unit)s met them %(times)d times in three years, last on %(day)s.",
            met.times,
        )
        return met.unit, Evidence(text % {"unit": met.unit.display, "times": met.times, "day": _day(met.last_on)})
    if border:
        names = ", ".join(unit.display for unit in border)
        return border[0], Evidence(_("On the border: %(units)s.") % {"units": names})
    return None, None


def _acquaintances(home: int, found: Openings) -> Iterator[Evidence]:
    if colleague := found.colleagues.get(home):
        yield Evidence(_("%(who)s met them on %(day)s.") % {"who": colleague.user, "day": _day(colleague.last_on)})
    if post := found.contacts.get(home):
        words = {"who": post.person, "title": post.title, "partner": post.partner}
        yield Evidence(_("In office: %(who)s, %(title)s, %(partner)s.") % words, post.person.get_absolute_url())


def _also_coming(step: Step, home: int, found: Openings) -> Iterator[Evidence]:
    """An event or occasion that the step itself does not rest on."""
    if step not in (Step.EVENT, Step.OCCASION) and (event := found.events.get(home)):
        yield Evidence(_("%(event)s begins on %(day)s.") % {"event": event, "day": _day(event.starts_on)}, event.get_absolute_url())
    if step != Step.OCCASION and (occasion := found.occasions.get(home)):
        yield Evidence(_("%(occasion)s: %(day)s.") % {"occasion": occasion.title, "day": _day(occasion.on)}, occasion.get_absolute_url())


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")
