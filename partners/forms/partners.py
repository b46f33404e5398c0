from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.choices import Language, NameUsage
from crm.forms import RecordForm
from crm.models import Country, Field, Unit, User
from crm.text import fold
from partners.actions.duplicate_scans import called_different
from partners.actions.partners import OtherName, save_partner
from partners.duplicates import KnownPartner, KnownPartners
from partners.forms.fields import DayField, GroupedTicks, PlainKeysMixin, in_groups
from partners.forms.warnings import Warning, WarningsMixin
from partners.models import Partner, PartnerKind

BLANK_NAMES = 3
FOLDED = frozenset({"website", "founded_year", "friend_since", "verified_on", "interests", "fields"})


class PartnerForm(WarningsMixin, PlainKeysMixin, RecordForm):
    """Register a partner, or change one. ``names`` beside it carries the other names."""

    instance: Partner
    fields: dict[str, Any]

    website = forms.URLField(label=_("Website"), max_length=300, required=False, assume_scheme="https")
    lead_unit = forms.ModelChoiceField(label=_("Kept by unit"), queryset=Unit.objects.none(), to_field_name="code", required=False)

    class Meta:
        model = Partner
        fields = [
            "name", "name_language", "kind", "country", "city", "website", "founded_year", "friend_since",
            "status", "verified_on", "fields", "interests",
        ]  # fmt: skip
        field_classes = {"verified_on": DayField}
        widgets = {"fields": GroupedTicks, "interests": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.names = OtherNameFormSet(data, initial=_names_of(self.instance), prefix="names")
        today = timezone.localdate()
        self.fields["kind"].queryset = _offered(PartnerKind.objects.all(), today, self.instance.kind_id)
        self.fields["country"].queryset = Country.objects.all()
        self.fields["country"].empty_label = _("— none, or not known —")
        fields_offered = _offered(Field.objects.select_related("parent"), today)
        self.fields["fields"].queryset = fields_offered
        self.fields["fields"].choices = in_groups(sorted(fields_offered, key=_by_group), group=lambda field: field.parent or field)
        self._offer_lead_units(today)

    def _offer_lead_units(self, today: Any) -> None:
        """Only somebody who works for several units is asked for which one this partner is registered."""
        scope = self.by.scope
        units = Unit.objects.on(today)
        units = units if scope.central else units.filter(pk__in=scope.unit_ids)
        if self.instance.pk or (not scope.central and len(scope.unit_ids) < 2):
            del self.fields["lead_unit"]
        else:
            self.fields["lead_unit"].queryset = units
            self.fields["lead_unit"].initial = units.filter(pk__in=scope.home_unit_ids).values_list("code", flat=True).first()

    def is_valid(self) -> bool:
        names_are_valid = self.names.is_valid()
        return super().is_valid() and names_are_valid

    @property
    def opens_more(self) -> bool:
        """Whether something is filled in or wrong in the part of the form that is folded at first."""
        return bool(FOLDED & (set(self.errors) | set(self.changed_data)))

    def find_warnings(self) -> list[Warning]:
        if self.instance.pk and not {"name", "country"} & set(self.changed_data):
            return []
        similar = similar_partners(self.instance, other_names=[row.name for row in self.other_names()], by=self.by)
        if not similar:
            return []
        links = tuple(
            (partner.get_absolute_url(), f"{partner.name}{f' · {partner.country}' if partner.country else ''}") for partner in similar
        )
        return [Warning(str(_("A partner with a similar name exists.")), links)]

    def other_names(self) -> list[OtherName]:
        """The other names as entered; rows without a name are left out."""
        rows = self.names.cleaned_data if self.names.is_valid() else []
        return [OtherName(row["name"], row["language"], row["usage"]) for row in rows if row.get("name")]

    def save(self, commit: bool = True) -> Partner:
        partner: Partner = save_partner(
            self.instance,
            by=self.by,
            names=self.other_names(),
            fields=self.cleaned_data["fields"],
            lead_unit=self.cleaned_data.get("lead_unit"),
        )
        return partner


class OtherNameForm(forms.Form):
    name = forms.CharField(label=_("Other name"), max_length=300, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices, initial=Language.ENGLISH, required=False)
    usage = forms.ChoiceField(label=_("Use"), choices=NameUsage.choices, initial=NameUsage.OFFICIAL, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {**cleaned, "language": cleaned.get("language") or Language.OTHER, "usage": cleaned.get("usage") or NameUsage.OTHER}


OtherNameFormSet = forms.formset_factory(OtherNameForm, extra=BLANK_NAMES, max_num=40, absolute_max=60, validate_max=True)


def similar_partners(partner: Partner, *, other_names: list[str], by: User) -> list[Partner]:
    """Partners in use that the one entered may be: alike in its country, or of the same folded name anywhere. Best first."""
    newcomer = KnownPartner.of(
        name=partner.name, other_names=other_names, country_id=partner.country_id, city=partner.city, website=partner.website
    )
    known = KnownPartners()
    known.load_similar([newcomer])
    likely = [likeness.partner.pk for likeness in known.likely(newcomer, limit=5)]
    same_name = Q(search_key=fold(partner.name)) | Q(search_key__startswith=f"{fold(partner.name)}\n")
    found = (
        Partner.objects.visible_to(by)
        .live()
        .filter(Q(pk__in=likely) | same_name)
        .exclude(pk__in={partner.pk} | called_different(partner))
        .select_related("country")
    )
    return sorted(found[:6], key=lambda other: likely.index(other.pk) if other.pk in likely else len(likely))


def _names_of(partner: Partner) -> list[Any]:
    return list(partner.names.values("name", "language", "usage")) if partner.pk else []


def _by_group(field: Field) -> tuple[int, int]:
    return ((field.parent or field).bit, field.bit)


def _offered(rows: Any, today: Any, kept: int | None = None) -> Any:
    """Reference rows offered today, and the one that the record already has."""
    return rows.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today) | Q(pk=kept))
