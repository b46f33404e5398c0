"""Webhooks as their pages show them: the columns and filters of the list, and what went wrong in words."""

import django_filters
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.choices import DeliveryState, EndpointState, EndpointStop, FeedNoun
from crm.columns import RECORD_COLUMNS, Column, SortKey, joined, link, number_column, related, text_column, under
from crm.filters import ChoicesFilter, CodeFilter, active_units
from crm.models import User, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from crm.outbound import Trouble
from crm.templatetags.nhipcau import day, status

_TROUBLES: dict[Trouble, str | Promise] = {
    Trouble.URL_REFUSED: _("The address may not be called: https is needed."),
    Trouble.NAME_UNKNOWN: _("The name of the receiver is not known."),
    Trouble.ADDRESS_REFUSED: _("The name leads to an address inside a network, which is not called."),
    Trouble.NO_CONNECTION: _("The receiver does not take the connection."),
    Trouble.TLS: _("The receiver's certificate is not good."),
    Trouble.TIMEOUT: _("The receiver did not answer in time."),
    Trouble.BROKEN: _("The receiver broke off, or answered what is no HTTP."),
    Trouble.REDIRECT: _("The receiver sends elsewhere; that is not followed."),
}


def trouble_in_words(attempt: WebhookAttempt) -> str:
    """What went wrong with a try, and about what; empty where a status says it all."""
    code, _colon, detail = attempt.error.partition(": ")
    if code not in list(Trouble):
        return attempt.error
    words = str(_TROUBLES[Trouble(code)])
    return f"{words} ({detail})" if detail else words


def reason_in_words(endpoint: WebhookEndpoint) -> str:
    """Why it is switched off; empty where it is not."""
    known = endpoint.state_reason in EndpointStop.values
    return str(EndpointStop(endpoint.state_reason).label) if known else endpoint.state_reason


def nouns_in_words(endpoint: WebhookEndpoint) -> str:
    named = dict(FeedNoun.choices)
    return joined(named.get(noun, noun) for noun in endpoint.nouns) or str(_("all that its credential may read"))


def with_counts(rows: QuerySet[WebhookEndpoint], user: User) -> QuerySet[WebhookEndpoint]:
    """Add how many messages wait, and how many were given up."""
    of_row = WebhookDelivery.objects.filter(endpoint=OuterRef("pk")).order_by().values("endpoint")

    def counted(state: DeliveryState) -> Coalesce:
        counts = of_row.filter(state=state).annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counts, output_field=IntegerField()), 0)

    return rows.annotate(waiting=counted(DeliveryState.WAITING), given_up=counted(DeliveryState.GIVEN_UP))


def _name(endpoint: WebhookEndpoint) -> SafeString:
    return SafeString(link(endpoint.get_absolute_url(), endpoint.name) + under(endpoint.url))


def _state(endpoint: WebhookEndpoint) -> SafeString:
    more = reason_in_words(endpoint)
    if endpoint.state == EndpointState.ACTIVE and endpoint.failing_since:
        since = timezone.localtime(endpoint.failing_since)
        more = format_html(str(_("takes nothing since {} {}")), day(since), since.strftime("%H:%M"))
    return format_html("{}{}", status(endpoint.state, endpoint.get_state_display()), under(more))


WEBHOOK_COLUMNS = (
    Column("name", _("Webhook"), _name, lambda endpoint: endpoint.name, heads_row=True, sort=SortKey(("name", "id"))),
    text_column("unit", _("Unit"), lambda endpoint: endpoint.unit.display, fetch=related("unit")),
    Column("state", _("State"), _state, lambda endpoint: endpoint.get_state_display()),
    text_column("nouns", _("Told of"), nouns_in_words),
    number_column("waiting", _("Waiting"), lambda endpoint: endpoint.waiting, fetch=with_counts),
    number_column("given_up", _("Given up"), lambda endpoint: endpoint.given_up, fetch=with_counts),
    text_column("credential", _("Credential"), lambda endpoint: endpoint.client.name, fetch=related("client"), standard=False),
    *RECORD_COLUMNS,
)


class WebhookFilter(django_filters.FilterSet):
    unit = CodeFilter(queryset=active_units, label=_("Unit"))
    state = ChoicesFilter(choices=EndpointState.choices, label=_("State"))

    class Meta:
        model = WebhookEndpoint
        fields: list[str] = []
