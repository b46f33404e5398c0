from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from reports.actions.digests import subscribe
from reports.models import DigestSubscription


class DigestForm(forms.ModelForm):
    """What the weekly digest tells, and whether it also comes by mail."""

    class Meta:
        model = DigestSubscription
        fields = ["gaps", "at_risk", "promises", "unreported", "tier", "by_mail"]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        fields: Any = self.fields
        fields["tier"].empty_label = _("all tiers")
        fields["tier"].help_text = _("Narrows gaps, partners at risk and promises.")
        if not by.email:
            fields["by_mail"].help_text = _("This account has no e-mail address yet. Ask the administrator to enter one.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not any(cleaned.get(name) for name in ("gaps", "at_risk", "promises", "unreported")):
            raise forms.ValidationError(_("Choose at least one thing to be told, or end the digest."), code="nothing")
        return cleaned

    def save(self, commit: bool = True) -> DigestSubscription:
        return subscribe(self.instance, by=self.by)
