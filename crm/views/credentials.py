"""Credentials of the offices' programs: the list, one with its trail, making, renewing and revoking.

A secret stands only in the answer to the request that made it: never in a session, a message, an address or a log.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from crm.actions.offices import (
    issue_credential,
    latest_expiry,
    may_hold,
    renew_secret,
    revoke_credential,
    roles_given_by,
    units_managed_by,
    usual_expiry,
)
from crm.choices import Role
from crm.credentials import CREDENTIAL_COLUMNS, STATES, CredentialFilter, state_of
from crm.forms import DateInput, add_action_errors
from crm.generic import UNPROCESSABLE, ActionView, DetailView, NounView, Question
from crm.lists import EmptyState, RecordList
from crm.models import AuditEvent, Membership, OfficeClient, OfficePush, Unit, User
from crm.permissions import Permission
from crm.views.filters import FilterPanel

TRAIL_SHOWN = 30
PUSHES_SHOWN = 10
# What a role means for a program, in the words of whoever chooses it.
ACCESS = {
    Role.VIEWER: _("Read only"),
    Role.OFFICER: _("Read and write, as an officer of the unit does"),
    Role.NGO_OFFICER: _("Read and write, as the NGO officer does"),
}


class CredentialForm(forms.Form):
    """What the secret may be used for, and how long. ``by`` is who makes it."""

    role = forms.ChoiceField(label=_("What it may do"), widget=forms.RadioSelect)
    expires_on = forms.DateField(label=_("Expires on"), widget=DateInput, help_text=_("At most a year ahead. You are warned before."))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        role, expires_on = self.fields["role"], self.fields["expires_on"]
        role.choices = [(role.value, ACCESS[role]) for role in roles_given_by(by)]  # type: ignore[attr-defined]  # a ChoiceField
        role.initial = role.initial or Role.VIEWER
        expires_on.initial = usual_expiry(today)
        expires_on.widget.attrs["max"] = latest_expiry(today).isoformat()

    @property
    def chosen_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class NewCredentialForm(CredentialForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("One for each program and purpose, so that each can be ended alone.")
    )
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code")
    purpose = forms.CharField(label=_("Purpose"), max_length=200, required=False)

    field_order = ("name", "unit", "purpose", "role", "expires_on")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        unit: Any = self.fields["unit"]
        unit.queryset = units_managed_by(by)
        if len(only := unit.queryset[:2]) == 1:
            unit.initial = only[0].code

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip()


class CredentialList(RecordList):
    permission = Permission.CONNECTION_MANAGE
    model = OfficeClient
    template_name = "crm/credential_list.html"
    filterset_class = CredentialFilter
    url_name = "crm:credential-list"
    filters_url_name = "crm:credential-filters"
    columns = CREDENTIAL_COLUMNS
    default_order = "expires"
    empty = EmptyState(
        _("No program has a credential yet"),
        _("A credential lets a program of your office read and write here in the unit's name."),
        link_name="crm:credential-create",
        link_text=_("Make a credential"),
        link_permission=Permission.CONNECTION_MANAGE,
    )


class CredentialFilters(FilterPanel):
    list_class = CredentialList


class CredentialPage(NounView):
    """What the pages of one credential share; its number stands in the address."""

    permission = Permission.CONNECTION_MANAGE
    model = OfficeClient

    def get_object(self) -> OfficeClient:
        rows = self.get_queryset().select_related("unit", "acts_as", "revoked_by")
        found: OfficeClient = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found


class CredentialDetail(CredentialPage, DetailView):
    template_name = "crm/credential_detail.html"

    def get_context(self, **context: Any) -> dict[str, Any]:
        client: OfficeClient = context["object"]
        state = state_of(client, timezone.localdate())
        trail = AuditEvent.objects.filter(subject_type=OfficeClient._meta.label, subject_id=str(client.pk))
        return super().get_context(**context) | {
            "state": state,
            "state_label": STATES[state],
            "memberships": Membership.objects.filter(user=client.acts_as).select_related("unit"),
            "trail": trail[:TRAIL_SHOWN],
            "pushes": OfficePush.objects.filter(client=client)[:PUSHES_SHOWN],
            "may_rotate": client.revoked_at is None and may_hold(client, self.request.user),
            "token_url": self.request.build_absolute_uri(reverse("oauth2:token")),
        }


class SecretView(CredentialPage):
    """A form whose answer shows a secret, once. A refused form is a 422; nothing is kept of the answer on the way."""

    form_class: type[CredentialForm]

    def get_form(self, *data: Any) -> Any:
        return self.form_class(*data, by=self.request.user, initial=self.get_initial())

    def get_initial(self) -> dict[str, Any]:
        return {}

    def make(self, form: Any) -> tuple[OfficeClient, str]:
        """Do it; return the credential and its secret."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(form=self.get_form())

    @sensitive_variables("secret")
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if form.is_valid():
            try:
                client, secret = self.make(form)
            except ValidationError as error:
                add_action_errors(form, error)
            else:
                return self.show_secret(client, secret)
        return self.show(status=UNPROCESSABLE, form=form)

    @sensitive_variables("secret")
    def show_secret(self, client: OfficeClient, secret: str) -> HttpResponse:
        self.template_name = "crm/credential_secret.html"  # type: ignore[misc]  # of this answer alone
        token_url = self.request.build_absolute_uri(reverse("oauth2:token"))
        response = self.show(client=client, secret=secret, token_url=token_url)
        response.headers["Cache-Control"] = "no-store"
        return response


class CredentialCreate(SecretView):
    template_name = "crm/credential_form.html"
    form_class = NewCredentialForm

    def get_initial(self) -> dict[str, Any]:
        return {"unit": self.request.GET.get("unit", "")} if "unit" in self.request.GET else {}

    def make(self, form: Any) -> tuple[OfficeClient, str]:
        given = {name: form.cleaned_data[name] for name in ("name", "unit", "purpose", "expires_on")}
        client = OfficeClient(**given)
        return client, issue_credential(client, role=form.chosen_role, by=self.request.user)


class CredentialRotate(SecretView):
    """A new secret and a new last day; what it may do can be changed at the same time."""

    template_name = "crm/credential_rotate.html"
    form_class = CredentialForm

    def prepare(self) -> None:
        self.object = self.get_object()

    def get_initial(self) -> dict[str, Any]:
        role = Membership.objects.filter(user=self.object.acts_as, unit=self.object.unit).values_list("role", flat=True).first()
        return {"role": role or Role.VIEWER}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"object": self.object}

    def make(self, form: Any) -> tuple[OfficeClient, str]:
        secret = renew_secret(self.object, by=self.request.user, expires_on=form.cleaned_data["expires_on"], role=form.chosen_role)
        return self.object, secret


class CredentialRevoke(CredentialPage, ActionView):
    action = staticmethod(revoke_credential)
    success_message = _("Revoked. The program gets no answer any more.")
    question = Question(
        title=_("Revoke this credential?"),
        text=_("Its secret and its tokens stop working at once, its webhooks as well, and it cannot be brought back. What it wrote stays."),
        button=_("Revoke"),
    )

    def get_queryset(self) -> QuerySet[OfficeClient]:
        rows: QuerySet[OfficeClient] = OfficeClient.objects.editable_by(self.request.user)
        return rows
