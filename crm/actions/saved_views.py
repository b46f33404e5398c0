"""Keeping, pinning and subscribing saved views of lists."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from crm.actions.bulk_edits import list_named
from crm.actions.notifications import notify
from crm.actions.records import archive_record, save_record
from crm.choices import NotificationTopic, ViewAudience
from crm.models import SavedView, User, ViewPin, ViewSubscription

# So many rows of a view are watched; a larger one cannot be subscribed.
MOST_WATCHED = 5_000


@transaction.atomic
def save_view(view: SavedView, *, by: User) -> SavedView:
    """Keep a list as it looks under a name. Views for everyone are the secretariat's; a unit's are of one's own units."""
    if view.audience == ViewAudience.EVERYONE and not by.scope.secretariat:
        raise ValidationError(
            {"audience": ValidationError(_("Views for everyone are kept by the secretariat. Share it with your unit."), code="not-allowed")}
        )
    if view.audience != ViewAudience.UNIT:
        view.unit = None
    elif view.unit_id not in by.scope.unit_ids:
        raise ValidationError({"unit": ValidationError(_("Choose one of your own units."), code="not-allowed")})
    _check_rights(view, by=by)
    if not list_named(view.noun).found_by(by, view.query).is_valid():
        raise ValidationError(_("A filter of this view makes no sense any more. Set it anew."), code="bad-filter")
    save_record(view, by=by)
    return view


def archive_view(view: SavedView, *, by: User) -> None:
    """Take a view out of use, for everyone with whom it was shared."""
    _check_rights(view, by=by)
    archive_record(view, by=by)


def _check_rights(view: SavedView, *, by: User) -> None:
    if view.pk and not SavedView.objects.editable_by(by).filter(pk=view.pk).exists():
        raise PermissionDenied


def toggle_pin(view: SavedView, *, by: User) -> bool:
    """Pin the view for the account, or take the pin out; return whether it is pinned now."""
    pin, is_new = ViewPin.objects.get_or_create(user=by, view=view)
    if not is_new:
        pin.delete()
    return is_new


def toggle_subscription(view: SavedView, *, by: User) -> bool:
    """Begin to tell the account of rows that enter the view, or end it; return whether it is told now.

    Raises ValidationError for a view of more rows than are watched.
    """
    held = ViewSubscription.objects.filter(user=by, view=view)
    if held.exists():
        held.delete()
        return False
    rows = rows_in(view, by)
    if rows is None or len(rows) > MOST_WATCHED:
        raise ValidationError(
            _("Only views of at most %(limit)s rows can be watched. Narrow it by a filter.") % {"limit": MOST_WATCHED}, code="too-large"
        )
    ViewSubscription.objects.create(user=by, view=view, seen=rows, checked_at=timezone.now())
    return True


def rows_in(view: SavedView, user: User) -> list[int] | None:
    """The rows that the account sees in the view, by number, one more than are watched at most; None where its filters are invalid."""
    try:
        found = list_named(view.noun).found_by(user, view.query)
    except LookupError:
        return None
    return list(found.qs.order_by("pk").values_list("pk", flat=True)[: MOST_WATCHED + 1]) if found.is_valid() else None


@transaction.atomic
def look_for_entries(subscription: ViewSubscription) -> int:
    """Tell the subscriber how many rows have entered since the last look, in the subscriber's own scope; return how many."""
    held = ViewSubscription.objects.select_for_update(of=("self",)).select_related("view", "user").get(pk=subscription.pk)
    view, user, now = held.view, held.user, timezone.now()
    readable = user.is_active and SavedView.objects.visible_to(user).filter(pk=view.pk).exists()
    rows = rows_in(view, user) if readable else None
    entered = len(set(rows) - set(held.seen)) if rows is not None and len(rows) <= MOST_WATCHED else 0
    if entered:
        text = ngettext_lazy("%(n)s row has entered “%(view)s”", "%(n)s rows have entered “%(view)s”", entered)
        _tell([user], view, key=f"view:{view.pk}:{now.isoformat()}", text=text % {"n": entered, "view": view.name})
    if readable and (rows is None or len(rows) > MOST_WATCHED):
        _tell_of_end(held, rows)
    elif rows is not None:
        held.seen, held.checked_at = rows, now
        held.save(update_fields=["seen", "checked_at"])
    return entered


def _tell_of_end(held: ViewSubscription, rows: list[int] | None) -> None:
    """Say that the view cannot be watched any more, and stop."""
    reason = _("its filters make no sense any more") if rows is None else _("it has more than %(n)s rows") % {"n": MOST_WATCHED}
    text = _("“%(view)s” is no longer watched: %(reason)s") % {"view": held.view.name, "reason": reason}
    _tell([held.user], held.view, key=f"view-ended:{held.view_id}:{timezone.now().isoformat()}", text=text)
    held.delete()


def _tell(users: Iterable[User], view: SavedView, *, key: str, text: Any) -> None:
    notify(users, topic=NotificationTopic.VIEW, key=key, text=text, link=view.get_absolute_url())
