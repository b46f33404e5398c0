from typing import Any

from allauth.account import views
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm
from django.contrib.auth.decorators import login_not_required
from django.forms import HiddenInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from crm.permissions import Permission


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the administrator: nobody signs up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _("Too many failed attempts to sign in. Wait five minutes and try again."),
        "username_password_mismatch": _("The name and the password do not belong together."),
        "email_password_mismatch": _("The name and the password do not belong together."),
        "enter_current_password": _("This is not your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Say that the account is closed; allauth would go to a page that is not opened here."""
        return render(request, "account/account_inactive.html", status=403)


# Of allauth's pages only these three are opened, each with the permission that every URL names.


class SignInForm(LoginForm):
    """Name and password, said in the product's own words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Machines are shared in offices: a session always ends with the browser, so nobody is asked.
        self.fields["remember"].widget = HiddenInput()
        name, password = self.fields["login"], self.fields["password"]
        name.label, password.label = _("Account name or e-mail"), _("Password")
        name.max_length, password.help_text = 254, ""
        name.widget.attrs |= {"autocomplete": "username", "autocapitalize": "none", "maxlength": 254}
        for field in (name, password):
            del field.widget.attrs["placeholder"]


class NewPasswordForm(ChangePasswordForm):
    """The current password and twice the new one, said in the product's own words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"oldpassword": _("Current password"), "password1": _("New password"), "password2": _("New password, once more")}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["oldpassword"].help_text = ""

    def clean(self) -> dict[str, Any]:
        entered: dict[str, Any] = super().clean()
        if entered.get("password1") and entered.get("password1") != entered.get("password2"):
            # In place of the library's own words, which have no Vietnamese.
            self.errors["password2"] = self.error_class([_("The two new passwords differ.")])
        return entered


class SignIn(views.LoginView):
    permission = Permission.PUBLIC
    form_class = SignInForm


@method_decorator(login_not_required, name="dispatch")
class SignOut(views.LogoutView):
    permission = Permission.PUBLIC


class ChangePassword(views.PasswordChangeView):
    permission = Permission.SIGNED_IN
    form_class = NewPasswordForm
