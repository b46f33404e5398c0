"""Forms of policy versions: a draft begun from an older version, its numbers, and the decision on it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.choices import Level, PointsClass
from crm.forms import DateInput, RecordForm
from crm.models import Tier, User
from reports.actions.policy_drafts import decide_draft, save_draft, start_draft
from reports.models import PolicyDraft, PolicyVersion

_WHOLE = {
    "half_life_days": _("Half-life in days"),
    "window_days": _("Window in days"),
    "half_index_points": _("Points that make an index of 50"),
}
_CAPS = {
    "day_points": _("Most points per partner and day"),
    "letter_points": _("Most points of letters"),
    "letter_days": _("… in so many days"),
}
_BANDS = {"thin": _("Thin from"), "kept": _("Kept from"), "close": _("Close from")}
_SIDES = {"both": _("Both sides took part"), "one": _("One side only")}
_LEVELS = [(level.name.lower(), level.label) for level in Level]


class PolicyDraftStartForm(forms.Form):
    """Begin a draft from a version."""

    code = forms.SlugField(label=_("Code"), max_length=40, help_text=_("Short and lasting, such as 2027 or 2027-b."))
    name = forms.CharField(label=_("Name"), max_length=200)
    effective_from = forms.DateField(label=_("Takes effect on"), widget=DateInput())
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("What is to change, and why."))

    def __init__(self, *data: Any, by: User, based_on: PolicyVersion) -> None:
        super().__init__(*data)
        self.by, self.based_on = by, based_on

    def save(self) -> PolicyDraft:
        return start_draft(self.based_on, by=self.by, **self.cleaned_data)


class PolicyDraftForm(RecordForm):
    """All numbers of a draft. What a file may not say, the form may not either: the action holds the same rules."""

    instance: PolicyDraft

    class Meta:
        model = PolicyDraft
        fields = ("name", "effective_from", "reason")
        widgets = {"effective_from": DateInput(), "reason": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        content = self.instance.content
        for name, label in _WHOLE.items():
            self._add(name, _whole(label), content[name])
        self._add_table("base_points", {member.name.lower(): member.label for member in PointsClass}, _exact)
        self._add_table("level_factors", dict(_LEVELS), _exact)
        self._add_table("sides_factors", _SIDES, _exact)
        self._add_table("caps", _CAPS, lambda label: _whole(label) if label == _CAPS["letter_days"] else _exact(label))
        self._add_table("bands", _BANDS, _whole)
        for tier in self.tiers():
            asked = content["cadences"].get(tier.code, {})
            self._add(f"cadences.{tier.code}.required", _whole(_("Exchanges a year"), required=False), asked.get("required"))
            self._add(
                f"cadences.{tier.code}.cadence_days", _whole(_("At least every so many days"), required=False), asked.get("cadence_days")
            )
            level = forms.ChoiceField(label=_("At least once at level"), choices=_LEVELS)
            self._add(f"cadences.{tier.code}.least_level", level, asked.get("least_level", "working"))

    def tiers(self) -> list[Tier]:
        if not hasattr(self, "_tiers"):
            self._tiers = list(Tier.objects.all())
        return self._tiers

    @property
    def numbers(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields in groups, as the page shows them."""
        groups = [
            (_("Base points of each class"), "base_points."),
            (_("Factors of the level"), "level_factors."),
            (_("Factors of the sides"), "sides_factors."),
            (_("Caps"), "caps."),
            (_("Bands of the index"), "bands."),
        ]
        return [(_("Decay and index"), [self[name] for name in _WHOLE]), *((title, list(self._bound(start))) for title, start in groups)]

    @property
    def cadences(self) -> list[tuple[Tier, list[forms.BoundField]]]:
        return [(tier, list(self._bound(f"cadences.{tier.code}."))) for tier in self.tiers()]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for tier in self.tiers():
            names = [f"cadences.{tier.code}.{part}" for part in ("required", "cadence_days")]
            given = [name for name in names if cleaned.get(name)]
            if len(given) == 1:
                missing = next(name for name in names if name not in given)
                self.add_error(missing, _("Give both numbers, or neither where nothing is asked of the tier."))
        return cleaned

    def save(self, commit: bool = True) -> PolicyDraft:
        self.instance.content = self._content()
        save_draft(self.instance, by=self.by)
        return self.instance

    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = {name: self.cleaned_data[name] for name in _WHOLE}
        for table in ("base_points", "level_factors", "sides_factors", "caps", "bands"):
            names = [name for name in self.fields if name.startswith(f"{table}.")]
            content[table] = {name.partition(".")[2]: _plain(self.cleaned_data[name]) for name in names}
        content["cadences"] = {
            tier.code: {part: self.cleaned_data[f"cadences.{tier.code}.{part}"] for part in ("required", "cadence_days", "least_level")}
            for tier in self.tiers()
            if self.cleaned_data[f"cadences.{tier.code}.required"]
        }
        return content

    def _add(self, name: str, field: forms.Field, initial: Any) -> None:
        self.fields[name] = field
        self.initial[name] = initial

    def _add_table(self, table: str, labels: dict[str, Any], make: Any) -> None:
        for key, label in labels.items():
            self._add(f"{table}.{key}", make(label), self.instance.content[table][key])

    def _bound(self, start: str) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.fields if name.startswith(start))


class PolicyDecisionForm(forms.Form):
    """Approve a draft or send it back, with a reason."""

    reason = forms.CharField(label=_("Reason for the decision"), widget=forms.Textarea(attrs={"rows": 3}))
    decision = forms.ChoiceField(choices=[("approve", ""), ("return", "")], widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, by: User, draft: PolicyDraft) -> None:
        super().__init__(data, initial={"revision": draft.revision})
        self.by, self.draft = by, draft

    def save(self) -> PolicyVersion | None:
        self.draft.revision = self.cleaned_data["revision"]
        return decide_draft(self.draft, by=self.by, approve=self.cleaned_data["decision"] == "approve", reason=self.cleaned_data["reason"])


def _whole(label: Any, *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=32_767, required=required)


def _exact(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=1000, max_digits=8, decimal_places=4, widget=forms.NumberInput(attrs={"step": "any"})
    )


def _plain(value: Any) -> Any:
    """An exact number as text, as JSON keeps it; whole numbers as they are."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
