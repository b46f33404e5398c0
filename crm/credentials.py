"""Credentials as their list shows them: how each stands, its columns and its filters."""

from datetime import date, timedelta

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.columns import NOTHING, Column, SortKey, day_column, link, related, text_column, under
from crm.filters import ChoicesFilter, CodeFilter, active_units
from crm.models import OfficeClient
from crm.templatetags.nhipcau import ago, day, status

# From so many days before its last day on, a credential is shown as ending.
ENDING_DAYS = 30
STATES = {"in_force": _("In use"), "ending": _("Expires soon"), "ended": _("Expired"), "cancelled": _("Revoked")}


def state_of(client: OfficeClient, today: date) -> str:
    """One of ``STATES``, as the day finds the credential."""
    if client.revoked_at is not None:
        return "cancelled"
    if client.expires_on <= today:
        return "ended"
    return "ending" if client.expires_on <= today + timedelta(days=ENDING_DAYS) else "in_force"


def in_states(states: list[str], today: date) -> Q:
    """The credentials that ``state_of`` finds in one of the states."""
    soon = today + timedelta(days=ENDING_DAYS)
    live = Q(revoked_at__isnull=True)
    conditions = {
        "cancelled": ~live,
        "ended": live & Q(expires_on__lte=today),
        "ending": live & Q(expires_on__gt=today, expires_on__lte=soon),
        "in_force": live & Q(expires_on__gt=soon),
    }
    return Q(*(conditions[state] for state in states), _connector=Q.OR)


def shown_state(client: OfficeClient) -> SafeString:
    state = state_of(client, timezone.localdate())
    return status(state, STATES[state])


def shown_use(client: OfficeClient) -> SafeString:
    """When it was last used, and from where."""
    if client.last_used_at is None:
        return NOTHING
    at = timezone.localtime(client.last_used_at)
    return format_html("{} {}{}", day(at), at.strftime("%H:%M"), under(client.last_used_from))


def _name(client: OfficeClient) -> SafeString:
    return SafeString(link(client.get_absolute_url(), client.name) + under(client.purpose))


def _expiry(client: OfficeClient) -> SafeString:
    return format_html("{}{}", day(client.expires_on), under(ago(client.expires_on)))


CREDENTIAL_COLUMNS = (
    Column("name", _("Credential"), _name, lambda client: client.name, heads_row=True, sort=SortKey(("name", "id"))),
    text_column("unit", _("Unit"), lambda client: client.unit.display, fetch=related("unit")),
    Column("state", _("State"), shown_state, lambda client: str(STATES[state_of(client, timezone.localdate())])),
    text_column("scopes", _("Scope"), lambda client: _("read and write") if client.may_write else _("read")),
    Column("expires", _("Expires on"), _expiry, lambda client: client.expires_on, sort=SortKey(("expires_on", "id"))),
    Column(
        "used", _("Last used"), shown_use,
        lambda client: timezone.localtime(client.last_used_at).date() if client.last_used_at else None,
    ),
    text_column("client_id", "client_id", lambda client: client.client_id, standard=False),
    text_column("acts_as", _("Acts as"), lambda client: client.acts_as, fetch=related("acts_as"), standard=False),
    day_column("made", _("Made on"), lambda client: timezone.localtime(client.created).date(), sort=SortKey(("id",)), standard=False),
)  # fmt: skip


class CredentialFilter(django_filters.FilterSet):
    """The credentials that are in use or have expired; revoked ones when they are asked for."""

    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    state = ChoicesFilter(choices=list(STATES.items()), label=_("State"), method="keep_states")

    class Meta:
        model = OfficeClient
        fields: list[str] = []

    @property
    def qs(self) -> QuerySet[OfficeClient]:
        found: QuerySet[OfficeClient] = super().qs
        asked = self.is_valid() and self.form.cleaned_data.get("state")
        return found if asked else found.filter(revoked_at__isnull=True)

    def keep_states(self, queryset: QuerySet[OfficeClient], name: str, value: list[str]) -> QuerySet[OfficeClient]:
        return queryset.filter(in_states(value, timezone.localdate())) if value else queryset
