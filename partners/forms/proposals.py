from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from crm.models import Unit
from partners.actions.proposals import propose_changes
from partners.actions.source_values import REGISTRY_FIELDS, as_said
from partners.forms.partners import PartnerForm
from partners.models import ChangeProposal, Partner


class ProposalForm(PartnerForm):
    """The form of a partner, for those who may not save it: what they change is proposed to the unit that leads it."""

    proposal_message = forms.CharField(
        label=_("Message to the unit that leads"), max_length=300, required=False, help_text=_("Where you know it from, for instance.")
    )

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        # Work of the units that keep the partner, not what it is.
        del self.fields["verified_on"], self.fields["interests"]

    def save(self, commit: bool = True) -> ChangeProposal:  # type: ignore[override]  # nothing is saved of the partner itself
        homes = self.by.scope.home_unit_ids
        if not homes:
            raise PermissionDenied
        given = {name: self.cleaned_data[name] for name in REGISTRY_FIELDS if name in self.cleaned_data}
        given["names"] = [vars(name) for name in self.other_names()]
        return propose_changes(
            Partner.objects.select_related("kind", "country", "unit").get(pk=self.instance.pk),
            unit=Unit.objects.get(pk=homes[0]),
            by=self.by,
            values=as_said(given),
            message=self.cleaned_data["proposal_message"],
        )
