"""Keeping a list as it looks: make, edit, archive, pin and subscribe a view."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from crm.actions.bulk_edits import list_named
from crm.actions.saved_views import archive_view, save_view, toggle_pin, toggle_subscription
from crm.choices import ViewAudience
from crm.forms import RecordForm
from crm.generic import ArchiveView, CreateView, Question, SignedInRequest, UpdateView
from crm.models import SavedView, Unit
from crm.permissions import Permission, requires
from crm.templatetags.filter_chips import chips_of

LONGEST_QUERY = 4_000


class SavedViewForm(RecordForm):
    """Name and audience; filters, columns and order come from the list as it looks."""

    instance: SavedView
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code", required=False)

    class Meta:
        model = SavedView
        fields = ["name", "audience", "unit"]
        widgets = {"audience": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.by.scope
        units: Any = self.fields["unit"]
        units.queryset = Unit.objects.filter(pk__in=scope.unit_ids)
        own = self.instance.unit or units.queryset.filter(pk__in=scope.home_unit_ids).first()
        self.initial["unit"] = own.code if own else None
        units.help_text = _("Whoever opens the view sees in it only what they may see anyway.")
        if not scope.secretariat:
            audience: Any = self.fields["audience"]
            audience.choices = [choice for choice in ViewAudience.choices if choice[0] != ViewAudience.EVERYONE]

    def save(self, commit: bool = True) -> SavedView:
        return save_view(self.instance, by=self.by)


class LookMixin:
    """Reads from the address how the list looks, which is what is saved."""

    request: Any
    object: Any

    def looked_at(self, view: SavedView) -> SavedView:
        asked = self.request.GET
        if "list" in asked and not view.pk:
            view.noun = asked["list"][:60]
        try:
            shown = list_named(view.noun)
        except LookupError:
            raise Http404 from None
        if "query" in asked:
            if len(asked["query"]) > LONGEST_QUERY or "\x00" in asked["query"]:
                raise Http404
            names = {column.name for column in shown.columns}
            view.query, view.order = asked["query"], asked.get("order", "")[:40]
            view.columns = [name for name in asked.get("columns", "").split(",") if name in names]
        return view

    def get_context(self, **context: Any) -> dict[str, Any]:
        view = self.looked_at(self.object or SavedView())
        shown = list_named(view.noun)
        filtered = shown.found_by(self.request.user, view.query)
        named = {column.name: column.label for column in shown.columns}
        return {
            **context,
            "view": view,
            "chips": chips_of(filtered, "", filtered.data),
            "column_labels": [named[name] for name in view.columns if name in named],
            "back": view.get_absolute_url() if view.pk else _address_of(view),
        }


def _address_of(view: SavedView) -> str:
    return f"{reverse(view.noun)}?{view.query}" if view.query else reverse(view.noun)


class SavedViewCreate(LookMixin, CreateView):
    permission = Permission.SIGNED_IN
    model = SavedView
    template_name = "crm/saved_view_form.html"
    form_class = SavedViewForm
    success_message = _("The view is saved.")

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.looked_at(SavedView())}


class SavedViewEdit(LookMixin, UpdateView):
    permission = Permission.SIGNED_IN
    model = SavedView
    template_name = "crm/saved_view_form.html"
    form_class = SavedViewForm

    def get_queryset(self) -> QuerySet[SavedView]:
        return SavedView.objects.editable_by(self.request.user).select_related("unit", "created_by")

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.looked_at(self.object)}


class SavedViewArchive(ArchiveView):
    permission = Permission.SIGNED_IN
    model = SavedView
    action = staticmethod(archive_view)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        _("Archive this view?"), _("It goes out of the menus of all with whom it is shared. The records stay."), _("Archive")
    )

    def get_success_url(self) -> str:
        address: str = self.object.get_absolute_url()
        return address.partition("?")[0]


@require_POST
@requires(Permission.SIGNED_IN)
def pin(request: SignedInRequest, public_id: Any) -> HttpResponse:
    """Keep the view as a tab over its list, or take it away."""
    view = _view(request, public_id)
    pinned = toggle_pin(view, by=request.user)
    messages.success(request, _("Pinned: it stands over the list.") if pinned else _("Unpinned."))
    return redirect(view)


@require_POST
@requires(Permission.SIGNED_IN)
def subscribe(request: SignedInRequest, public_id: Any) -> HttpResponse:
    """Begin or end to be told when rows enter the view."""
    view = _view(request, public_id)
    try:
        told = toggle_subscription(view, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("You will be told when rows enter this view.") if told else _("You will no longer be told."))
    return redirect(view)


def _view(request: SignedInRequest, public_id: Any) -> SavedView:
    return get_object_or_404(SavedView.objects.visible_to(request.user), public_id=public_id)
