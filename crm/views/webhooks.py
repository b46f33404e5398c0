"""Webhooks: the list, one with its messages, making, changing, a new secret, pausing, sending again.

A secret stands only in the answer to the request that made it: never in a session, a message, an address or a log.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from crm.actions.webhooks import (
    OLD_SECRET_HOURS,
    change_endpoint,
    credentials_for,
    disable_endpoint,
    make_endpoint,
    pause_endpoint,
    renew_endpoint_secret,
    replay_delivery,
    replay_failed,
    resume_endpoint,
    send_test,
)
from crm.choices import DeliveryState, EndpointState, FeedNoun
from crm.forms import DateInput, RecordForm
from crm.generic import UNPROCESSABLE, ActionView, DetailView, FormView, Question, SignedInRequest, UpdateView
from crm.lists import EmptyState, RecordList
from crm.models import OfficeClient, WebhookDelivery, WebhookEndpoint
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires
from crm.views.filters import FilterPanel
from crm.webhooks import WEBHOOK_COLUMNS, WebhookFilter, nouns_in_words, reason_in_words, trouble_in_words

DELIVERIES_SHOWN = 30


class WebhookForm(RecordForm):
    """Where to, as which credential, and of what."""

    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https", help_text=_("Where your receiver listens: https://…"))
    client = forms.ModelChoiceField(
        label=_("Credential"),
        queryset=OfficeClient.objects.none(),
        help_text=_("It is told of what this program may read, and of nothing else."),
    )
    nouns = forms.MultipleChoiceField(
        label=_("Told of"),
        choices=FeedNoun.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: all that the credential may read."),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["name", "url", "client", "nouns"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client: Any = self.fields["client"]
        client.queryset = credentials_for(self.by)
        client.label_from_instance = lambda row: f"{row.name} · {row.unit.display}"
        self.secret = ""

    @sensitive_variables("secret")
    def save(self, commit: bool = True) -> WebhookEndpoint:
        endpoint: Any = self.instance
        if endpoint.is_new:
            self.secret = make_endpoint(endpoint, by=self.by)
        else:
            change_endpoint(endpoint, by=self.by)
        saved: WebhookEndpoint = endpoint
        return saved


class RotateForm(forms.Form):
    at_once = forms.BooleanField(label=_("Somebody else may have seen the old secret: end it at once"), required=False)

    def __init__(self, *args: Any, by: Any, instance: WebhookEndpoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.instance, self.secret = by, instance, ""

    @sensitive_variables("secret")
    def save(self) -> WebhookEndpoint:
        self.secret = renew_endpoint_secret(self.instance, by=self.by, at_once=self.cleaned_data["at_once"])
        return self.instance


class WebhookList(RecordList):
    permission = Permission.CONNECTION_MANAGE
    model = WebhookEndpoint
    template_name = "crm/webhook_list.html"
    filterset_class = WebhookFilter
    url_name = "crm:webhook-list"
    filters_url_name = "crm:webhook-filters"
    columns = WEBHOOK_COLUMNS
    default_order = "name"
    empty = EmptyState(
        _("No webhook yet"),
        _("A webhook tells a program of your office within seconds that a record has changed."),
        link_name="crm:webhook-create",
        link_text=_("Make a webhook"),
        link_permission=Permission.CONNECTION_MANAGE,
    )


class WebhookFilters(FilterPanel):
    list_class = WebhookList


class WebhookDetail(DetailView):
    """How it stands, and its messages with every try, the latest first; ``?state=`` keeps those of one state."""

    permission = Permission.CONNECTION_MANAGE
    model = WebhookEndpoint
    template_name = "crm/webhook_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("unit", "client")

    def get_context(self, **context: Any) -> dict[str, Any]:
        endpoint: WebhookEndpoint = context["object"]
        state = self.request.GET.get("state", "")
        rows = endpoint.deliveries.prefetch_related("tries")
        kept = rows.filter(state=state) if state in DeliveryState.values else rows
        try:
            page = keyset_page(kept, order=("-id",), cursor=self.request.GET.get("cursor", ""), size=DELIVERIES_SHOWN)
        except InvalidCursorError:
            page = keyset_page(kept, order=("-id",), cursor="", size=DELIVERIES_SHOWN)
        until, counts = endpoint.old_secret_until, dict(endpoint.deliveries.order_by().values_list("state").annotate(n=Count("pk")))
        return super().get_context(**context) | {
            "nouns": nouns_in_words(endpoint),
            "reason": reason_in_words(endpoint),
            "rotating_until": until if until and until > timezone.now() else None,
            "is_active": endpoint.state == EndpointState.ACTIVE,
            "states": DeliveryState.choices,
            "state": state,
            "page": page,
            "rows": [_as_shown(delivery) for delivery in page.rows],
            "given_up": counts.get(DeliveryState.GIVEN_UP, 0),
            "waiting": counts.get(DeliveryState.WAITING, 0),
            "replay_form": ReplayForm(initial={"since": timezone.localdate()}),
        }


def _as_shown(delivery: WebhookDelivery) -> dict[str, Any]:
    tries = [{"try": attempt, "words": trouble_in_words(attempt)} for attempt in delivery.tries.all()]
    return {"delivery": delivery, "tries": tries, "last": tries[-1] if tries else None}


class SecretShown(FormView):
    """A form whose answer shows a secret, once."""

    permission = Permission.CONNECTION_MANAGE
    model = WebhookEndpoint

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if not (form.is_valid() and self._save(form)):
            return self.show(part="form", status=UNPROCESSABLE, form=form, object=self.object)
        self.template_name = "crm/webhook_secret.html"  # type: ignore[misc]  # of this answer alone
        response = self.show(object=self.object, secret=form.secret)
        response.headers["Cache-Control"] = "no-store"
        return response


class WebhookCreate(SecretShown):
    template_name = "crm/webhook_form.html"
    form_class = WebhookForm

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"has_credentials": credentials_for(self.request.user).exists()}


class WebhookEdit(UpdateView):
    permission = Permission.CONNECTION_MANAGE
    model = WebhookEndpoint
    template_name = "crm/webhook_form.html"
    form_class = WebhookForm

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"has_credentials": True}


class WebhookRotate(SecretShown, UpdateView):
    template_name = "crm/webhook_rotate.html"
    form_class = RotateForm

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"hours": OLD_SECRET_HOURS}


class WebhookPause(ActionView):
    permission = Permission.CONNECTION_MANAGE
    model = WebhookEndpoint
    action = staticmethod(pause_endpoint)
    success_message = _("Paused. What changes meanwhile is told when it goes on.")
    question = Question(
        title=_("Pause this webhook?"),
        text=_("Nothing is sent until it goes on. Nothing is lost: what changes meanwhile, up to 90 days back, is told then."),
        button=_("Pause"),
    )


class WebhookDisable(ActionView):
    permission = Permission.CONNECTION_MANAGE
    model = WebhookEndpoint
    action = staticmethod(disable_endpoint)
    success_message = _("Switched off.")
    question = Question(
        title=_("Switch this webhook off?"),
        text=_("Nothing is sent any more. Its messages stay to be read, and it can be let go on."),
        button=_("Switch off"),
    )


class ReplayForm(forms.Form):
    since = forms.DateField(label=_("Given up since"), widget=DateInput)

    def moment(self) -> datetime:
        day = self.cleaned_data["since"]
        return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  (made aware here)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def resume(request: SignedInRequest, public_id: Any) -> HttpResponse:
    """Let it go on where it stopped."""
    endpoint = _endpoint(request, public_id)
    return _done(request, endpoint, lambda: resume_endpoint(endpoint, by=request.user), _("It goes on where it stopped."))


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def test(request: SignedInRequest, public_id: Any) -> HttpResponse:
    """Send a message that says nothing."""
    endpoint = _endpoint(request, public_id)
    return _done(request, endpoint, lambda: send_test(endpoint, by=request.user), _("A test message is on its way; look below."))


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def replay(request: SignedInRequest, public_id: Any) -> HttpResponse:
    """Send what was given up since a day again."""
    endpoint, form = _endpoint(request, public_id), ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the day from which messages are to be sent again."))
        return redirect(endpoint)
    try:
        sent = replay_failed(endpoint, since=form.moment(), by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", sent) % {"n": sent})
    return redirect(endpoint)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def replay_one(request: SignedInRequest, public_id: Any, message_id: Any) -> HttpResponse:
    """Send one message again."""
    endpoint = _endpoint(request, public_id)
    delivery = get_object_or_404(endpoint.deliveries.select_related("endpoint"), public_id=message_id)
    return _done(request, endpoint, lambda: replay_delivery(delivery, by=request.user), _("The message is sent again."))


def _endpoint(request: SignedInRequest, public_id: Any) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.editable_by(request.user), public_id=public_id)


def _done(request: SignedInRequest, endpoint: WebhookEndpoint, action: Any, said: Any) -> HttpResponse:
    try:
        action()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    return redirect(endpoint)
