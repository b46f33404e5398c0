"""Who receives what of a hand-over."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activities.actions.burdens import Burden
from activities.actions.hand_overs import COMMITMENT, CONTACT, FOLLOW_UP, PLANNED, STEWARDSHIP, VIEW, hand_over
from crm.forms import Combobox
from crm.models import ChangeSet, User
from partners.forms.fields import PlainKeysMixin

FIRST, SECOND, STAYS = "1", "2", ""


def receiver_field(label: Any, *, required: bool) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label, queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id", required=required,
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )  # fmt: skip


class HandOverForm(PlainKeysMixin, forms.Form):
    """One receiver for all, or a second one for single items; each item has a choice of its own under its key."""

    receiver = receiver_field(_("Who receives it"), required=True)
    second = receiver_field(_("Second receiver, for single items"), required=False)
    revoke_feeds = forms.BooleanField(label=_("Revoke the calendar addresses; this cannot be taken back"), required=False)

    def __init__(self, *args: Any, by: User, burden: Burden, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.burden = by, burden

    def groups(self) -> list[tuple[str, Any, list[tuple[str, Any, str]]]]:
        """The items by noun: (noun, heading, [(key, row, what was chosen)])."""
        burden = self.burden
        rows: list[tuple[str, Any, list[Any]]] = [
            (STEWARDSHIP, _("Partners kept"), burden.stewardships),
            (FOLLOW_UP, _("Open follow-ups"), burden.follow_ups),
            (COMMITMENT, _("Commitments to be kept"), burden.commitments),
            (PLANNED, _("Planned exchanges"), burden.planned),
            (CONTACT, _("People whom only this colleague knows"), burden.contacts),
            (VIEW, _("Views that colleagues use"), burden.views),
        ]
        return [(noun, heading, [self._item(noun, row) for row in found]) for noun, heading, found in rows if found]

    def _item(self, noun: str, row: Any) -> tuple[str, Any, str]:
        key = f"{noun}:{row.public_id}"
        return key, row, self.data.get(key, FIRST) if self.is_bound else FIRST

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [choice for _noun, _heading, items in self.groups() for _key, _row, choice in items]
        if SECOND in chosen and not cleaned.get("second"):
            self.add_error("second", ValidationError(_("Name the second receiver, or give everything to the first."), code="required"))
        return cleaned

    def save(self) -> ChangeSet:
        receivers = {FIRST: self.cleaned_data["receiver"], SECOND: self.cleaned_data["second"]}
        items = [item for _noun, _heading, found in self.groups() for item in found]
        choices = {key: receivers[choice] for key, _row, choice in items if choice in receivers}
        change_set: ChangeSet = hand_over(self.burden.person, by=self.by, choices=choices, revoke_feeds=self.cleaned_data["revoke_feeds"])
        return change_set
