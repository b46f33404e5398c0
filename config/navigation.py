"""The menu, and the tabs of the partner page: config stands on top, so it may name pages of every app."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
    MenuItem(_("Coverage"), "reports:coverage", "table-cells", Permission.COVERAGE_VIEW),
    MenuItem(_("Imports"), "partners:import-list", "arrow-up-tray", Permission.PARTNER_IMPORT),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context: the menu items this account may use."""
    if not request.user.is_authenticated:
        return {"menu": ()}
    return {"menu": tuple(item for item in MENU if request.user.may(item.permission))}
