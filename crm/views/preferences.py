"""What people choose for themselves: language, e-mail digest, shortcuts."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.actions.preferences import CHOSEN_BY_ONESELF, save_preferences
from crm.generic import FormView
from crm.models import User
from crm.permissions import Permission


class PreferencesForm(forms.ModelForm):
    """The account's own choices; ``by`` is its owner."""

    class Meta:
        model = User
        fields = CHOSEN_BY_ONESELF
        widgets: ClassVar[dict[str, Any]] = {"digest": forms.RadioSelect, "language": forms.RadioSelect}
        help_texts: ClassVar[dict[str, Any]] = {
            "digest": _("What you were told and have not read yet, in one message in the morning. Nothing new: no message."),
            "single_key_shortcuts": _("Such as / to find and + to log. Turn them off if you dictate, or if they get in your way."),
        }

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def save(self, commit: bool = True) -> User:
        return save_preferences(self.instance, by=self.by)


class Preferences(FormView):
    """The page is one's own, so it names no account."""

    permission = Permission.SIGNED_IN
    model = User
    template_name = "crm/preferences.html"
    form_class = PreferencesForm
    success_message = _("Your settings are saved.")

    def prepare(self) -> None:
        self.object = User.objects.get(pk=self.request.user.pk)

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": self.object}

    def get_success_url(self) -> str:
        return reverse("crm:preferences")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        if response.status_code < 400:
            # The switch in the masthead leaves a cookie that goes before the account's language.
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, self.object.language, samesite="Lax", secure=settings.HTTPS)
        return response
