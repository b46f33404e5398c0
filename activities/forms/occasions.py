"""What the list of occasions may be narrowed to."""

from functools import cached_property

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.calendar.entries import Entry, Whose
from activities.calendar.occurrences import Occurrence
from activities.choices import OccasionKind
from activities.models import Agreement, Occasion
from crm.models import Country, Tier, TierMembership
from partners.forms.fields import PlainKeysMixin
from partners.models import Post, Registration

ENDINGS = {"term": _("Term of office ending"), "registration": _("Certificate ending"), "agreement": _("Agreement ending")}


class OccasionFilterForm(PlainKeysMixin, forms.Form):
    """Whose, which kind, which country, which tier."""

    whose = forms.ChoiceField(
        label=_("Whose"), choices=[(choice.value, choice.label) for choice in (Whose.ALL, Whose.UNITS, Whose.MINE)], required=False
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All kinds")), *OccasionKind.choices, *ENDINGS.items()], required=False)
    country = forms.ModelChoiceField(
        label=_("Country"), queryset=Country.objects.filter(pk__in=Occasion.objects.values("country")),
        to_field_name="alpha2", required=False, empty_label=_("All countries"),
    )  # fmt: skip
    tier = forms.ModelChoiceField(
        label=_("Tier"), queryset=Tier.objects.order_by("rank"), to_field_name="code", required=False, empty_label=_("All tiers")
    )

    @cached_property
    def tier_countries(self) -> set[int]:
        return set(TierMembership.objects.on(timezone.localdate()).filter(tier=self.cleaned_data["tier"]).values_list("country", flat=True))

    def keeps(self, entry: Entry) -> bool:
        """Whether the entry is one of those asked for."""
        asked, (kind, country) = self.cleaned_data, kind_and_country(entry)
        if asked["kind"] and asked["kind"] != kind:
            return False
        if asked["country"] and (country is None or country.pk != asked["country"].pk):
            return False
        return not asked["tier"] or (country is not None and country.pk in self.tier_countries)


def kind_and_country(entry: Entry) -> tuple[str, Country | None]:
    """The kind of an occasion or an ending by its code, and the country it is about."""
    row = entry.row
    if isinstance(row, Occurrence):
        return row.occasion.kind, row.occasion.country
    if isinstance(row, Post | Registration):
        return "term" if isinstance(row, Post) else "registration", row.partner.country
    if isinstance(row, Agreement):
        named = row.partners_named  # type: ignore[attr-defined]  # read with it
        return "agreement", named[0].partner.country if named else None
    raise TypeError(row)
