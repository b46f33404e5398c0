"""The menu, and the tabs of the partner page: config stands on top, so it may name pages of every app."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.guide import chapter_for
from crm.permissions import Permission


@dataclass(frozen=True)
class MenuItem:
    label: str | Promise
    url_name: str
    icon: str
    permission: Permission


MENU = (
    MenuItem(_("My desk"), "desk", "home", Permission.SIGNED_IN),
    MenuItem(_("Partners"), "partners:partner-list", "building-library", Permission.PARTNER_VIEW),
    MenuItem(_("Exchanges"), "activities:exchange-list", "chat-bubble-left-right", Permission.EXCHANGE_VIEW),
    MenuItem(_("Calendar"), "activities:calendar", "calendar-days", Permission.SIGNED_IN),
    MenuItem(_("Coverage"), "reports:coverage", "table-cells", Permission.COVERAGE_VIEW),
    MenuItem(_("Imports"), "partners:import-list", "arrow-up-tray", Permission.PARTNER_IMPORT),
    MenuItem(_("Changes"), "crm:change-set-list", "queue-list", Permission.PARTNER_EDIT),
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
PARTNER_SIDE = Tab("owed", _("Owed and planned"), "reports:partner-owed", Permission.FOLLOW_UP_VIEW)
PERSON_PARTS = (Tab("encounters", _("Where we met"), "activities:person-encounters", Permission.EXCHANGE_VIEW),)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context: the menu items and the tabs of the partner page that this account may use."""
    # A request refused early (a bad Host header) never got as far as its account.
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {"menu": (), "partner_tabs": (), "section": None, "help_chapter": ""}
    may = request.user.may
    return {
        "section": section_of(request.path),
        "help_chapter": chapter_for(request.resolver_match.view_name if request.resolver_match else ""),
        "menu": tuple(item for item in MENU if may(item.permission)),
        "partner_tabs": tuple(tab for tab in PARTNER_TABS if may(tab.permission)),
        "partner_strip": PARTNER_STRIP if may(PARTNER_STRIP.permission) else None,
        "partner_side": PARTNER_SIDE if may(PARTNER_SIDE.permission) else None,
        "person_parts": tuple(part for part in PERSON_PARTS if may(part.permission)),
    }


def section_of(path: str) -> str | None:
    """The menu item that a page belongs to: the one whose address is the longest beginning of the page's own."""
    addresses = {reverse(item.url_name): item.url_name for item in MENU if item.url_name != "desk"}
    return addresses[max(above, key=len)] if (above := [address for address in addresses if path.startswith(address)]) else None
