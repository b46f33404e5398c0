"""The menu, and the tabs of the partner page: config stands on top, so it may name pages of every app."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.guide import chapter_for
from crm.permissions import Permission


@dataclass(frozen=True)
class Place:
    """A page that stands in a section of the menu, with what one must be allowed to do to see it.

    ``beside``: names of pages that tabs on it lead to, which stand at the same place of the menu.
    """

    label: str | Promise
    url_name: str
    permission: Permission
    beside: tuple[str, ...] = ()

    def holds(self, name: str) -> bool:
        return name == self.url_name or name in self.beside


@dataclass(frozen=True)
class Section:
    """A section of the menu and its pages, the first of which it opens. With one page alone it shows no row of pages."""

    label: str | Promise
    icon: str
    places: tuple[Place, ...]


MENU = (
    Section(_("My desk"), "home", (Place(_("My desk"), "desk", Permission.SIGNED_IN),)),
    Section(_("Partners"), "building-library", (Place(_("Partners"), "partners:partner-list", Permission.PARTNER_VIEW),)),
    Section(
        _("Exchanges"),
        "chat-bubble-left-right",
        (
            Place(_("Exchanges"), "activities:exchange-list", Permission.EXCHANGE_VIEW),
            Place(_("Calendar"), "activities:calendar", Permission.SIGNED_IN),
            Place(_("Follow-ups"), "activities:follow-up-board", Permission.FOLLOW_UP_VIEW),
            Place(_("Events"), "activities:event-list", Permission.EXCHANGE_VIEW),
        ),
    ),
    Section(
        _("Agreements"),
        "document-check",
        (
            Place(_("Agreements"), "activities:agreement-list", Permission.AGREEMENT_VIEW),
            Place(_("Twinned localities"), "activities:twinning-list", Permission.AGREEMENT_VIEW),
            Place(_("Commitments"), "activities:commitment-list", Permission.COMMITMENT_VIEW),
        ),
    ),
    Section(
        _("Coverage"),
        "table-cells",
        (
            Place(
                _("Coverage"),
                "reports:coverage",
                Permission.COVERAGE_VIEW,
                beside=("reports:coverage-countries", "reports:coverage-map", "reports:trends"),
            ),
            Place(_("Gaps"), "reports:gap-list", Permission.COVERAGE_VIEW),
            Place(_("At risk"), "reports:risk-list", Permission.COVERAGE_VIEW),
            Place(_("Leaving office"), "reports:succession-list", Permission.COVERAGE_VIEW),
            Place(_("Collision radar"), "reports:collision-list", Permission.COVERAGE_VIEW),
            Place(_("What did we know"), "reports:known", Permission.COVERAGE_VIEW),
            Place(_("How numbers are made"), "reports:policy-list", Permission.COVERAGE_VIEW),
        ),
    ),
    Section(
        _("Reports"),
        "document-chart-bar",
        (
            Place(_("Periodic reports"), "reports:periodic-report-list", Permission.REPORT_VIEW),
            Place(_("Yearly plan"), "reports:plan-line-list", Permission.COVERAGE_VIEW),
            Place(_("Action plans"), "reports:action-item-list", Permission.COVERAGE_VIEW),
            Place(_("Reporting"), "reports:reporting", Permission.COVERAGE_VIEW),
            Place(_("Weekly digest"), "reports:digest", Permission.COVERAGE_VIEW),
            Place(_("Templates"), "reports:report-template-list", Permission.REPORT_VIEW),
        ),
    ),
    Section(
        _("Connections"),
        "arrows-right-left",
        (
            Place(_("Health"), "crm:connection-health", Permission.CONNECTION_VIEW, beside=("crm:connection-office",)),
            Place(_("Credentials"), "crm:credential-list", Permission.CONNECTION_MANAGE),
            Place(_("Workbooks"), "crm:workbook-list", Permission.CONNECTION_VIEW),
            Place(_("Webhooks"), "crm:webhook-list", Permission.CONNECTION_MANAGE),
            Place(_("Change proposals"), "partners:proposal-list", Permission.PARTNER_EDIT),
        ),
    ),
    Section(
        _("Data"),
        "circle-stack",
        (
            Place(_("Imports"), "partners:import-list", Permission.PARTNER_IMPORT),
            Place(_("Changes"), "crm:change-set-list", Permission.PARTNER_EDIT),
            Place(_("Likely duplicates"), "partners:duplicate-list", Permission.MERGE),
            Place(_("Jobs"), "crm:job-list", Permission.JOB_VIEW),
        ),
    ),
)


@dataclass(frozen=True)
class Tab:
    """A tab of the partner page, loaded from the app that owns it; ``slug`` is what the address keeps."""

    slug: str
    label: str | Promise
    url_name: str
    permission: Permission


PARTNER_TABS = (
    Tab("timeline", _("Timeline"), "activities:partner-timeline", Permission.EXCHANGE_VIEW),
    Tab("people", _("People"), "partners:partner-people", Permission.PERSON_VIEW),
    Tab("follow-ups", _("Follow-ups"), "activities:partner-follow-ups", Permission.FOLLOW_UP_VIEW),
    Tab("figures", _("Figures"), "reports:partner-engagement", Permission.COVERAGE_VIEW),
)

# Parts of a page that other apps own and that load after it: under the name, and at its side.
PARTNER_STRIP = Tab("strip", _("Engagement"), "reports:partner-strip", Permission.COVERAGE_VIEW)
PARTNER_SIDES = (
    Tab("owed", _("Owed and planned"), "reports:partner-owed", Permission.FOLLOW_UP_VIEW),
    Tab("agreements", _("Agreements"), "activities:partner-agreements", Permission.AGREEMENT_VIEW),
)
PERSON_PARTS = (Tab("encounters", _("Where we met"), "activities:person-encounters", Permission.EXCHANGE_VIEW),)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context: the menu, the pages of the section one is in, and the tabs of the partner page, as far as allowed."""
    # A request refused early (a bad Host header) never got as far as its account.
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {"menu": (), "places": (), "place": None, "partner_tabs": (), "section": None, "help_chapter": ""}
    may = request.user.may
    menu = tuple(replace(section, places=allowed) for section in MENU if (allowed := _allowed(section, may)))
    name = request.resolver_match.view_name if request.resolver_match else ""
    section, place = next(
        ((section, place) for section in menu for place in section.places if place.holds(name)), (section_of(request.path, menu), None)
    )
    places = section.places if section and place else ()
    return {
        "menu": menu,
        "section": section,
        "places": places if len(places) > 1 else (),
        "place": place,
        "help_chapter": chapter_for(name),
        "partner_tabs": tuple(tab for tab in PARTNER_TABS if may(tab.permission)),
        "partner_strip": PARTNER_STRIP if may(PARTNER_STRIP.permission) else None,
        "partner_sides": tuple(part for part in PARTNER_SIDES if may(part.permission)),
        "person_parts": tuple(part for part in PERSON_PARTS if may(part.permission)),
    }


def section_of(path: str, menu: Iterable[Section]) -> Section | None:
    """The section that a page belongs to: that of the place whose address is the longest beginning of the page's own."""
    addresses = {reverse(place.url_name): section for section in menu for place in section.places if place.url_name != "desk"}
    return addresses[max(above, key=len)] if (above := [address for address in addresses if path.startswith(address)]) else None


def _allowed(section: Section, may: Callable[[Permission], bool]) -> tuple[Place, ...]:
    return tuple(place for place in section.places if may(place.permission))
